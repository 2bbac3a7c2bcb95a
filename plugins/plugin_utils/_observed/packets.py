# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who opens connections to whom, from packets: each TCP SYN without ACK, and the first datagram of a UDP exchange.

Of what is sent, only this is looked at: the head of a DICOM A-ASSOCIATE-RQ with its two AE titles (PS3.8 table 9-11,
bytes 1 to 42 and 75, 76), and the first four bytes of an HL7 message over MLLP.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from ...module_utils._dicom.ae_title import ae_title_problem
from .._flows.ihe import Listener
from .._site.vocabulary import SERVICES
from .capture import Data, Packet
from .model import FlowKey, SeenFlow

#: Link types: with an EtherType after so many bytes (Ethernet, Linux "cooked"), and with the IP packet after so many
#: (BSD's loopback, raw IP). The second version of "cooked" has its EtherType in front.
_ETHER_TYPE_AT = {1: 12, 113: 14}
_PACKET_AT = {0: 4, 108: 4, 12: 0, 14: 0, 101: 0, 228: 0, 229: 0}
_COOKED_2 = 276
_TAGS, _IP = (0x8100, 0x88A8, 0x9100), (0x0800, 0x86DD)
_TCP, _UDP, _FRAGMENT, _AUTHENTICATION = 6, 17, 44, 51
_EXTENSIONS = (0, 43, 60, _FRAGMENT, _AUTHENTICATION)
_SYN, _ACK = 0x02, 0x10
_ASSOCIATE_RQ, _MLLP = 1, b"\x0bMSH"
#: Up to the application context, which every A-ASSOCIATE-RQ has.
_SHORTEST_RQ, _APPLICATION_CONTEXT = 76, b"\x10\x00"
_UDP_SERVICES = frozenset(port for service in SERVICES.values() if "udp" in service.protocols for port in service.ports)
_MOST_UNSTARTED = 1000

_number = struct.Struct(">H").unpack_from
_Address = IPv4Address | IPv6Address


@dataclass(slots=True)
class Tally:
    """What packets tell.

    ``called`` and ``calling`` count AE titles: of an address and port that was called, of an address that called.
    ``proven``: what was heard being spoken on an address and port. ``unstarted``: both ends, with ports, of TCP
    connections that had begun before the capture, so that nobody can tell who opened them.
    """

    packets: int = 0
    unreadable: int = 0
    flows: list[SeenFlow] = field(default_factory=list)
    unstarted: list[tuple[str, int, str, int]] = field(default_factory=list)
    called: dict[tuple[str, int], Counter[str]] = field(default_factory=dict)
    calling: dict[str, Counter[str]] = field(default_factory=dict)
    proven: dict[tuple[str, int], Listener] = field(default_factory=dict)


def tally(data: Data, packets: Iterable[Packet]) -> Tally:
    """Read all packets of a capture."""
    reading = _Reading(data)
    for link, start, end in packets:
        reading.packet(link, start, end)
    return reading.result()


