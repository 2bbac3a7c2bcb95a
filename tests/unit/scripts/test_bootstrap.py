"""The bootstrap's messages and decisions, in real shells with a small PATH; nothing is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[3] / "scripts" / "lib"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A directory to be the whole PATH: with what every Linux has, and what a test adds."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in (
        "bash",
        "cat",
        "comm",
        "cut",
        "dirname",
        "grep",
        "mkdir",
        "mktemp",
        "realpath",
        "rm",
        "sed",
        "sort",
        "tail",
    ):
        for candidate in ("/usr/bin", "/bin"):
            if (Path(candidate) / name).exists() and not (directory / name).exists():
                (directory / name).symlink_to(Path(candidate) / name)
    command(directory, "uname", "echo Linux")
    return directory


def command(directory: Path, name: str, script: str) -> None:
    (directory / name).unlink(missing_ok=True)
    (directory / name).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    (directory / name).chmod(0o755)


def shell(path: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` with the library sourced. PATH is ``path`` alone."""
    return subprocess.run(
        [
            "/bin/bash",
            "-c",
            f'source "{LIBRARY}/bootstrap.sh"; PACS_LOGS={path} PACS_STATE={path}\n{script}',
            "scripts/test",
        ],
        env={"PATH": str(path), "HOME": str(path), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_another_system_than_linux_is_told_what_to_do(path: Path) -> None:
    command(path, "uname", "echo Darwin")
    done = shell(path, "pacs_require_linux")
    assert done.returncode == 1
    assert "this is Darwin" in done.stderr
    assert "virtual machine" in done.stderr


@pytest.mark.parametrize(
    ("version", "says"), [("echo 9", "is Python 3.9"), ("exit 127", "can't be run")], ids=["too old", "broken"]
)
def test_a_python_that_will_not_do_is_refused_by_name(path: Path, version: str, says: str) -> None:
    command(path, "mine", version)
    done = shell(path, "_pacs_choose_python", PACS_PYTHON="mine")
    assert done.returncode == 1
    assert says in done.stderr
    assert "3.11 or later" in done.stderr


def test_the_next_python_is_taken_where_python3_is_too_old_or_a_dead_shim(path: Path) -> None:
    command(path, "python3", "echo 9")
    command(path, "python3.13", "exit 127")
    command(path, "python3.12", "echo 12")
    assert shell(path, "_pacs_choose_python").stdout == "python3.12\n"


def test_no_python_says_how_to_get_one(path: Path) -> None:
    done = shell(path, "_pacs_choose_python")
    assert done.returncode == 1
    assert "apt-get install python3" in done.stderr


def test_a_system_without_apt_is_told_every_missing_command_at_once(path: Path, tmp_path: Path) -> None:
    command(path, "nft", "true")
    wanted = tmp_path / "packages.txt"
    wanted.write_text(
        "# why\nnftables: loads rules\npodman: runs the lab\nmmdebstrap: builds images\n", encoding="utf-8"
    )
    done = shell(path, f"pacs_require_packages {wanted}")
    assert done.returncode == 1
    assert "podman (on Debian in package podman): runs the lab" in done.stderr
    assert "mmdebstrap" in done.stderr
    assert "nft (" not in done.stderr


def test_a_system_without_apt_goes_on_when_all_is_there(path: Path, tmp_path: Path) -> None:
    command(path, "nft", "true")
    wanted = tmp_path / "packages.txt"
    wanted.write_text("nftables: loads rules\ncatatonit-less: has no command to look for\n", encoding="utf-8")
    assert shell(path, f"pacs_require_packages {wanted}; echo on").stdout == "on\n"


@pytest.fixture
def debian(path: Path) -> Path:
    """A Debian on which git is installed; apt-get notes its calls in apt.calls and fails where apt.fails exists."""
    command(path, "dpkg-query", r"printf 'installed\tgit\nconfig-files\tnftables\n'; exit 1")
    command(path, "apt-cache", r'for name in "${@:2}"; do printf "%s:\n  Candidate: 1.0\n" "$name"; done')
    command(
        path,
        "apt-get",
        f'echo "$*" >>{path}/apt.calls; if [[ -e {path}/apt.fails ]]; then echo "E: no route"; exit 100; fi',
    )
    command(path, "env", 'shift; exec "$@"')
    return path


def test_only_what_is_missing_is_installed_and_said_why(debian: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to get as far as apt")
    wanted = tmp_path / "packages.txt"
    wanted.write_text("git: the files\nnftables: loads rules\n", encoding="utf-8")
    done = shell(debian, f"PACS_ARGUMENTS=(); pacs_require_packages {wanted}")
    assert done.returncode == 0, done.stderr
    assert "nftables           loads rules" in done.stdout
    assert "the files" not in done.stdout
    calls = (debian / "apt.calls").read_text(encoding="utf-8").splitlines()
    assert len(calls) == 1, "no apt-get update where the lists know the package"
    assert calls[0].startswith("install ")
    assert calls[0].endswith(" nftables")


def test_apt_without_a_network_says_what_to_do(debian: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to get as far as apt")
    (debian / "apt.fails").touch()
    wanted = tmp_path / "packages.txt"
    wanted.write_text("nftables: loads rules\n", encoding="utf-8")
    done = shell(debian, f"PACS_ARGUMENTS=(); pacs_require_packages {wanted}")
    assert done.returncode == 1
    assert "apt could not install: nftables" in done.stderr
    assert "E: no route" in done.stderr
    assert "https_proxy" in done.stderr


def test_an_environment_that_was_interrupted_is_not_current(path: Path, tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    command(tmp_path / "venv" / "bin", "python", "echo 3.11")
    done = shell(path, f"PACS_VENV={tmp_path}/venv; _pacs_venv_is_current || echo again")
    assert done.stdout == "again\n"


def test_an_active_environment_is_not_made_anew_with_its_own_interpreter(path: Path, tmp_path: Path) -> None:
    own = tmp_path / "checkout" / ".venv" / "bin"
    own.mkdir(parents=True)
    command(own, "python3", "echo 11; echo own >&2")
    command(path, "python3", "echo 13")
    places = f"PACS_ROOT={tmp_path}/checkout PATH={own}:{path}:{own}"
    done = shell(path, f'{places}\npacs_plan_python {tmp_path}/packages; echo "$PATH"; type -P python3')
    assert done.stdout.splitlines()[-2:] == [str(path), f"{path}/python3"]
    assert "own" not in done.stderr
