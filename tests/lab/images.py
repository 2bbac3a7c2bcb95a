"""The lab's images: a Debian base (built here with mmdebstrap, or a registry's), and one layer a kind of node on top
of it.

Every tag ends in a hash of what the image is made from, so an unchanged image is never built again and a changed one
always is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import inspect
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab import state
from lab.engine import image_exists, podman, settle
from lab.errors import LabError
from lab.topology import Topology

IMAGES = Path(__file__).with_name("images")
REPOSITORY_PREFIX = "localhost/pacs-lab"
DEBIAN_NUMBER = {"bookworm": 12, "trixie": 13}
# Pure Python, copied from the controller's environment: the lab speaks with the versions that are pinned there,
# offline.
DICOM_PACKAGES = ("pydicom", "pynetdicom")
BUILDERS = 2  # builds at a time
_REMIND_SECONDS = 60
_EXPECTED_SECONDS = {"base": 30, "node": 35, "firewall": 10, "clinical": 40, "outside": 15}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Base:
    """A Debian base image: the registry's name for it where the user gave one, else what mmdebstrap builds."""

    suite: str
    registry: str | None

    @property
    def tag(self) -> str:
        return self.registry or f"{REPOSITORY_PREFIX}/debian:{self.suite}-{digest(_mmdebstrap(self.suite, Path('-')))}"


@dataclass(frozen=True)
class Image:
    """One image on top of another. ``arguments`` are the Containerfile's ARGs."""

    kind: str
    suite: str
    parent: str
    arguments: Mapping[str, str]
    with_dicom: bool

    @property
    def tag(self) -> str:
        parts = [
            (IMAGES / f"{self.kind}.Containerfile").read_text(encoding="utf-8"),
            self.parent,
            *map(str, self.arguments.items()),
        ]
        if self.with_dicom:
            # What is copied, and how.
            parts += [f"{name}=={importlib.metadata.version(name)}" for name in DICOM_PACKAGES] + [
                inspect.getsource(_copy_dicom_packages)
            ]
        return f"{REPOSITORY_PREFIX}/{self.kind}:{self.suite}-{digest(parts)}"


def digest(parts: Iterable[str]) -> str:
    """A short hash over a sequence of texts; the order and the borders between them count."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()[:12]


def base(suite: str) -> Base:
    """The base for a suite. ``PACS_LAB_IMAGE_BOOKWORM`` and ``PACS_LAB_IMAGE_TRIXIE`` name an image of a registry to
    use instead.
    """
    return Base(suite, os.environ.get(f"PACS_LAB_IMAGE_{suite.upper()}") or None)


def image(kind: str, suite: str, packages: Mapping[str, Any] | None = None) -> Image:
    """The image for nodes of a kind. Raises LabError for an unknown kind or when pydicom and pynetdicom aren't
    installed.
    """
    rows = packages if packages is not None else _packages()
    if kind not in rows:
        raise LabError(f"tests/lab/images/packages.yml has no kind {kind!r}")
    parent = base(suite).tag if kind == "node" else image("node", suite, rows).tag
    arguments = {key.upper(): " ".join(names) for key, names in rows[kind].items()}
    with_dicom = kind == "clinical"
    if with_dicom:
        for name in DICOM_PACKAGES:
            if not importlib.util.find_spec(name):
                raise LabError(
                    f"{name} is missing in this Python environment: run scripts/test or scripts/demo, which make it"
                )
    return Image(kind, suite, parent, arguments, with_dicom)


def for_nodes(topology: Topology) -> dict[str, Image]:
    """The image of each node, by the node's name."""
    return {node.name: image(node.kind, node.debian) for node in topology.nodes.values()}


def ensure(topology: Topology, progress: Progress) -> dict[str, str]:
    """Build what is missing, independent images at the same time. Returns the image tag of each node."""
    wanted = for_nodes(topology)
    suites = sorted({item.suite for item in wanted.values()})
    nodes = [image("node", suite) for suite in suites]
    rest = sorted(
        {item.tag: item for item in wanted.values() if item.kind != "node"}.values(), key=lambda item: item.kind
    )
    missing = [item for item in [*nodes, *rest] if not image_exists(item.tag)]
    if missing:
        _remove_interrupted_builds()
        _in_parallel(lambda suite: _ensure_base(base(suite), progress), sorted({item.suite for item in missing}))
        settle(base(missing[0].suite).tag)
        _in_parallel(lambda item: _build(item, progress), [item for item in missing if item.kind == "node"])
        _in_parallel(lambda item: _build(item, progress), [item for item in missing if item.kind != "node"])
    else:
        settle(nodes[0].tag)
    return {name: item.tag for name, item in wanted.items()}


def remove_outdated(topology: Topology, progress: Progress) -> None:
    """Remove images of ours that today's lab isn't made from, unless some container still uses them."""
    current = set()
    for item in for_nodes(topology).values():
        current |= {item.tag, image("node", item.suite).tag, base(item.suite).tag}
    for tag in _ours():
        if tag not in current and podman("image", "rm", tag, check=False).returncode == 0:
            progress(f"removed the outdated image {tag}")


def remove_all() -> None:
    """Remove every image of ours. A registry's base stays: it isn't ours."""
    _remove_interrupted_builds()
    for tag in reversed(_ours()):
        podman("image", "rm", "--force", tag, check=False)


