"""A scan steps back for everybody else; what the kernel says of it is what counts."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._io import priority


def of_a_child(stepping: bool) -> tuple[str, int, dict[str, bool]]:
    """What ionice says of a process, its nice value, and what it says of itself."""
    mine, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            done = priority.step_back() if stepping else {}
            said = subprocess.run(["ionice", "-p", str(os.getpid())], capture_output=True, text=True, check=True)
            os.write(theirs, repr((said.stdout.strip(), os.getpriority(os.PRIO_PROCESS, 0), done)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(mine) as file:
        text = file.read()
    os.waitpid(child, 0)
    found: tuple[str, int, dict[str, bool]] = eval(text)  # noqa: S307 # our own repr
    return found


@pytest.mark.skipif(not shutil.which("ionice"), reason="needs ionice (util-linux) to ask the kernel")
def test_last_in_line_for_processor_and_disk() -> None:
    assert of_a_child(stepping=False)[0] != "idle"
    assert of_a_child(stepping=True) == ("idle", 19, {"processor": True, "disk": True})


def test_an_architecture_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "_IOPRIO_SET", {})
    monkeypatch.setattr(os, "nice", lambda _step: 19)
    assert priority.step_back() == {"processor": True, "disk": False}
