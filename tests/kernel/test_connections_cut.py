"""Connections that live on after their flow was removed are cut, with the real kernel and the real tool."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kernel.nft_host import NEEDS, run

pytestmark = [*NEEDS, pytest.mark.skipif(shutil.which("conntrack") is None, reason="needs conntrack")]

NETWORK = """
import socket
cut, connections = load("_io.connections"), load("_nft.connections")
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
def policy(more):
    nft("add table inet t"); nft("delete table inet t")
    nft("add table inet t { chain i { type filter hook input priority 0; policy drop; "
        f"ct state established accept; {more} }}; }}")
def connect(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)
    near = socket.create_connection((address, port), 2)
    return near, listener.accept()[0]
def passes(pair):
    near, far = pair
    far.settimeout(1)
    near.send(b"x")
    try:
        return far.recv(1) == b"x"
    except TimeoutError:
        return False
def asked(**changed):
    row = {"source": "127.0.0.1", "destination": "127.0.0.1", "protocol": "tcp", "port": 104}
    return connections.tracked([row | changed])
"""


def test_cut_is_what_was_asked_for_and_nothing_else(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        policy("ct state new accept;")
        old, other, six = connect("127.0.0.1", 104), connect("127.0.0.1", 105), connect("::1", 104)
        policy("")
        assert passes(old) and passes(other) and passes(six), "removing the flow cuts nobody"
        both = asked() + asked(source="::/0", destination="::1")
        counts = [count for _one, count in cut.cut_connections(both, True).counts]
        assert counts == [1, 1] and passes(old), "check mode counts"
        assert [count for _one, count in cut.cut_connections(both, False).counts] == [1, 1]
        assert [count for _one, count in cut.cut_connections(both, False).counts] == [0, 0], "nothing left to do"
        assert not passes(old) and not passes(six) and passes(other)
        assert cut.cut_connections([], False).counts == ()
        """,
        before=NETWORK,
    )


def test_where_the_tool_is_missing_or_fails_it_is_said(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        cut.find_program = lambda name: None
        assert "install the package conntrack" in str(refused(cut.cut_connections, asked(), False))
        done = cut.cut_connections(asked(), True)
        assert done.counts is None and "install the package conntrack" in done.warning
        cut.find_program = lambda name: "/bin/false"
        assert "failed for 127.0.0.1 -> 127.0.0.1 tcp/104" in str(refused(cut.cut_connections, asked(), False))
        """,
        before=NETWORK,
    )
