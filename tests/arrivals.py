"""Count the packets that come in at a node of the lab."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab import nodes

# Counts until its input ends. Without arguments: the IP packets for the node, neighbour discovery aside. With
# addresses: whatever comes in for one of them, and whoever asks for its neighbour.
_COUNT = """
import ipaddress, select, socket, sys
wanted = {ipaddress.ip_address(word).packed for word in sys.argv[1:]}
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("ready", flush=True)
HOST, OUTGOING, SOLICITATION = 0, 4, 135
def meant(data):
    kind = data[12:14].hex()
    if kind == "0800":
        return data[30:34]
    if kind == "0806":
        return data[38:42]
    if kind == "86dd":
        return data[62:78] if data[20] == 58 and data[54] == SOLICITATION else data[38:54]
count = 0
while True:
    readable = select.select([frames, sys.stdin], [], [])[0]
    if sys.stdin in readable:
        break
    data, sender = frames.recvfrom(2048)
    kind = data[12:14].hex()
    if wanted:
        count += sender[2] != OUTGOING and meant(data) in wanted
    else:
        count += sender[2] == HOST and (kind == "0800" or kind == "86dd" and data[20] != 58)
print(count)
"""


@contextmanager
def counting(node: str, *addresses: str) -> Iterator[Callable[[], int]]:
    """Count what comes in at a node, or only what is meant for these addresses; the value is there once the block has
    called for it.
    """
    command = ["/usr/bin/python3", "-c", _COUNT, *addresses]
    counter: subprocess.Popen[str] = nodes.popen(node, command)
    assert counter.stdout is not None and counter.stdout.readline() == "ready\n"

    def counted() -> int:
        return int(counter.communicate("\n", timeout=30)[0])

    try:
        yield counted
    finally:
        counter.kill()
