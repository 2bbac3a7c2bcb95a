"""No part can hang, crash or kill another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Any, NoReturn

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io.parts import Reader, collect
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def throws(error: BaseException) -> Reader:
    def reader() -> dict[str, Any]:
        raise error

    return reader


def recurses() -> dict[str, Any]:
    return recurses()


def dies() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def talks() -> dict[str, Any]:
    os.write(1, b"noise")
    os.write(2, b"noise")
    return {"stdin": os.read(0, 10).decode()}


def waits() -> dict[str, Any]:
    subprocess.run(["sleep", "61"], check=False)
    return {}


FINE = {"status": "ok", "value": {"n": 1}}


@pytest.mark.parametrize(
    ("reader", "status", "says"),
    [
        (throws(Absent("no such thing")), "absent", "no such thing"),
        (throws(Unreadable("needs root: x")), "error", "needs root: x"),
        (throws(HardeningError("nft failed")), "error", "nft failed"),
        (throws(OSError(5, "Input/output error", "/proc/x")), "error", "/proc/x can't be read: Input/output error"),
        (throws(OSError("secret")), "error", "what the host says can't be read"),
        (throws(KeyError("secret")), "error", "(KeyError)"),
        (throws(SystemExit(3)), "error", "ended before"),
        (throws(MemoryError()), "error", "(MemoryError)"),
        (recurses, "error", "(RecursionError)"),
        (dies, "error", "ended before"),
        (lambda: {"n": object()}, "error", "ended before"),
    ],
)
def test_a_part_that_fails_leaves_the_others(reader: Reader, status: str, says: str) -> None:
    parts = collect({"before": lambda: {"n": 1}, "bad": reader, "after": lambda: {"n": 1}}, 10)
    assert list(parts) == ["before", "bad", "after"]
    assert parts["before"] == parts["after"] == FINE
    assert parts["bad"]["status"] == status
    assert says in parts["bad"]["reason"]
    assert "secret" not in parts["bad"]["reason"]


def test_nobody_speaks_on_the_modules_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert collect({"loud": talks}, 10) == {"loud": {"status": "ok", "value": {"stdin": ""}}}
    assert capfd.readouterr() == ("", "")


def test_a_part_that_hangs_is_given_up_with_what_it_started() -> None:
    started = time.monotonic()
    parts = collect({"hangs": waits, "fine": lambda: {"n": 1}}, 0.5)
    assert time.monotonic() - started < 2
    assert parts["fine"] == FINE
    assert parts["hangs"] == {"status": "error", "reason": "nothing was found out within 0.5 s"}
    time.sleep(0.1)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 61" not in listed.splitlines()


def test_a_large_part_comes_whole() -> None:
    value = {"text": "x" * 5_000_000}
    assert collect({"large": lambda: value}, 10)["large"]["value"] == value


def test_no_process_stays_behind() -> None:
    collect({str(number): lambda: {} for number in range(5)}, 10)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
