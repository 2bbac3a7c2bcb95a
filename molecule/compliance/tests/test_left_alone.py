"""A device with C(probe: never) is sent nothing, neither by the dry run nor by a change and its gate."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from audits import Audit
from sites import lab_site

from lab import nodes
from playbooks import run_playbook

# Counts the IP packets that come in, neighbour discovery aside, until its input ends.
COUNT = """
import select, socket, sys
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("ready", flush=True)
count = 0
while True:
    readable = select.select([frames, sys.stdin], [], [])[0]
    if sys.stdin in readable:
        break
    data, sender = frames.recvfrom(2048)
    incoming, kind = sender[2] == 0, data[12:14].hex()
    if incoming and (kind == "0800" or kind == "86dd" and data[20] != 58):
        count += 1
print(count)
"""

Judge = Callable[..., Audit]


@contextmanager
def counting(node: str) -> Iterator[Callable[[], int]]:
    """Count what comes in at a node; the value is there once the block has called for it."""
    counter: subprocess.Popen[str] = nodes.popen(node, ["/usr/bin/python3", "-c", COUNT])
    assert counter.stdout is not None and counter.stdout.readline() == "ready\n"

    def counted() -> int:
        return int(counter.communicate("\n", timeout=30)[0])

    try:
        yield counted
    finally:
        counter.kill()


def test_nothing_is_sent_to_a_device_that_says_never(judge_lab: Judge, hardened: Audit) -> None:
    site = lab_site()
    site["devices"]["ct1"]["probe"] = "never"
    site["conduits"] = [{"from": "ops1", "to": "ct1", "protocol": "tcp", "ports": [2222], "reason": "a change"}]
    with counting("ct1") as counted:
        done = run_playbook("pacs.hardening.site", variables={"pacs_site": site})
        made = judge_lab("never", pacs_site=site)
        assert counted() == 0
    assert done.ok and done.changed["core"] == 1 and "probing ws1 -> pacs1:11112" in done.output, done.output
    assert made.state("SEG-02", "core") == "pass"
    with counting("ct1") as counted:
        nodes.run("pacs1", ["/bin/nc", "-z", "-w", "2", "198.18.20.11", "11112"])
        assert counted() > 0, "the control: what is sent is counted"
    assert run_playbook("pacs.hardening.site").ok