def _ensure_base(wanted: Base, progress: Progress) -> None:
    if image_exists(wanted.tag):
        return
    if wanted.registry:
        with _step(progress, f"pulling {wanted.registry}"):
            podman("pull", "--quiet", wanted.registry, timeout=900)
        return
    tarball = state.cache_directory() / f"{wanted.tag.rpartition(':')[2]}.tar"
    if not tarball.exists():
        with _step(progress, f"building Debian {DEBIAN_NUMBER[wanted.suite]} base", _EXPECTED_SECONDS["base"]):
            _bootstrap(wanted.suite, tarball)
    podman("import", "--quiet", str(tarball), wanted.tag, timeout=300)


def _bootstrap(suite: str, tarball: Path) -> None:
    tarball.parent.mkdir(parents=True, exist_ok=True)
    partial = tarball.with_suffix(".partial.tar")
    try:
        done = subprocess.run(_mmdebstrap(suite, partial), capture_output=True, text=True, check=False, timeout=900)
    except FileNotFoundError:
        raise LabError(
            "mmdebstrap is missing: apt-get install mmdebstrap, or name a registry's images by the variables "
            "PACS_LAB_IMAGE_BOOKWORM and PACS_LAB_IMAGE_TRIXIE"
        ) from None
    if done.returncode != 0:
        partial.unlink(missing_ok=True)
        raise LabError(
            f"mmdebstrap {suite} failed:\n{done.stderr.strip()[-1500:]}\n"
            "No network? Connect, or set http_proxy. Another mirror? Name it in PACS_LAB_MIRROR. Then start again."
        )
    partial.rename(tarball)


def _mmdebstrap(suite: str, tarball: Path) -> list[str]:
    return [
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        "--include=ca-certificates",
        suite,
        str(tarball),
        *_mirror(),
    ]


def _mirror() -> list[str]:
    """The user's mirror; without one mmdebstrap takes Debian's own, with its updates."""
    named = os.environ.get("PACS_LAB_MIRROR")
    return [named] if named else []


def _build(wanted: Image, progress: Progress) -> None:
    seconds = _EXPECTED_SECONDS[wanted.kind]
    with (
        _step(progress, f"building image {wanted.kind} on Debian {DEBIAN_NUMBER[wanted.suite]}", seconds),
        tempfile.TemporaryDirectory() as folder,
    ):
        if wanted.with_dicom:
            _copy_dicom_packages(Path(folder) / "dicom")
        arguments = [f"--build-arg=BASE={wanted.parent}"] + [
            f"--build-arg={key}={value}" for key, value in wanted.arguments.items()
        ]
        containerfile = IMAGES / f"{wanted.kind}.Containerfile"
        # The host's network, because podman's own would need name resolution and forwarding that the host may refuse.
        # No layers: of a build that is cut off they would stay, without a name that tells whose they are.
        podman(
            "build", "--pull=never", "--layers=false", "--network=host", "--format=docker", "--quiet",
            f"--file={containerfile}", f"--tag={wanted.tag}", *arguments, folder, timeout=900,
        )  # fmt: skip


def _copy_dicom_packages(target: Path) -> None:
    for name in DICOM_PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.submodule_search_locations
        source = Path(next(iter(spec.submodule_search_locations)))
        shutil.copytree(
            source, target / name, ignore=shutil.ignore_patterns("__pycache__", "tests", "apps", "benchmarks")
        )
        # Both read their own version from the package metadata when they are imported.
        distribution = importlib.metadata.distribution(name)
        metadata = next(path for path in distribution.files or [] if path.name == "METADATA")
        shutil.copytree(Path(str(distribution.locate_file(metadata))).parent, target / metadata.parent.name)


def _remove_interrupted_builds() -> None:
    """Remove the working containers of builds that were cut off: podman keeps them, and they keep their image."""
    listing = podman("ps", "--all", "--external", "--format", "{{.ID}} {{.Image}} {{.Names}}").stdout.decode()
    for line in listing.splitlines():
        container, image_name, name = line.split(maxsplit=2)
        if image_name.startswith(f"{REPOSITORY_PREFIX}/") and "-working-container" in name:
            podman("rm", "--force", container, check=False)


def _ours() -> list[str]:
    listing = podman("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").stdout.decode().split()
    return [tag for tag in listing if tag.startswith(f"{REPOSITORY_PREFIX}/")]


def _packages() -> Mapping[str, Any]:
    rows: Mapping[str, Any] = yaml.safe_load((IMAGES / "packages.yml").read_text(encoding="utf-8"))
    return rows


def _in_parallel(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(work, items))


class _step:
    """Says what is being done before it starts, and how long it took once it is done."""

    _lock = threading.Lock()

    def __init__(self, progress: Progress, what: str, expected: int | None = None) -> None:
        self._progress = progress
        self._what = what
        self._expected = expected

    def __enter__(self) -> None:
        self._began = time.monotonic()
        hint = f" (about {self._expected} s)" if self._expected else ""
        with self._lock:
            self._progress(f"{self._what}{hint} ...")
        self._over = threading.Event()
        threading.Thread(target=self._remind, daemon=True).start()

    def _remind(self) -> None:
        """A slow mirror isn't a hanging program: say so each minute."""
        while not self._over.wait(_REMIND_SECONDS):
            with self._lock:
                self._progress(f"{self._what}: still at it after {time.monotonic() - self._began:.0f} s")

    def __exit__(self, kind: object, *_: object) -> None:
        self._over.set()
        if kind is None:
            with self._lock:
                self._progress(f"{self._what}: done in {time.monotonic() - self._began:.0f} s")
