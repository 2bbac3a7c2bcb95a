"""Reading everything that is judged on a host, beside Lynis on the same container, both by SSH through the lab.

Ours is one run of Ansible with one module, its own start and a fresh connection included; Lynis is started by ssh.
Lynis comes from Debian, goes into the running container, and is taken out again; no image ever has it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

from benchmarks.measure import Line, NotMeasured, at_most, interleaved, number, ratio, seconds
from benchmarks.packages import PROJECT, debian_file

from lab import nodes, state
from lab.topology import topology

#: A firewall, and the archive, which has most to read.
_HOSTS = ("pacs1", "core")
_SECONDS, _PEER = at_most(5), at_most(1)
_MODULE = "pacs.hardening.host_evidence_info"
_LYNIS = ("lynis", "audit", "system", "--quick", "--quiet", "--no-colors")


def lines() -> Iterator[Line]:
    """Seconds of wall time, for each of two hosts; the ratio is to the wall time of Lynis there."""
    for host in _HOSTS:
        if not nodes.is_running(host):
            raise NotMeasured("the lab isn't up: PYTHONPATH=tests python -m lab up")
    with ExitStack() as stack:
        for host in _HOSTS:
            _install_lynis(host)
            stack.callback(_remove_lynis, host)
            found = interleaved({"ours": seconds(partial(_audit, host)), "lynis": seconds(partial(_lynis, host))})
            yield number(f"audit of one host ({host})", found["ours"], " s", _SECONDS)
            yield ratio(f"  the same, beside Lynis {_version(host)}", found["ours"], "lynis", found["lynis"], _PEER)


def _audit(host: str) -> None:
    command = ["ansible", host, "--one-line", "--module-name", _MODULE]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=no",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise NotMeasured(f"{_MODULE} failed on {host}: {(done.stdout + done.stderr).strip()[-300:]}")
    parts = json.loads(done.stdout[done.stdout.index("{") :])["evidence"]["parts"]
    unread = [name for name, part in parts.items() if part["status"] not in ("ok", "absent")]
    if unread:
        raise NotMeasured(f"not everything could be read on {host}: {', '.join(unread)}")


def _lynis(host: str) -> None:
    command = ["ssh", *_ssh_options(), f"root@{_address(host)}", *_LYNIS]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300)
    log = nodes.run(host, ["tail", "-n", "3", "/var/log/lynis.log"]).stdout
    if "Lynis ended successfully" not in log and "Program ended successfully" not in log:
        raise NotMeasured(f"lynis failed on {host}: {(done.stdout + done.stderr + log).strip()[-300:]}")


def _ssh_options() -> list[str]:
    options = [
        f'ProxyCommand="{PROJECT}/tests/lab/ssh-proxy" %h %p',
        f'UserKnownHostsFile="{state.KNOWN_HOSTS}"',
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
    ]
    return ["-F", "/dev/null", "-i", str(state.IDENTITY), *(part for option in options for part in ("-o", option))]


def _address(host: str) -> str:
    return str(topology().node(host).legs[0].ipv4)


@cache
def _archive(suite: str) -> Path:
    return debian_file("lynis", suite)


def _version(host: str) -> str:
    return _archive(topology().node(host).debian).name.split("_")[1]


def _install_lynis(host: str) -> None:
    file = _archive(topology().node(host).debian)
    nodes.write_file(host, "/root/lynis.deb", file.read_bytes())
    nodes.run(host, ["dpkg", "--force-depends", "--install", "/root/lynis.deb"], check=True)


def _remove_lynis(host: str) -> None:
    nodes.run(host, ["dpkg", "--purge", "lynis"])
    nodes.run(host, ["rm", "-f", "/root/lynis.deb", "/var/log/lynis.log", "/var/log/lynis-report.dat"])
