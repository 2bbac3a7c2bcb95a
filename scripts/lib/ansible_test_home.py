"""Prepare a home directory for ansible-test.

ansible-test makes its environments with pip, and to get pip it downloads a bootstrap script from a site of its own.
Not every network lets it. Every Python that can make environments carries a pip (ensurepip), so we put a script of the
expected name that uses that one. ansible-test passes HOME on but no PIP_ variable, so those become a pip.conf.

It also takes every python3.N on PATH for one that runs, which pyenv's shims need not; so DIRECTORY/bin gets links to
those that do, and the last line printed is the PATH to use.

Usage: ansible_test_home.py DIRECTORY
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

PYTHON_MINORS = range(9, 16)  # from the oldest Python of a managed host on

REAL_PATH = "import ensurepip, os, sys; print(os.path.realpath(sys.executable))"

BOOTSTRAP = '''\
"""Stands in for get-pip.py: the interpreter's own pip, then the versions that ansible-test asks for."""

import runpy
import subprocess
import sys

# in a process of its own: ensurepip switches pip's configuration off where it runs
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade"], stdout=subprocess.DEVNULL)
flags = ("--no-setuptools", "--no-wheel")
sys.argv = ["pip", "install", "--quiet"] + [argument for argument in sys.argv[1:] if argument not in flags]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def pip_versions(source: str) -> list[str]:
    """The pip versions that ansible-test's ``python_requirements.py`` names; one bootstrap script belongs to each."""
    return sorted(set(re.findall(r"\bpip=['\"]([0-9.]+)['\"]", source)))


def pip_conf(files: list[Path], environment: Mapping[str, str]) -> RawConfigParser:
    """The user's pip settings: later files over earlier ones, PIP_ variables over all, as pip itself reads them."""
    settings = RawConfigParser()
    settings.read_dict({"global": {"quiet": "1"}})  # the log is for what ansible-test finds
    settings.read(files, encoding="utf-8")
    for name, value in environment.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value:
            settings.set("global", name.removeprefix("PIP_").lower().replace("_", "-"), value)
    return settings


def run_python(command: Path, code: str) -> str | None:
    """What ``code`` prints; None where the command is no Python that runs it."""
    try:
        answer = subprocess.run([command, "-I", "-c", code], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def link_pythons(links: Path, path: str, pyenv_root: Path | None) -> str:
    """Link every python3.N that can make environments into ``links``.

    Returns ``path`` with ``links`` in front and without the directories whose python3.N doesn't run at all.
    """
    shutil.rmtree(links, ignore_errors=True)
    links.mkdir(parents=True)
    directories = path.split(os.pathsep)
    broken: set[str] = set()
    for name in (f"python3.{minor}" for minor in PYTHON_MINORS):
        present = [Path(directory) / name for directory in directories if (Path(directory) / name).exists()]
        broken |= {str(command.parent) for command in present if run_python(command, "") is None}
        if pyenv_root:
            present += sorted(pyenv_root.glob(f"versions/{name.removeprefix('python')}.*/bin/{name}"), reverse=True)
        real = next(filter(None, (run_python(command, REAL_PATH) for command in present)), None)
        if real:
            (links / name).symlink_to(real)
    return os.pathsep.join([str(links), *(directory for directory in directories if directory not in broken)])


def prepare(home: Path, environment: Mapping[str, str], user_home: Path) -> None:
    """Write the bootstrap scripts and pip.conf below ``home``."""
    from ansible_test._internal import python_requirements  # only here: it is slow

    versions = pip_versions(Path(python_requirements.__file__).read_text(encoding="utf-8"))
    if not versions:
        sys.exit("ansible-test no longer says which pip it wants; adapt pip_versions() in " + __file__)
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
    files = [user_home / ".pip" / "pip.conf", user_home / ".config" / "pip" / "pip.conf"]
    if environment.get("PIP_CONFIG_FILE"):
        files.append(Path(environment["PIP_CONFIG_FILE"]))
    target = home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as handle:
        pip_conf(files, environment).write(handle)


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    prepare(directory, os.environ, Path.home())
    pyenv = os.environ.get("PYENV_ROOT")
    print(link_pythons(directory / "bin", os.environ["PATH"], Path(pyenv) if pyenv else None))
