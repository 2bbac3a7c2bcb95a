"""What is left over of remote access is found on a host of its own: a namespace for processes, network and files.

The login is a real agetty on a terminal that is called a serial line, for there is none here; the tunnels are real
interfaces. pppd and x11vnc are programs of that name that listen and wait: the kernel has no PPP here, and x11vnc wants
a display. A real reverse tunnel through a real sshd is planted in the scenario compliance.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import COLLECTIONS

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("agetty") is None or not Path("/dev/net/tun").exists(),
        reason="needs root, agetty (package util-linux) and /dev/net/tun",
    ),
]

HOST = """
import json, os, pty, socket, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host

def plant(name):
    code = "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', int(%r))); s.listen(); time.sleep(60)"
    port = 5900 if name == "x11vnc" else 4999
    os.spawnv(os.P_NOWAIT, sys.executable, [name, "-c", code % port])

def answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0

def wait(true):
    limit = time.monotonic() + 10
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)

for what in sys.argv[2:]:
    if what == "getty":
        master, slave = pty.openpty()
        open("/dev/ttyS9", "w").close()
        subprocess.run(["mount", "--bind", os.ttyname(slave), "/dev/ttyS9"], check=True)
        login = subprocess.Popen(["agetty", "--keep-baud", "115200", "ttyS9", "vt220"], stderr=subprocess.DEVNULL)
        wait(lambda: b"login:" in os.read(master, 4096))
    elif what in ("pppd", "x11vnc"):
        plant(what)
        wait(lambda: answers(5900 if what == "x11vnc" else 4999))
    else:
        subprocess.run(["ip", *what.split()], check=True)
print(json.dumps(host_evidence(["remote_leftovers"], 10, Host())["parts"]["remote_leftovers"]))
"""
#: A /dev of its own, so that a line can be added.
OWN_DEVICES = """
set -e
mkdir -p "$1/dev" && mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs /dev
mkdir /dev/pts /dev/net && mount --rbind "$1/dev/pts" /dev/pts && ln -s pts/ptmx /dev/ptmx
for name in null urandom net/tun; do : > "/dev/$name"; mount --bind "$1/dev/$name" "/dev/$name"; done
ip link set lo up
shift
exec "$@"
"""


def seen(folder: Path, *plants: str) -> dict[str, Any]:
    """What is found on a host with that on it."""
    own = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc", "--mount", "--net", "--ipc"]
    program = [sys.executable, "-c", HOST, str(COLLECTIONS), *plants]
    command = [*own, "sh", "-c", OWN_DEVICES, "sh", str(folder), *program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    part = json.loads(done.stdout.splitlines()[-1])
    assert part["status"] == "ok", part
    value: dict[str, Any] = part["value"]
    return value


def test_each_that_is_planted_is_found(tmp_path: Path) -> None:
    value = seen(tmp_path, "getty", "pppd", "x11vnc", "tuntap add name tun7 mode tun", "tuntap add name tap7 mode tap")
    by_id: dict[str, list[str]] = {}
    for one in value["found"]:
        assert one["state"] == "active"
        by_id.setdefault(one["id"], []).append(one["where"])
    assert set(by_id) == {"serial_getty", "pppd", "vnc"}
    assert by_id["serial_getty"][0].endswith("(agetty) on ttyS9")
    assert any(where.startswith("tcp 5900 on 127.0.0.1") for where in by_id["vnc"])
    assert any(where.startswith("process ") for where in by_id["vnc"])
    assert value["interfaces"] == [{"name": "tap7", "kind": "tap"}, {"name": "tun7", "kind": "tun"}]


def test_a_clean_host_yields_none(tmp_path: Path) -> None:
    value = seen(tmp_path, "link add veth0 type veth peer name veth1", "link add br0 type bridge")
    assert (value["found"], value["interfaces"], value["unseen"]) == ([], [], 0)
