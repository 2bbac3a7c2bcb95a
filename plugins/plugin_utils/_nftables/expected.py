# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy says of packets, as boxes: those that must pass, and those that may.

Both hooks work alike. May pass: what is permitted, whatever belongs to known connections but to those of interventions
outside their windows, and what a host can't live without. Must pass: the first packets of what is permitted, and the
answers. Everything else must not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from .._policy.model import Admission, EnforcementPolicy, Permit
from .._policy.model import Span as ZoneSpan
from .._site.model import Network
from .interfaces import LOOPBACK, NONE, Interfaces
from .packets import (
    CODE,
    DESTINATION,
    ESTABLISHED,
    EXTENSION,
    HOPS,
    ICMP,
    ICMPV6,
    IN,
    NEW,
    OUT,
    PORT,
    PROTOCOL,
    RELATED,
    SOURCE,
    SOURCE_PORT,
    STATE,
    TCP,
    TYPE,
    UDP,
    UNTRACKED,
    Box,
    Span,
    common,
    everything,
    narrow,
    without,
)
from .windows import Way, ways_of

_PROTOCOLS = {"tcp": TCP, "udp": UDP}
_ECHO_REQUEST = {4: (ICMP, 8), 6: (ICMPV6, 128)}
#: ICMP that tells a sender to send smaller packets: without it connections hang (RFC 792 type 3, RFC 4443 type 2).
_TOO_BIG = {4: (ICMP, 3), 6: (ICMPV6, 2)}
_SOLICIT, _NEIGHBOUR_SOLICIT, _NEIGHBOUR_ADVERT = 133, 135, 136
_LOCAL = {4: (0x7F000000, 0x7FFFFFFF), 6: (1, 1)}
#: nftables reads types and codes from one byte.
_BYTE: Span = (0, 255)


@dataclass(frozen=True, slots=True)
class Demand:
    """Packets that must pass. ``whole`` is the box that may pass and holds it; ``flow`` is the permit's note."""

    box: Box
    whole: Box
    flow: str
    group: tuple[str, ...]


@dataclass(slots=True)
class Expected:
    """One hook and IP version: the space of all packets, what may pass, and what must."""

    family: int
    hook: str
    space: Box
    allowed: list[Box] = field(default_factory=list)
    #: Interventions outside their windows: nothing of them passes, though conntrack may know them.
    closed: list[Box] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)


def expect_forward(
    policy: EnforcementPolicy, interfaces: Interfaces, family: int, windows: Collection[Way] = ()
) -> Expected:
    """What the policy says of packets that pass through the firewall, while ``windows`` are open."""
    space = everything(family, interfaces.forwarding, interfaces.forwarding)
    expected = Expected(family, "forward", space)
    expected.closed = list(_closed(policy, interfaces, space, family, windows))
    _known_connections(expected)
    for passage in policy.passages:
        ends = (policy.zones.get(passage.source_zone), policy.zones.get(passage.destination_zone))
        group = (passage.source_zone, passage.destination_zone)
        ways: Iterable[tuple[Span, Span]] = [
            (_one(interfaces.number(entry)), _one(interfaces.number(leg))) for entry, leg in passage.interfaces
        ] or [(interfaces.forwarding, interfaces.forwarding)]
        for permit in passage.permits:
            if permit.source.version != family:
                continue
            service = _service(permit, family)
            for source, destination in _clipped(permit, family, ends):
                for way_in, way_out in ways:
                    bounds = {IN: way_in, OUT: way_out, SOURCE: source, DESTINATION: destination, **service}
                    _permitted(expected, bounds, permit.note, group)
        for way, note in ways_of(passage.interventions, family):
            if way in windows:
                for way_in, way_out in ways:
                    _permitted(expected, {IN: way_in, OUT: way_out, **way.bounds()}, note, group)
    return expected


