"""What is planted on a clean host is found, each with how to remove it; the playbook ends the units that are named.

The login is a real agetty, started by systemd, on a terminal that is called a serial line: a container has none. The
reverse tunnel goes through the node's own sshd. pppd and x11vnc are programs of that name that listen: the kernel has
no PPP here, and x11vnc wants a display.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from audits import Audit

from lab import nodes
from playbooks import run_playbook

NODE = "ws1"
LINE = """
import os, pty, subprocess
_master, slave = pty.openpty()
os.symlink(os.ttyname(slave), "/dev/ttyS9")
subprocess.run(["/sbin/agetty", "--keep-baud", "115200", "ttyS9", "vt220"], check=False)
"""
NAMED = """
import os, sys
code = "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', %s)); s.listen(); time.sleep(600)" % sys.argv[2]
os.execv("/usr/bin/python3", [sys.argv[1], "-c", code])
"""
TUNNEL = """
set -e
mkdir -p -m 700 /root/.ssh
[ -e /root/.ssh/planted ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/planted
cp -p /root/.ssh/authorized_keys /root/.ssh/kept 2>/dev/null || : > /root/.ssh/kept
cat /root/.ssh/planted.pub >> /root/.ssh/authorized_keys
exec ssh -N -R 2222:127.0.0.1:22 -i /root/.ssh/planted -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ExitOnForwardFailure=yes root@127.0.0.1
"""
UNITS = ("planted-getty", "planted-pppd", "planted-x11vnc", "planted-tunnel")

Judge = Callable[..., Audit]


def start(unit: str, *command: str) -> None:
    nodes.run(NODE, ["/usr/bin/systemd-run", "--quiet", f"--unit={unit}", *command], check=True)


def listening() -> str:
    return nodes.run(NODE, ["/usr/bin/ss", "-Hltn"], check=True).stdout


@pytest.fixture(scope="module")
def planted(judge_lab: Judge, hardened: Audit) -> Iterator[Audit]:
    """One run on a host with all four; it is clean before and after."""
    assert hardened.state("VPN-07", NODE) == "pass", "the control"
    start(UNITS[0], "/usr/bin/python3", "-c", LINE)
    start(UNITS[1], "/usr/bin/python3", "-c", NAMED, "pppd", "4999")
    start(UNITS[2], "/usr/bin/python3", "-c", NAMED, "x11vnc", "5900")
    start(UNITS[3], "/bin/sh", "-c", TUNNEL)
    deadline = time.monotonic() + 15
    while not all(f":{port} " in listening() for port in (2222, 4999, 5900)):
        assert time.monotonic() < deadline, listening()
        time.sleep(0.2)
    try:
        yield judge_lab("leftovers", "--limit", NODE)
    finally:
        nodes.run(NODE, ["/bin/systemctl", "stop", *UNITS])
        back = "cp -p /root/.ssh/kept /root/.ssh/authorized_keys; rm -f /root/.ssh/kept /root/.ssh/planted* /dev/ttyS9"
        nodes.run(NODE, ["/bin/sh", "-c", back], check=True)


@pytest.mark.parametrize(
    ("kind", "where", "remove"),
    [
        ("login over a serial line", "(agetty) on ttyS9", "stop, disable and mask its unit"),
        ("dial-up: PPP", "(python3)", "remove the package ppp"),
        ("remote control: VNC", "tcp 5900 on 127.0.0.1", "remove the packages x11vnc"),
        ("reverse tunnel: a port that ssh takes", "(ssh)", "remove what starts it"),
        ("reverse tunnel: a port that sshd took", "tcp 2222 on 127.0.0.1, taken by process", "AllowTcpForwarding"),
    ],
)
def test_each_is_found_with_how_to_remove_it(planted: Audit, kind: str, where: str, remove: str) -> None:
    assert planted.state("VPN-07", NODE) == "fail"
    said = [one for one in planted.observed("VPN-07", NODE) if one.startswith(kind)]
    assert any(where in one and remove in one for one in said), planted.observed("VPN-07", NODE)


def test_what_is_named_is_ended_and_nothing_else(planted: Audit) -> None:
    assert planted.state("VPN-07", NODE) == "fail"
    units = ["planted-x11vnc.service"]
    named = {"pacs_leftovers_remove": units}
    refused = run_playbook(
        "pacs.hardening.remove_leftovers", "--limit", NODE, variables={"pacs_leftovers_remove": [*units, "ssh.service"]}
    )
    assert not refused.ok and "ssh.service: nothing that is left over" in " ".join(refused.output.split())
    assert ":5900 " in listening()
    dry = run_playbook("pacs.hardening.remove_leftovers", "--limit", NODE, "--check", "--diff", variables=named)
    assert dry.ok and dry.changed[NODE] == 1 and "planted-x11vnc.service: active" in dry.output, dry.output
    assert ":5900 " in listening()
    done = run_playbook("pacs.hardening.remove_leftovers", "--limit", NODE, variables=named)
    assert done.ok and done.changed[NODE] == 1, done.output
    assert ":5900 " not in listening() and ":2222 " in listening()
    again = run_playbook("pacs.hardening.remove_leftovers", "--limit", NODE, variables=named)
    assert again.ok and again.changed[NODE] == 0, again.output
