"""The controller's side: time limits, and what a connection can prove."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from ansible.plugins.connection import ConnectionBase

from ansible_collections.pacs.hardening.plugins.action import nft_ruleset
from ansible_collections.pacs.hardening.plugins.action.nft_change import renew


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
    with pytest.raises(nft_ruleset._TimeUp), nft_ruleset._time_limit(0.1):
        time.sleep(5)
    assert time.monotonic() - started < 2
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_task_timeout_of_the_user_is_kept() -> None:
    fired = []
    before = signal.signal(signal.SIGALRM, lambda *_arguments: fired.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.4)
        with pytest.raises(nft_ruleset._TimeUp), nft_ruleset._time_limit(0.1):
            time.sleep(5)
        assert not fired
        time.sleep(0.5)
        assert fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
