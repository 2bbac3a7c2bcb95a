"""Calls podman. Everything that is peculiar to restricted build machines is here and in containers.conf beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from lab import state
from lab.errors import LabError

RESTRICTED_SETTINGS = Path(__file__).with_name("containers.conf")


def podman(
    *arguments: str, input: bytes | None = None, timeout: float = 60, check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run podman. ``timeout`` in seconds.

    Raises LabError, with podman's own last words, when it fails (unless ``check`` is off) or takes too long.
    """
    command = ["podman", *arguments]
    try:
        done = subprocess.run(
            command, input=input, capture_output=True, timeout=timeout, check=False, env=environment()
        )
    except FileNotFoundError:
        raise LabError(
            "podman is missing: apt-get install podman (tests/lab/system-packages.txt lists all that is needed)"
        ) from None
    except subprocess.TimeoutExpired:
        raise LabError(f"no answer after {timeout:g} s: {' '.join(command)}") from None
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command[:4])} ... failed ({done.returncode}): {last_words(done)}")
    return done


def last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The end of what a failed command printed, without podman's warnings: they aren't why it failed."""
    lines = (done.stderr or done.stdout or b"").decode(errors="replace").strip().splitlines()
    return "\n".join([line for line in lines if "level=warning" not in line] or lines)[-1500:]


def environment() -> dict[str, str]:
    """The environment for podman: the user's, plus our settings where the defaults were seen failing (see `settle`)."""
    values = dict(os.environ)
    # podman leaves files behind when it copies into a container or is cut off: there `down` finds them.
    if state.TEMPORARY.is_dir():
        values["TMPDIR"] = str(state.TEMPORARY)
    if state.ENGINE_NOTE.exists() and state.ENGINE_NOTE.read_text(encoding="utf-8").startswith("restricted"):
        values.setdefault("CONTAINERS_CONF", str(RESTRICTED_SETTINGS))
    return values


def settle(image: str) -> str:
    """Find out, once, whether podman's defaults can start a container of ``image`` here and build on it, and note the
    answer.

    Returns ``default`` or ``restricted``. The note is tests/lab/ssh-proxy's source too. Raises LabError when neither
    works.
    """
    if state.ENGINE_NOTE.exists():
        mode, _blank, version = state.ENGINE_NOTE.read_text(encoding="utf-8").strip().partition(" ")
        if version == podman_version():
            return mode
    faults = []
    for mode in ("default", "restricted"):
        state.ENGINE_NOTE.write_text(f"{mode} {podman_version()}\n", encoding="utf-8")
        done = _trial(image)
        if done.returncode == 0:
            return mode
        faults.append(f"with {'its defaults' if mode == 'default' else RESTRICTED_SETTINGS}: {last_words(done)}")
    state.ENGINE_NOTE.unlink()
    raise LabError("podman can't start a container on this machine.\n  " + "\n  ".join(faults))


def _trial(image: str) -> subprocess.CompletedProcess[bytes]:
    """Start a container, then build an image: a build asks for limits of its own, which podman 5 is refused on hosts
    where it may start containers.
    """
    done = podman("run", "--rm", "--pull=never", "--network=none", image, "/bin/true", check=False)
    if done.returncode != 0:
        return done
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Containerfile").write_text(f"FROM {image}\nRUN /bin/true\n", encoding="utf-8")
        done = podman("build", "--pull=never", "--network=host", "--layers=false", "--quiet", folder, check=False)
    if done.returncode == 0:
        podman("image", "rm", done.stdout.decode().strip(), check=False)
    return done


@cache
def podman_version() -> str:
    return podman("--version", check=False).stdout.decode().strip().replace(" ", "-")


def check_root() -> None:
    """Raises LabError unless this process is root."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: run it with sudo")


def check_host() -> None:
    """Raises LabError unless this process is root, podman is there, and its network back end is netavark."""
    check_root()
    if not shutil.which("podman"):
        raise LabError(
            "podman is missing: apt-get install podman (tests/lab/system-packages.txt lists all that is needed)"
        )
    version = podman_version().rpartition("-")[2]
    if tuple(int(part) for part in version.split(".")[:2]) < (4, 3):
        raise LabError(f"podman {version} is too old: the lab names interfaces, which needs podman 4.3 or newer")
    backend = podman("info", "--format", "{{.Host.NetworkBackend}}").stdout.decode().strip()
    if backend != "netavark":
        raise LabError(
            f"podman's network back end is {backend}, the lab needs netavark: apt-get install netavark, then set "
            'network_backend = "netavark" under [network] in /etc/containers/containers.conf'
        )


def image_exists(name: str) -> bool:
    return podman("image", "exists", name, check=False).returncode == 0


def inspect_containers(prefix: str) -> dict[str, dict[str, Any]]:
    """The lab's containers by name, running or not, as `podman ps` describes them (State, Labels, ImageID ...)."""
    listing = podman("ps", "--all", "--filter", f"name=^{prefix}-", "--format", "json").stdout
    return {row["Names"][0]: row for row in json.loads(listing or b"[]") or []}
