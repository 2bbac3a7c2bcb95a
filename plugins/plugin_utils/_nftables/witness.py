# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a box to one packet that people can follow and send: only packets that can exist, and likely ones first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from .interfaces import NONE, Interfaces
from .packets import (
    CODE,
    DESTINATION,
    DIMENSIONS,
    EVERY_PROTOCOL,
    EXTENSION,
    FAMILY,
    HOPS,
    ICMP,
    ICMPV6,
    IN,
    NEW,
    OUT,
    PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    STATE,
    STATES,
    TCP,
    TYPE,
    UDP,
    UNTRACKED,
    WITH_PORTS,
    Box,
    Span,
    complement,
    narrow,
)

_PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "icmpv6", 132: "sctp", 136: "udplite"}
#: Types of ICMP with which conntrack starts a connection, and those of ICMPv6 that it doesn't track at all.
_FIRST_TYPES = {ICMP: (8, 13, 15, 17), ICMPV6: (128, 139)}
_UNTRACKED_TYPES = (130, 131, 132, 133, 134, 135, 136, 143)
#: What is tried first: a new connection to one of these, which anybody can make.
_LIKELY_PORTS = (22, 80, 443)
#: Headers that the kernel steps over when it looks for the protocol (ipv6_find_hdr), so that no packet is of these.
_STEPPED_OVER = (0, 43, 44, 51, 60)
_LIKELY = {SOURCE_PORT: (40000,), HOPS: (64, 255), EXTENSION: (0,), CODE: (0,)}
#: Addresses for documentation (RFC 5737, RFC 3849) stand for anybody's.
_ANYBODY: Mapping[int, tuple[int, ...]] = {
    4: (0xC0000201, 0xC6336401, 0xCB007101),
    6: (0x20010DB8 << 96 | 1, 0x20010DB8 << 96 | 1 << 64 | 1),
}
#: 0.0.0.0/8, 127.0.0.0/8 and from 224.0.0.0 on nobody sends from, or to through a router; the same of IPv6.
_UNUSABLE: Mapping[int, tuple[Span, ...]] = {
    4: ((0, 0xFFFFFF), (0x7F000000, 0x7FFFFFFF), (0xE0000000, 0xFFFFFFFF)),
    6: ((0, 0x1FFF << 112), (0xFE80 << 112, 0xFEBF << 112 | (1 << 112) - 1), (0xFF << 120, (1 << 128) - 1)),
}


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. ``out_interface`` is empty for one to the firewall itself; ``port`` is None where there are none.

    ``icmp_type`` is None for all but ICMP. ``ct_state`` is what conntrack says of it.
    """

    family: int
    in_interface: str
    out_interface: str
    source: str
    destination: str
    protocol: str
    port: int | None
    ct_state: str
    source_port: int | None
    icmp_type: int | None
    hop_limit: int
    extension_header: bool


@lru_cache(maxsize=2)
def _possible(family: int) -> tuple[Mapping[int, Span], ...]:
    """The packets that can exist, as bounds of boxes: fields that a protocol lacks are 0. Likely ones first."""
    icmp = ICMP if family == 4 else ICMPV6
    found: list[dict[int, Span]] = [{PROTOCOL: (number, number)} for number in (TCP, UDP)]
    one_byte: dict[int, Span] = {PROTOCOL: (icmp, icmp), CODE: (0, 255)}
    for kind in _FIRST_TYPES[icmp]:
        found.append({**one_byte, TYPE: (kind, kind), STATE: (NEW, NEW)})
    untracked = [(kind, kind) for kind in _UNTRACKED_TYPES] if family == 6 else []
    found += [{**one_byte, TYPE: span, STATE: (UNTRACKED, UNTRACKED)} for span in untracked or [(0, 255)]]
    for span in complement(untracked, (0, 255)):
        found += [{**one_byte, TYPE: span, STATE: states} for states in ((0, 0), (NEW + 1, NEW + 2))]
    found += [{PROTOCOL: (number, number)} for number in WITH_PORTS if number not in (TCP, UDP)]
    known = [(number, number) for number in (*WITH_PORTS, icmp, *(_STEPPED_OVER if family == 6 else ()))]
    # ICMP of the other IP version is one of these; no rule on types looks at it.
    others = complement(known, EVERY_PROTOCOL)
    found += [{PROTOCOL: span, SOURCE_PORT: (0, 0), PORT: (0, 0)} for span in others]
    return tuple(found)


def likely_first(box: Box) -> Iterator[Box]:
    """The connections of a box that people think of first, one port each; then the box itself."""
    for port in _LIKELY_PORTS:
        part = narrow(box, (STATE, PROTOCOL, PORT), ((NEW, NEW), (TCP, TCP), (port, port)))
        if part is not None:
            yield part
    yield box


def existing(box: Box) -> Iterator[Box]:
    """The parts of a box whose packets can exist."""
    for bounds in _possible(box[FAMILY][0]):
        part = narrow(box, tuple(bounds), tuple(bounds.values()))
        if part is not None:
            yield part


class Pointer:
    """Picks a packet of a box. ``likely`` gives, by IP version and interface, addresses that people know."""

    def __init__(self, interfaces: Interfaces, likely: Mapping[tuple[int, int], Iterable[int]]) -> None:
        self._interfaces = interfaces
        self._likely = {behind: tuple(values) for behind, values in likely.items()}

    def pick(self, box: Box) -> Packet:
        """One packet of a box that ``existing`` gave."""
        point: list[int] = []
        for dimension in range(DIMENSIONS):
            # Nobody sends to the address that he sends from.
            point.append(self._value(dimension, box, point[SOURCE] if dimension == DESTINATION else None))
        protocol = point[PROTOCOL]
        ports = protocol in WITH_PORTS
        icmp = protocol == (ICMP if point[FAMILY] == 4 else ICMPV6)
        return Packet(
            family=point[FAMILY],
            in_interface=self._interfaces.name(point[IN]),
            out_interface="" if point[OUT] == NONE else self._interfaces.name(point[OUT]),
            source=address_text(point[FAMILY], point[SOURCE]),
            destination=address_text(point[FAMILY], point[DESTINATION]),
            protocol=_PROTOCOL_NAMES.get(protocol, str(protocol)) if icmp or ports else str(protocol),
            port=point[PORT] if ports else None,
            ct_state=STATES[point[STATE]],
            source_port=point[SOURCE_PORT] if ports else None,
            icmp_type=point[TYPE] if icmp else None,
            hop_limit=point[HOPS],
            extension_header=bool(point[EXTENSION]),
        )

    def _value(self, dimension: int, box: Box, but_rather_not: int | None) -> int:
        first, last = box[dimension]
        if dimension == STATE:
            return NEW if first <= NEW <= last else last if last < NEW else first
        if first == last:
            return first
        for value in self._likely_values(dimension, box):
            if first <= value <= last and value != but_rather_not:
                return value
        if dimension in (SOURCE, DESTINATION):
            usable = complement(_UNUSABLE[box[FAMILY][0]], (first, last))
            for low, high in usable:
                if low <= high and low >= first:
                    return low + 1 if low < high else low
        if dimension == PORT and box[PROTOCOL][0] in (TCP, UDP):
            return next((port for port in _LIKELY_PORTS if first <= port <= last), max(first, 1))
        return first

    def _likely_values(self, dimension: int, box: Box) -> Iterable[int]:
        if dimension not in (SOURCE, DESTINATION):
            return _LIKELY.get(dimension, ())
        family = box[FAMILY][0]
        interface = box[IN if dimension == SOURCE else OUT][0]
        return (*self._likely.get((family, interface), ()), *_ANYBODY[family])


def address_text(family: int, number: int) -> str:
    """An address as people write it."""
    return str(ip_address(number.to_bytes(4 if family == 4 else 16, "big")))