def _closed(
    policy: EnforcementPolicy, interfaces: Interfaces, space: Box, family: int, windows: Collection[Way]
) -> Iterator[Box]:
    """Both directions, by the interfaces that the first packet had to take for there to be a connection at all."""
    for passage in policy.passages:
        legs = [(_one(interfaces.number(entry)), _one(interfaces.number(leg))) for entry, leg in passage.interfaces]
        for way, _note in ways_of(passage.interventions, family):
            for one, other in legs if way not in windows else ():
                for bounds in ({IN: one, OUT: other, **way.bounds()}, {IN: other, OUT: one, **way.bounds_back()}):
                    box = _within(space, bounds)
                    if box is not None:
                        yield box


def expect_input(policy: EnforcementPolicy, interfaces: Interfaces, family: int) -> Expected:
    """What the policy says of packets to the firewall itself."""
    space = everything(family, interfaces.receiving, _one(NONE))
    expected = Expected(family, "input", space)
    _known_connections(expected)
    _own(expected)
    for admission in policy.admissions:
        if admission.source.version == family:
            way_in = _one(interfaces.number(admission.interface)) if admission.interface else interfaces.receiving
            for source in _admitted(admission, policy):
                bounds = {IN: way_in, SOURCE: source, **_service(admission, family)}
                _permitted(expected, bounds, admission.note, ("input", admission.interface))
    if family == 6:
        needed = any(permit.source.version == 6 for passage in policy.passages for permit in passage.permits)
        _neighbours(expected, interfaces, needed or any(item.source.version == 6 for item in policy.admissions))
    return expected


def _permitted(expected: Expected, bounds: Mapping[int, Span], note: str, group: tuple[str, ...]) -> None:
    whole = _within(expected.space, bounds)
    if whole is None:
        return
    expected.allowed.append(whole)
    first: dict[int, Span] = {STATE: _one(NEW), EXTENSION: _one(0)}
    if bounds[PROTOCOL][0] in (TCP, UDP):
        first[SOURCE_PORT] = (1, 65535)
    else:
        first[CODE] = _one(0)
    box = _within(whole, first)
    if box is not None:
        expected.demands.extend(_not_closed(expected, Demand(box, whole, note, group)))


def _not_closed(expected: Expected, demand: Demand) -> Iterable[Demand]:
    """What of a demand doesn't look like a closed intervention, as a connection from its port would in the other
    direction.
    """
    if all(common(demand.box, box) is None for box in expected.closed):
        return (demand,)
    return (replace(demand, box=box) for box in without([demand.box], expected.closed))


def answers(expected: Expected, demand: Demand) -> Iterator[Demand]:
    """The packets of a permitted connection that follow, in both directions, and one that says they are too big."""
    box = demand.box
    if box[STATE] != _one(NEW) or box[IN] == _one(LOOPBACK):
        return
    later = (*box[:STATE], _one(ESTABLISHED), *box[STATE + 1 :])
    if expected.hook == "forward":
        back = {IN: box[OUT], OUT: box[IN], SOURCE: box[DESTINATION], DESTINATION: box[SOURCE]}
    else:
        back = {IN: box[IN], SOURCE: box[SOURCE]}
    ports = {SOURCE_PORT: box[PORT], PORT: box[SOURCE_PORT]} if box[PROTOCOL][0] in (TCP, UDP) else {}
    if not ports:
        ports = {TYPE: _one(0 if expected.family == 4 else 129), CODE: _one(0)}
    plain: dict[int, Span] = {EXTENSION: _one(0)}
    answer = _within(expected.space, {**plain, **back, PROTOCOL: box[PROTOCOL], **ports, STATE: _one(ESTABLISHED)})
    protocol, kind = _TOO_BIG[expected.family]
    error = _within(
        expected.space,
        {**plain, **back, PROTOCOL: _one(protocol), TYPE: _one(kind), CODE: _BYTE, STATE: _one(RELATED)},
    )
    for packets in (later, answer, error):
        if packets is not None:
            yield from _not_closed(expected, Demand(packets, packets, demand.flow, demand.group))


