"""Peers to measure against, fetched when a benchmark wants them, kept in ``.cache/benchmarks``, installed nowhere."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from benchmarks.measure import NotMeasured

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".cache" / "benchmarks"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def python_packages() -> Path:
    """The folder with the packages of requirements.txt; made where it is missing or those have changed."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    key = hashlib.sha256(_REQUIREMENTS.read_bytes() + python.encode()).hexdigest()[:12]
    folder = CACHE / f"python-{key}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        _run([*pip, "--no-deps", f"--target={partial}", f"--requirement={_REQUIREMENTS}"], "pip")
        partial.rename(folder)
    return folder


def python_package(name: str) -> ModuleType:
    """Import a module of requirements.txt; what the project itself has installed wins over what came with it."""
    folder = str(python_packages())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotMeasured(f"{name} can't be imported by this Python: {error}") from error


def debian_file(name: str, suite: str) -> Path:
    """The newest .deb file of a package in a suite of Debian, by apt with settings and lists of its own."""
    folder = CACHE / "debian" / suite
    found = sorted(folder.glob(f"{name}_*.deb"))
    if found:
        return found[-1]
    if not _KEYRING.is_file() or not shutil.which("apt-get"):
        raise NotMeasured(f"{name} comes from Debian {suite}, and apt or {_KEYRING} is missing here")
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    mirror = os.environ.get("PACS_LAB_MIRROR") or _own_mirror()
    sources, settings = folder / "sources.list", folder / "apt.conf"
    sources.write_text(f"deb [signed-by={_KEYRING}] {mirror} {suite} main\n", encoding="utf-8")
    values = {
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": str(folder / "lists"),
        "Dir::State::Status": "/dev/null",
        "Dir::Cache": str(folder / "cache"),
        "APT::Sandbox::User": "root",
    }
    settings.write_text("".join(f'{key} "{value}";\n' for key, value in values.items()), encoding="utf-8")
    for arguments in (["update"], ["download", name]):
        _run(["apt-get", "--quiet", *arguments], "apt-get", cwd=folder, APT_CONFIG=str(settings))
    # The lists are large, and of no more use.
    shutil.rmtree(folder / "lists")
    shutil.rmtree(folder / "cache")
    return next(folder.glob(f"{name}_*.deb"))


def _own_mirror() -> str:
    """The Debian mirror that this machine's own apt uses."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for mirror in listed.stdout.split():
        if mirror.rstrip("/").endswith("/debian"):
            return mirror
    raise NotMeasured("this machine's apt knows no Debian mirror: set PACS_LAB_MIRROR")


def _run(command: list[str], tool: str, cwd: Path | None = None, **environment: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=600, cwd=cwd, env={**os.environ, **environment}
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise NotMeasured(f"{tool} failed: {words[-1] if words else f'status {done.returncode}'}")
