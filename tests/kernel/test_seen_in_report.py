"""What the compliance report says of a firewall in namespaces is what really passes there: an undeclared connection,
and one that outlives its flow until it is cut.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from compliance_example import NOW, VERSION, controls
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import PARTS
from ansible_collections.pacs.hardening.plugins.module_utils._io.connections import cut_connections
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._nft.connections import tracked
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.assess import assess
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import Mode
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
    pytest.mark.skipif(shutil.which("conntrack") is None, reason="needs conntrack"),
]

VIEWER, SCANNER, STRANGER = "10.1.0.2", "10.2.0.2", "10.1.0.9"
DICOM, SERVICE, FORGOTTEN = 104, 2222, 445


def site(*ports: int) -> dict[str, Any]:
    """A viewer that may reach the scanner on these ports."""
    reason = {"protocol": "tcp", "reason": "images"}
    return {
        "name": "Two Rooms",
        "management": {"sources": ["192.0.2.0/28"]},
        "zones": {
            "management": {"networks": ["192.0.2.0/28"]},
            "reading": {"networks": ["10.1.0.0/24"]},
            "modality": {"networks": ["10.2.0.0/24"]},
        },
        "devices": {
            "ws7": {"zone": "reading", "addresses": [VIEWER], "actors": ["image_display"]},
            "ct7": {"zone": "modality", "addresses": [SCANNER], "actors": ["acquisition_modality"]},
        },
        "conduits": [{"from": "ws7", "to": "ct7", "ports": [port], **reason} for port in ports],
        "firewalls": {
            "core": {
                "kind": "internal",
                "addresses": ["192.0.2.1"],
                "interfaces": {"reading": "reading0", "modality": "modality0", "management": "mgmt0"},
            }
        },
    }


class Rooms:
    """ws7 - core - ct7, and a listener of ct7 on each port."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._left, self._core, self._right = (
            stack.enter_context(closing(Namespace(name))) for name in ("ws7", "core", "ct7")
        )
        self._core.join("reading0", self._left, "lan0")
        self._core.join("modality0", self._right, "lan0")
        self._core.sysctl(ipv4__ip_forward=1)
        self._core.ip("addr add 10.1.0.1/24 dev reading0", "addr add 10.2.0.1/24 dev modality0")
        for room, number in ((self._left, 1), (self._right, 2)):
            room.ip(f"addr add 10.{number}.0.2/24 dev lan0", f"route add default via 10.{number}.0.1")
        self._left.ip(f"addr add {STRANGER}/24 dev lan0")
        self._listeners = {port: self._listen(port) for port in (DICOM, SERVICE, FORGOTTEN)}

    def _listen(self, port: int) -> socket.socket:
        listener = self._stack.enter_context(self._right.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((SCANNER, port))
        listener.listen(8)
        listener.settimeout(3)
        return listener

    def enforce(self, document: dict[str, Any], mode: Mode = "enforce") -> None:
        rules = render(compile_site(document).policies["core"], mode)
        self._core.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{rules}")

    def connect(self, port: int, source: str = VIEWER) -> tuple[socket.socket, socket.socket]:
        """Both ends of a connection that was let through."""
        near = self._stack.enter_context(self._left.socket(socket.AF_INET, socket.SOCK_STREAM))
        near.bind((source, 0))
        near.settimeout(3)
        near.connect((SCANNER, port))
        far = self._stack.enter_context(self._listeners[port].accept()[0])
        far.settimeout(1)
        return near, far

    def judge(self, document: dict[str, Any]) -> tuple[str, list[str]]:
        """State of INV-02, and what was seen."""
        with self._core.inside():
            evidence = host_evidence(PARTS, 20, Host(layout=Layout(journal="/nonexistent")))
        hosts = {"core": {"reached": "ok", "reason": "", "evidence": evidence}}
        report = assess(
            compile_site(document), controls(), hosts=hosts, network={}, waivers=[], now=NOW, version=VERSION
        )
        (one,) = (found.judgement for found in report.findings if found.judgement.control.id == "INV-02")
        return one.state, list(one.observed)

    def cut(self, port: int) -> int | None:
        row = {"source": VIEWER, "destination": SCANNER, "protocol": "tcp", "port": port}
        with self._core.inside():
            counts = cut_connections(tracked([row]), False).counts
        return counts[0][1] if counts else None


def passes(ends: tuple[socket.socket, socket.socket]) -> bool:
    """Whether what one end sends arrives at the other."""
    near, far = ends
    near.send(b"x")
    try:
        return far.recv(1) == b"x"
    except TimeoutError:
        return False


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    with ExitStack() as stack:
        yield Rooms(stack)


def test_an_undeclared_connection_is_named_while_it_passes_and_until_it_is_declared(rooms: Rooms) -> None:
    assert rooms.judge(site(DICOM)) == (
        "not_assessed",
        ["nothing is known of what passes it: there is no table inet pacs"],
    )
    rooms.enforce(site(DICOM), "watch")
    assert passes(rooms.connect(DICOM))
    assert rooms.judge(site(DICOM))[0] == "pass", "the control: it is declared"
    assert passes(rooms.connect(FORGOTTEN)) and passes(rooms.connect(FORGOTTEN))
    state, observed = rooms.judge(site(DICOM))
    assert state == "fail"
    assert observed[0].startswith("would be cut: ws7 -> ct7:445 tcp, 2 times, last "), observed
    assert rooms.judge(site(DICOM, FORGOTTEN))[0] == "pass"


def test_what_was_removed_and_is_still_open_is_listed_until_it_is_cut(rooms: Rooms) -> None:
    before, after = site(DICOM, SERVICE), site(DICOM)
    rooms.enforce(before)
    kept = rooms.connect(SERVICE)
    assert rooms.judge(before)[0] == "pass"
    rooms.enforce(after)
    assert passes(kept), "removing the flow cuts nobody"
    state, observed = rooms.judge(after)
    assert state == "fail"
    still = "still open, though nothing declares it: ws7 -> ct7:2222 tcp, 1 connection: no known service"
    assert observed[0] == still

    assert rooms.cut(SERVICE) == 1
    assert not passes(kept)
    state, observed = rooms.judge(after)
    assert state == "pass"
    assert not any("still open" in text for text in observed), observed


def test_what_is_refused_is_worth_a_look_where_a_device_tries_it(rooms: Rooms) -> None:
    rooms.enforce(site(DICOM))
    with pytest.raises(TimeoutError):
        rooms.connect(FORGOTTEN, STRANGER)
    state, observed = rooms.judge(site(DICOM))
    assert state == "pass"
    assert observed[0].startswith("refused: an address in reading -> ct7:445 tcp, "), observed
    with pytest.raises(TimeoutError):
        rooms.connect(FORGOTTEN)
    state, observed = rooms.judge(site(DICOM))
    assert state == "warn"
    assert observed[0].startswith("refused: ws7 -> ct7:445 tcp, "), observed
