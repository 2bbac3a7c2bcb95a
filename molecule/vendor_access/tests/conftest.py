"""A technician at a workstation, with a real SSH session to the archive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sites import lab_site

from lab import nodes, state

_KEY = "/root/technician"
_TICKS = "/root/ticks"


class Session:
    """A shell on the archive that says five times a second that it is there, as the workstation sees it."""

    def __init__(self) -> None:
        nodes.run("ws1", ["/bin/rm", "-f", _TICKS], check=True)
        options = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5"
        # Nobody ends it but the firewall: it waits for minutes, and asks meanwhile whether the other end is there.
        options += " -o ServerAliveInterval=2 -o ServerAliveCountMax=60"
        command = "while :; do cat /proc/uptime; sleep 0.2; done"
        ssh = f'exec ssh {options} -i {_KEY} root@198.18.30.10 "$0" >{_TICKS}'
        self._process = nodes.popen("ws1", ["/bin/sh", "-c", ssh, command])

    def ticks(self) -> int:
        """How often it has been heard of."""
        return len((nodes.read_file("ws1", _TICKS) or "").splitlines())

    def lives(self, seconds: float = 1.5) -> bool:
        """Whether it is heard of within some seconds from now."""
        before, end = self.ticks(), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.2)
            if self.ticks() > before:
                return True
        return False

    def last_heard(self, patience: float) -> float:
        """Wait until nothing has come for two seconds, and say when something last did (monotonic)."""
        count, heard, end = self.ticks(), time.monotonic(), time.monotonic() + patience
        while time.monotonic() - heard < 2:
            assert time.monotonic() < end, "it is still heard of"
            time.sleep(0.1)
            now = self.ticks()
            if now > count:
                count, heard = now, time.monotonic()
        return heard

    def close(self) -> None:
        """End it from this side."""
        self._process.kill()
        self._process.wait()
        nodes.run("ws1", ["/usr/bin/pkill", "-f", "technician"])


@pytest.fixture(scope="session")
def site() -> dict[str, Any]:
    """What converge.yml put in force."""
    intervention = {
        "from": "ws1", "to": "pacs1", "service": "ssh", "reason": "service of the archive", "kind": "intervention",
        "owner": "Anna Example", "contract": "SC-1", "longest_minutes": 60, "on_call": True,
    }  # fmt: skip
    site = lab_site()
    return {**site, "conduits": [*site.get("conduits", []), intervention]}


@pytest.fixture(scope="session", autouse=True)
def people() -> Iterator[None]:
    """A technician with a key, and somebody on call with an account on the firewall."""
    nodes.write_file("ws1", _KEY, state.IDENTITY.read_bytes(), mode=0o600)
    nodes.run("core", ["/usr/sbin/useradd", "--create-home", "--groups", "pacs-oncall", "oncall"])
    nodes.run("core", ["/usr/sbin/useradd", "--create-home", "stranger"])
    yield
    nodes.run("ws1", ["/bin/rm", "-f", _KEY, _TICKS])


@pytest.fixture
def session() -> Iterator[Any]:
    """Opens sessions, and ends them."""
    made: list[Session] = []

    def start() -> Session:
        made.append(Session())
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    """Every test begins and ends with everything closed."""
    nodes.run("core", ["/usr/local/sbin/pacs-access", "revoke", "all"])
    yield
    nodes.run("core", ["/usr/local/sbin/pacs-access", "revoke", "all"])
