"""What the module firewall_flows_info says is what really went through a firewall in namespaces."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import pcap
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.flows import firewall_flows
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import Mode
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import read_seen_file
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
]

PROJECT = Path(__file__).resolve().parents[2]
LEFT, RIGHT, FIREWALL = ("10.1.0.2", "fd00:1::2"), ("10.2.0.2", "fd00:2::2"), ("10.2.0.1", "fd00:2::1")
DECLARED, UNDECLARED, NAME = 104, 2000, "left -> right: images"
FLOWS = [
    {"source": LEFT[place], "destination": RIGHT[place], "protocol": "tcp", "port": DECLARED, "reason": NAME}
    for place in (0, 1)
]


def ruleset(mode: Mode, size: int = 65535) -> str:
    """A ruleset as the product renders it, which declares one flow of each IP version; ``size`` of its memory."""
    policy = policy_from_flows("firewall", FLOWS, {"sources": ["192.0.2.1"]})
    return render(policy, mode).replace("size 65535", f"size {size}")


class Bed:
    """left - firewall - right, with a listener on the right for each port."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.left, self.firewall, self.right = (
            stack.enter_context(closing(Namespace(name))) for name in ("left", "firewall", "right")
        )
        self.firewall.join("left0", self.left, "lan0")
        self.firewall.join("right0", self.right, "lan0")
        self.firewall.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        for number, side in enumerate(("left", "right"), 1):
            host = getattr(self, side)
            for namespace, interface, part in ((self.firewall, f"{side}0", 1), (host, "lan0", 2)):
                # A router asks for its neighbours from its link-local address only.
                namespace.ip(
                    f"addr add 10.{number}.0.{part}/24 dev {interface}",
                    f"addr add fd00:{number}::{part}/64 dev {interface} nodad",
                    f"addr add fe80::{part}/64 dev {interface} nodad",
                )
            host.ip(f"route add default via 10.{number}.0.1", f"route add default via fd00:{number}::1")
        for family in (socket.AF_INET, socket.AF_INET6):
            for port in (DECLARED, UNDECLARED):
                self._listen(self.right, family, port)
            self._listen(self.firewall, family, UNDECLARED)

    def _listen(self, namespace: Namespace, family: socket.AddressFamily, port: int) -> None:
        listener = self._stack.enter_context(namespace.socket(family, socket.SOCK_STREAM))
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        listener.listen(64)

    def load(self, text: str) -> None:
        self.firewall.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{text}")

    def connect(self, address: str, port: int, times: int = 1, keep: bool = False, wait: float = 2) -> int:
        """Open TCP connections from the left; how many were answered."""
        answered = 0
        for _number in range(times):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            caller = self.left.socket(family, socket.SOCK_STREAM)
            caller.connect_ex((address, port))
            _readable, writable, _broken = select.select([], [caller], [], wait)
            answered += bool(writable) and caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            if keep:
                self._stack.enter_context(caller)
            else:
                caller.close()
        return answered

    def datagrams(self, address: str, port: int, times: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.left.socket(family, socket.SOCK_DGRAM) as sender:
            for _number in range(times):
                sender.sendto(b"x", (address, port))

    def seen(self, **options: Any) -> dict[str, Any]:
        with self.firewall.inside():
            return firewall_flows(Host(layout=Layout(journal="/nonexistent")), 20, **options)


@pytest.fixture
def bed() -> Iterator[Bed]:
    with ExitStack() as stack:
        yield Bed(stack)


def by_key(seen: dict[str, Any]) -> dict[tuple[str, str, str, int], int]:
    return {
        (one["source"], one["destination"], one["protocol"], one["port"]): one["count"] for one in seen["undeclared"]
    }


def test_watching_undeclared_connections_survive_and_are_listed(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    for place in (0, 1):
        assert bed.connect(RIGHT[place], DECLARED, times=2) == 2
        assert bed.connect(RIGHT[place], UNDECLARED, times=3) == 3
        assert bed.connect(FIREWALL[place], UNDECLARED) == 1
        bed.datagrams(RIGHT[place], 514, times=4)
    seen = bed.seen()
    assert (seen["mode"], seen["mode_reason"], seen["memory"], seen["full"]) == ("watch", None, True, False)
    assert by_key(seen) == {
        (LEFT[place], *rest): count
        for place in (0, 1)
        for *rest, count in (
            (RIGHT[place], "tcp", UNDECLARED, 3),
            (RIGHT[place], "udp", 514, 4),
            (FIREWALL[place], "tcp", UNDECLARED, 1),
        )
    }
    assert all(0 <= one["idle"] <= 10 for one in seen["undeclared"])
    assert [(one["note"], one["count"]) for one in seen["declared"]] == [(NAME, 2)] * 2
    assert seen["unused"] == ["management"]
    assert seen["counters"]["undeclared_forward"] == 14
    assert seen["counters"]["undeclared_input"] == 2
    assert {*FIREWALL} < {*seen["own_addresses"]}


def test_enforcing_they_are_refused_and_listed_just_the_same(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    assert bed.connect(RIGHT[0], UNDECLARED) == 1, "the positive control"
    bed.load(ruleset("enforce"))
    assert bed.connect(RIGHT[0], UNDECLARED, wait=0.2) == 0
    assert bed.connect(RIGHT[1], DECLARED) == 1
    seen = bed.seen()
    assert seen["mode"] == "enforce"
    assert by_key(seen) == {(LEFT[0], RIGHT[0], "tcp", UNDECLARED): 1}
    (used,) = seen["declared"]
    assert used["set"] == "exact6_from_everywhere_to_everywhere"
    assert used["key"] == [LEFT[1], RIGHT[1], "tcp", str(DECLARED)]


def test_a_memory_that_is_full_says_so_and_counts_the_rest(bed: Bed) -> None:
    bed.load(ruleset("watch", size=4))
    for port in range(3000, 3004):
        bed.datagrams(RIGHT[0], port, times=1)
    assert bed.seen()["not_remembered"] == 0
    for port in range(3004, 3010):
        bed.datagrams(RIGHT[0], port, times=1)
    seen = bed.seen()
    assert seen["full"] is True
    assert len(seen["undeclared"]) == 4
    assert seen["not_remembered"] == 6


def test_time_since_the_last_attempt(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    bed.datagrams(RIGHT[0], 514, times=1)
    time.sleep(2.2)
    bed.datagrams(RIGHT[0], 515, times=1)
    idle = {one["port"]: one["idle"] for one in bed.seen()["undeclared"]}
    assert idle[514] >= 2
    assert idle[515] <= 1


def test_what_the_console_opened(bed: Bed) -> None:
    bed.load(ruleset("enforce"))
    assert bed.seen()["opening"] is None
    bed.firewall.run("nft", "add", "element", "inet", "pacs", "opened", "{ tcp timeout 30m, udp timeout 30m }")
    opening = bed.seen()["opening"]
    assert opening["protocols"] == ["tcp", "udp"]
    assert 1790 <= opening["seconds_left"] <= 1800


def test_connections_that_are_open(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    for place in (0, 1):
        assert bed.connect(RIGHT[place], UNDECLARED, times=2, keep=True) == 2
    bed.datagrams(RIGHT[0], 514, times=1)
    seen = bed.seen()
    assert seen["connections_reason"] is None
    found = [(one["source"], one["destination"], one["port"], one["count"]) for one in seen["connections"]]
    assert found == [(LEFT[place], RIGHT[place], UNDECLARED, 2) for place in (0, 1)], "nobody answered the datagram"
    assert all(one["seconds_left"] > 1000 for one in seen["connections"])
    assert bed.seen(connections=False)["connections"] is None


def test_the_evidence_of_the_host_says_the_same(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    assert bed.connect(RIGHT[0], UNDECLARED, keep=True) == bed.connect(RIGHT[1], DECLARED) == 1
    with bed.firewall.inside():
        parts = host_evidence(["firewall_flows"], 20, Host(layout=Layout(journal="/nonexistent")))["parts"]
    assert parts["firewall_flows"]["status"] == "ok"
    value, seen = parts["firewall_flows"]["value"], bed.seen()
    for name in ("mode", "undeclared", "unused", "memory", "own_addresses"):
        assert value[name] == seen[name], name
    assert (value["used"], [one["port"] for one in value["connections"]]) == (1, [UNDECLARED])


def test_sixty_five_thousand_attempts_are_read_within_seconds(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    elements = ", ".join(
        f"10.1.{number >> 8}.{number & 255} . 10.2.0.2 . tcp . {1024 + number % 50000}" for number in range(65535)
    )
    bed.firewall.run("nft", "-f", "-", text=f"add element inet pacs undeclared4 {{ {elements} }}")
    started = time.monotonic()
    json.loads(bed.firewall.run("nft", "-j", "list", "table", "inet", "pacs"))
    listed = time.monotonic()
    seen = bed.seen(connections=False)
    read = time.monotonic()
    assert len(seen["undeclared"]) == 65535
    assert seen["full"] is True
    ratio = (read - listed) / (listed - started)
    assert ratio < 4, f"{read - listed:.1f} s are {ratio:.1f} times what nft and a JSON parser alone take"


def test_a_capture_tells_what_the_memory_tells(bed: Bed) -> None:
    bed.load(ruleset("watch"))
    with bed.firewall.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as recorder:  # ETH_P_ALL
        recorder.bind(("left0", 3))
        for place in (0, 1):
            assert bed.connect(RIGHT[place], UNDECLARED, times=3) == 3
            bed.datagrams(RIGHT[place], 514, times=1)
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(recorder.recv(65535))
    file = read_seen_file("left0.pcap", pcap(frames))
    assert file.notes == ()
    told = {
        (flow.key.source, flow.key.destination, flow.key.protocol, flow.key.port): flow.count for flow in file.flows
    }
    assert told == by_key(bed.seen())
    assert {flow.key.port: flow.answered for flow in file.flows} == {UNDECLARED: True, 514: False}


def test_the_module_as_ansible_runs_it(bed: Bed) -> None:
    command = [
        str(Path(sys.executable).parent / "ansible"),
        *("localhost", "-i", "localhost,", "-c", "local", "--check", "-m", "pacs.hardening.firewall_flows_info"),
        *("-e", "ansible_python_interpreter=/usr/bin/python3"),
    ]

    def module() -> dict[str, Any]:
        output = bed.firewall.run("env", "ANSIBLE_NOCOLOR=1", f"ANSIBLE_CONFIG={PROJECT / 'ansible.cfg'}", *command)
        first, _arrow, rest = output.partition(" => ")
        assert first.endswith("SUCCESS"), output
        document: dict[str, Any] = yaml.safe_load(rest)
        return document

    bare = module()
    assert (bare["mode"], bare["mode_reason"]) == ("none", "there is no table inet pacs")
    assert (bare["undeclared"], bare["memory"], bare["changed"]) == ([], False, False)
    bed.load(ruleset("watch"))
    assert bed.connect(RIGHT[0], UNDECLARED) == 1
    watching = module()
    assert watching["mode"] == "watch"
    assert by_key(watching) == {(LEFT[0], RIGHT[0], "tcp", UNDECLARED): 1}