class _Reading:
    """Works on bytes as they stand in the packets: a flow is both addresses and the destination's port, a connection is
    both addresses and both ports. Only what is left at the end becomes text.
    """

    def __init__(self, data: Data) -> None:
        self._data = data
        self._tally = Tally()
        self._opened: Counter[bytes] = Counter()
        self._sent: Counter[bytes] = Counter()
        self._answered: set[bytes] = set()
        self._attempts: set[bytes] = set()
        self._connections: set[bytes] = set()
        self._unstarted: dict[bytes, None] = {}
        self._exchanges: dict[bytes, bytes] = {}
        self._associations: dict[bytes, tuple[str, str]] = {}
        self._messages: set[bytes] = set()

    def packet(self, link: int, start: int, end: int) -> None:
        """Take in one packet; one that can't be read is counted."""
        self._tally.packets += 1
        try:
            at = self._ip(link, start)
            if at is not None and not self._understood(at, end):
                self._tally.unreadable += 1
        except (IndexError, LookupError, struct.error):
            self._tally.unreadable += 1

    def _ip(self, link: int, start: int) -> int | None:
        """Where the IP packet starts, None if there is none."""
        data = self._data
        if link == _COOKED_2:
            return start + 20 if _number(data, start)[0] in _IP else None
        at = _ETHER_TYPE_AT.get(link)
        if at is None:
            return start + _PACKET_AT[link]
        at += start
        kind = _number(data, at)[0]
        while kind in _TAGS:
            at += 4
            kind = _number(data, at)[0]
        return at + 2 if kind in _IP else None

    def _understood(self, at: int, end: int) -> bool:
        data = self._data
        version = data[at] >> 4
        if version == 4 and at + 20 <= end:
            # Of a segment that the network card will cut up, the length is 0.
            stop = min(end, at + (_number(data, at + 2)[0] or end - at))
            if _number(data, at + 6)[0] & 0x1FFF:
                return True  # a later fragment has no ports
            return self._transport(data[at + 9], data[at + 12 : at + 20], at + (data[at] & 15) * 4, stop)
        if version == 6 and at + 40 <= end:
            stop = min(end, at + 40 + (_number(data, at + 4)[0] or end - at - 40))
            following, ends = data[at + 6], data[at + 8 : at + 40]
            at += 40
            while following in _EXTENSIONS and at + 8 <= stop:
                if following == _FRAGMENT and _number(data, at + 2)[0] & 0xFFF8:
                    return True
                length = 8 if following == _FRAGMENT else 8 + data[at + 1] * (4 if following == _AUTHENTICATION else 8)
                following, at = data[at], at + length
            return self._transport(following, ends, at, stop)
        return False

    def _transport(self, protocol: int, ends: bytes, at: int, stop: int) -> bool:
        if protocol == _TCP:
            if at + 20 > stop:
                return False
            self._segment(ends, at, stop)
        elif protocol == _UDP:
            if at + 8 > stop:
                return False
            self._datagram(ends, self._data[at : at + 4])
        return True

    def _segment(self, ends: bytes, at: int, stop: int) -> None:
        data = self._data
        ports, flags = data[at : at + 4], data[at + 13]
        connection = ends + ports
        if flags & (_SYN | _ACK) == _SYN:
            # The same one again, with the same sequence number, is no new attempt.
            attempt = connection + data[at + 4 : at + 8]
            if attempt not in self._attempts:
                self._attempts.add(attempt)
                self._opened[ends + ports[2:]] += 1
                self._begun(connection)
            return
        if flags & _SYN:
            back = _reversed(connection)
            self._answered.add(back[: len(ends)] + back[-2:])
            if back not in self._connections:
                self._opened[back[: len(ends)] + back[-2:]] += 1
                self._begun(back)
            return
        if connection not in self._connections:
            self._begun(connection)
            self._unstarted[connection] = None
        first = at + (data[at + 12] >> 4) * 4
        if first < stop:
            if data[first] == _ASSOCIATE_RQ:
                self._association(connection, data[first : min(stop, first + _SHORTEST_RQ)])
            elif data[first] == _MLLP[0] and data[first : min(stop, first + 4)] == _MLLP:
                self._messages.add(connection)

    def _begun(self, connection: bytes) -> None:
        self._connections.add(connection)
        self._connections.add(_reversed(connection))

    def _association(self, connection: bytes, pdu: bytes) -> None:
        """Keep the titles of an A-ASSOCIATE-RQ. Whoever sends it opened the connection."""
        known = len(pdu) == _SHORTEST_RQ and pdu[1] == 0 and pdu[7] & 1 and pdu[74:76] == _APPLICATION_CONTEXT
        if not known or connection in self._associations:
            return
        called, calling = (pdu[place : place + 16].decode("latin-1").strip(" ") for place in (10, 26))
        if ae_title_problem(called) is None and ae_title_problem(calling) is None:
            self._associations[connection] = called, calling
            if connection in self._unstarted:
                del self._unstarted[connection]
                self._opened[connection[:-4] + connection[-2:]] += 1

    def _datagram(self, ends: bytes, ports: bytes) -> None:
        exchange = ends + ports
        flow = self._exchanges.get(exchange)
        if flow is not None:
            if flow:
                self._answered.add(flow)
            return
        source, destination = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
        if source in _UDP_SERVICES and destination not in _UDP_SERVICES:
            # The question was asked before the capture began; this is the answer.
            exchange = _reversed(exchange)
        self._exchanges[exchange] = b""
        flow = exchange[:-4] + exchange[-2:]
        self._exchanges[_reversed(exchange)] = flow
        self._sent[flow] += 1

    def result(self) -> Tally:
        """Everything as text, without what never leaves its own network: broadcasts, multicasts, link-local."""
        found = self._tally
        # Where no answer at all was heard, answers took another way than past this capture.
        told = bool(self._answered)
        for protocol, flows in (("tcp", self._opened), ("udp", self._sent)):
            for flow, count in flows.items():
                source, destination, port = _ends(flow)
                if _travels(source) and _travels(destination):
                    key = FlowKey(str(source), str(destination), protocol, port)
                    found.flows.append(SeenFlow(key, count, answered=flow in self._answered if told else None))
        for connection, (called, calling) in self._associations.items():
            source, destination, port = _ends(connection[:-4] + connection[-2:])
            listener = str(destination), port
            found.called.setdefault(listener, Counter())[called] += 1
            found.calling.setdefault(str(source), Counter())[calling] += 1
            found.proven[listener] = "application_entities"
        for connection in self._messages:
            flow = connection[:-4] + connection[-2:]
            if flow not in self._opened:
                # Acknowledgements look the same, and come from the listener.
                back = _reversed(connection)
                flow = back[:-4] + back[-2:]
            if flow in self._opened:
                _source, destination, port = _ends(flow)
                found.proven.setdefault((str(destination), port), "hl7_applications")
        for connection in list(self._unstarted)[:_MOST_UNSTARTED]:
            source, destination, port = _ends(connection[:-4] + connection[-2:])
            if _travels(source) and _travels(destination):
                from_port = int.from_bytes(connection[-4:-2], "big")
                found.unstarted.append((str(source), from_port, str(destination), port))
        return found


def _reversed(connection: bytes) -> bytes:
    half = (len(connection) - 4) // 2
    return connection[half:-4] + connection[:half] + connection[-2:] + connection[-4:-2]


def _ends(flow: bytes) -> tuple[_Address, _Address, int]:
    half = (len(flow) - 2) // 2
    return ip_address(flow[:half]), ip_address(flow[half:-2]), int.from_bytes(flow[-2:], "big")


def _travels(address: _Address) -> bool:
    """Whether it can be the address of somebody on another network."""
    there = address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local
    return not there and address != IPv4Address("255.255.255.255")
