"""How actions reach hosts: time limits, plain reasons, and what a connection can prove."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._reach import TimeUp, attempt, renew, time_limit


class _Connection(ConnectionBase):  # type: ignore[misc]
    transport = "ssh"

    def __init__(self) -> None:
        self.resets = 0

    def exec_command(self, *_arguments: Any, **_options: Any) -> None: ...
    def put_file(self, *_arguments: Any) -> None: ...
    def fetch_file(self, *_arguments: Any) -> None: ...
    def close(self) -> None: ...
    def _connect(self) -> None: ...


class _Ssh(_Connection):
    def reset(self) -> None:
        self.resets += 1


class _Podman(_Ssh):
    transport = "containers.podman.podman"


def test_ssh_is_renewed_and_proves_something() -> None:
    connection = _Ssh()
    assert renew(connection) is None
    assert connection.resets == 1


def test_a_container_connection_proves_nothing() -> None:
    assert "bypasses the network" in str(renew(_Podman()))


def test_a_connection_that_can_not_be_reset_proves_nothing() -> None:
    assert "can't be reset" in str(renew(_Connection()))


def test_a_time_limit_ends_what_hangs() -> None:
    started = time.monotonic()
    with pytest.raises(TimeUp), time_limit(0.1):
        time.sleep(5)
    assert time.monotonic() - started < 2
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_task_timeout_of_the_user_is_kept() -> None:
    fired = []
    before = signal.signal(signal.SIGALRM, lambda *_arguments: fired.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.4)
        with pytest.raises(TimeUp), time_limit(0.1):
            time.sleep(5)
        assert not fired
        time.sleep(0.5)
        assert fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_attempt_ends_in_an_answer_or_a_plain_reason() -> None:
    def fails(error: Exception) -> dict[str, Any]:
        raise error

    def hangs() -> dict[str, Any]:
        time.sleep(5)
        return {}

    def tried(run: Any, seconds: float = 5) -> tuple[dict[str, Any] | None, str]:
        return attempt(run, lambda result: "ok" in result, seconds)

    assert tried(lambda: {"ok": 1}) == ({"ok": 1}, "")
    assert tried(lambda: fails(AnsibleConnectionFailure("first line\nlast line")))[1] == "connection lost: last line"
    assert tried(lambda: fails(AnsibleError("no interpreter")))[1] == "no interpreter"
    assert tried(lambda: {"failed": True, "module_stderr": "Traceback\nKilled\n"}) == (None, "Killed")
    assert tried(hangs, 0.1) == (None, "no answer within 0 s")