def _known_connections(expected: Expected) -> None:
    known = _within(expected.space, {STATE: (ESTABLISHED, RELATED)})
    if known is not None:
        expected.allowed.extend(without([known], expected.closed))


def _own(expected: Expected) -> None:
    """What the host says to itself."""
    whole = _within(expected.space, {IN: _one(LOOPBACK)})
    if whole is None:
        return
    expected.allowed.append(whole)
    local = _LOCAL[expected.family]
    for protocol in (TCP, UDP):
        first: dict[int, Span] = {STATE: _one(NEW), EXTENSION: _one(0), SOURCE: local, DESTINATION: local}
        box = _within(whole, {**first, PROTOCOL: _one(protocol), SOURCE_PORT: (1, 65535)})
        if box is not None:
            expected.demands.append(Demand(box, whole, "the host's own connections", ("input", "lo")))


def _neighbours(expected: Expected, interfaces: Interfaces, needed: bool) -> None:
    """Neighbour discovery (RFC 4861), of which a hop limit of 255 proves that it comes from the same link."""
    on_link: dict[int, Span] = {PROTOCOL: _one(ICMPV6), HOPS: _one(255)}
    for kind in (_SOLICIT, _NEIGHBOUR_SOLICIT, _NEIGHBOUR_ADVERT):
        whole = _within(expected.space, {**on_link, TYPE: _one(kind)})
        if whole is None:
            continue
        expected.allowed.append(whole)
        first: dict[int, Span] = {STATE: _one(UNTRACKED), EXTENSION: _one(0), CODE: _one(0), IN: interfaces.forwarding}
        box = _within(whole, first)
        if needed and kind != _SOLICIT and box is not None:
            expected.demands.append(Demand(box, whole, "IPv6 neighbour discovery", ("input", "neighbours", str(kind))))


def _service(rule: Permit | Admission, family: int) -> dict[int, Span]:
    if rule.protocol == "icmp" or rule.ports is None:
        protocol, kind = _ECHO_REQUEST[family]
        return {PROTOCOL: _one(protocol), TYPE: _one(kind)}
    return {PROTOCOL: _one(_PROTOCOLS[rule.protocol]), PORT: (rule.ports.first, rule.ports.last)}


def _clipped(
    permit: Permit, family: int, ends: tuple[tuple[ZoneSpan, ...] | None, tuple[ZoneSpan, ...] | None]
) -> Iterator[tuple[Span, Span]]:
    """A permit's networks, as far as they lie in the zones at the ends of its passage, where these are declared."""
    networks = (permit.source, permit.destination)
    source, destination = (
        list(_inside(_ends(network), family, spans)) for network, spans in zip(networks, ends, strict=True)
    )
    return ((one, other) for one in source for other in destination)


def _inside(span: Span, family: int, zone: tuple[ZoneSpan, ...] | None) -> Iterator[Span]:
    if zone is None:
        yield span
        return
    for part in zone:
        if part.version == family and part.first <= span[1] and span[0] <= part.last:
            yield (max(span[0], part.first), min(span[1], part.last))


def _admitted(admission: Admission, policy: EnforcementPolicy) -> list[Span]:
    """The sources of an admission: a source of everything stands for the outside zone, where it has addresses."""
    version = admission.source.version
    outside = policy.zones.get(policy.outside or "", ()) if admission.source.prefixlen == 0 else ()
    spans = [(span.first, span.last) for span in outside if span.version == version]
    return spans or [_ends(admission.source)]


@lru_cache(maxsize=65536)
def _ends(network: Network) -> Span:
    """Ten thousand flows name few networks."""
    return (int(network.network_address), int(network.broadcast_address))


@lru_cache(maxsize=1024)
def _one(number: int) -> Span:
    """Shared: every flow has several of the same few."""
    return (number, number)


def _within(box: Box, bounds: Mapping[int, Span]) -> Box | None:
    return narrow(box, tuple(bounds), tuple(bounds.values()))
