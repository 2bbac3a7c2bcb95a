# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders an enforcement policy as one nftables table: zone-pair dispatch and sets, never a rule per flow.

A new connection costs one look-up of the pair of interfaces, one more where several zones lie behind them, and one per
set of the zone pair; so its cost doesn't grow with the number of flows. Text is emitted sorted, so that one policy
always gives one text. Works with nft 1.0.6 (Debian 12) and later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice, product

from .._policy.model import Admission, EnforcementPolicy, Passage, Permit, Span
from .._site.model import Network
from .boxes import Box, disjoint
from .names import chain_name, comment

TABLE = "inet pacs"
#: Denied packets are copied to this NFLOG group, at most ten a second; without a listener nothing happens.
LOG_GROUP = 5
_FAMILIES = ((4, "ip", "ipv4_addr", "icmp"), (6, "ip6", "ipv6_addr", "icmpv6"))
_NO_PORTS = (0, 0)


def render(policy: EnforcementPolicy) -> str:
    """The text of ``table inet pacs``, ready for ``nft -f`` in a transaction that first deletes the old one."""
    forward = [_Passage(passage) for passage in _by_zone_pair(policy.passages)]
    lines = [
        f"table {TABLE} {{",
        *_indent(_counters()),
        *_indent(line for passage in forward for line in passage.sets()),
        *_indent(_admission_sets(policy)),
        *_indent(line for passage in forward for line in passage.chain()),
        *_indent(_forward_chains(policy)),
        *_indent(_input_chain(policy.admissions)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _counters() -> Iterator[str]:
    yield 'counter denied_forward { comment "no declared flow" }'
    yield 'counter denied_input { comment "not addressed to this firewall by its administration" }'


def _by_zone_pair(passages: Sequence[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda passage: (passage.source_zone, passage.destination_zone))


class _Passage:
    """The sets and the chain of one zone pair."""

    def __init__(self, passage: Passage) -> None:
        self._name = chain_name(passage.source_zone, passage.destination_zone)
        self._points: dict[int, list[Box]] = {}
        self._ranges: dict[int, list[Box]] = {}
        self._pings: dict[int, list[Box]] = {}
        for version in (4, 6):
            permits = [permit for permit in passage.permits if permit.source.version == version]
            boxes = _unique(_box(permit) for permit in permits if permit.protocol != "icmp")
            self._points[version] = sorted(box for box in boxes if box.is_point)
            self._ranges[version] = disjoint(box for box in boxes if not box.is_point)
            self._pings[version] = disjoint(_box(permit) for permit in permits if permit.protocol == "icmp")

    def sets(self) -> Iterator[str]:
        for version, _ip, address, icmp in _FAMILIES:
            key = f"{address} . {address} . inet_proto . inet_service"
            yield from _set(
                f"exact{version}_{self._name}", key, "", (_flow(version, box) for box in self._points[version])
            )
            yield from _set(
                f"range{version}_{self._name}", key, "interval", (_flow(version, box) for box in self._ranges[version])
            )
            pings = (
                _element(box, _range(version, box.source), _range(version, box.destination), "echo-request")
                for box in self._pings[version]
            )
            yield from _set(f"ping{version}_{self._name}", f"{address} . {address} . {icmp}_type", "interval", pings)

    def chain(self) -> Iterator[str]:
        yield f"chain {self._name} {{"
        for version, ip, _address, icmp in _FAMILIES:
            ends = f"{ip} saddr . {ip} daddr"
            if self._points[version]:
                yield f"\t{ends} . meta l4proto . th dport @exact{version}_{self._name} accept"
            if self._ranges[version]:
                yield f"\t{ends} . meta l4proto . th dport @range{version}_{self._name} accept"
            if self._pings[version]:
                yield f"\t{ends} . {icmp} type @ping{version}_{self._name} accept"
        yield "}"


def _forward_chains(policy: EnforcementPolicy) -> Iterator[str]:
    """Dispatch: by interfaces, then by prefix where the interfaces alone don't tell the zones apart."""
    ways: dict[tuple[str, str], list[Passage]] = defaultdict(list)
    everywhere = [passage for passage in policy.passages if not passage.interfaces]
    for passage in _by_zone_pair(policy.passages):
        for way in passage.interfaces:
            ways[way].append(passage)
    jumps = []
    for number, (way, passages) in enumerate(sorted(ways.items()), 1):
        only = passages[0]
        if len(passages) == 1 and policy.outside not in (only.source_zone, only.destination_zone):
            target = chain_name(only.source_zone, only.destination_zone)
        else:
            target = f"way_{number}"
            yield from _way_chain(target, way, passages, policy)
        jumps.append(f'"{way[0]}" . "{way[1]}" : jump {target}')
    yield "chain forward {"
    yield "\ttype filter hook forward priority filter; policy drop;"
    yield "\tct state vmap { established : accept, related : accept, invalid : drop }"
    if jumps:
        yield f"\tiifname . oifname vmap {{ {', '.join(jumps)} }}"
    for passage in everywhere:
        yield f"\tjump {chain_name(passage.source_zone, passage.destination_zone)}"
    yield f'\tlimit rate 10/second burst 20 packets log prefix "pacs-forward " group {LOG_GROUP}'
    yield "\tcounter name denied_forward"
    yield "}"


def _way_chain(
    name: str, way: tuple[str, str], passages: Iterable[Passage], policy: EnforcementPolicy
) -> Iterator[str]:
    layers = _layers(passages, _overlaps(policy.zones))
    yield f"chain {name} {{"
    yield f'\tcomment "{comment(f"zones behind {way[0]} and {way[1]}, told apart by prefix")}"'
    for layer, (version, ip, _address, _icmp) in product(layers, _FAMILIES):
        entries = sorted(
            f"{_range(version, (source.first, source.last))} . {_range(version, (target.first, target.last))}"
            f" : jump {chain_name(passage.source_zone, passage.destination_zone)}"
            for passage in layer
            for source in _of(version, policy.zones.get(passage.source_zone, ()))
            for target in _of(version, policy.zones.get(passage.destination_zone, ()))
        )
        if entries:
            yield f"\t{ip} saddr . {ip} daddr vmap {{"
            yield from (f"\t\t{entry}," for entry in entries)
            yield "\t}"
    yield "}"


def _layers(passages: Iterable[Passage], overlaps: Mapping[str, Set[str]]) -> list[list[Passage]]:
    """Passages in as few maps as possible, none with two that could want the same packet.

    A map takes no overlapping elements and sends a packet one way only; from a map that didn't accept it, it goes on
    to the next.
    """
    layers: list[dict[tuple[str, str], Passage]] = []
    for passage in passages:
        source, target = passage.source_zone, passage.destination_zone
        rivals = set(product(overlaps.get(source, {source}), overlaps.get(target, {target})))
        layer = next((layer for layer in layers if rivals.isdisjoint(layer)), None)
        if layer is None:
            layers.append(layer := {})
        layer[source, target] = passage
    return [list(layer.values()) for layer in layers]


def _overlaps(zones: Mapping[str, Sequence[Span]]) -> dict[str, set[str]]:
    """For each zone or firewall, itself and those that share an address with it: a firewall may stand in a zone."""
    found = {name: {name} for name in zones}
    spans = sorted((span.version, span.first, span.last, name) for name, many in zones.items() for span in many)
    for number, (version, _first, last, name) in enumerate(spans, 1):
        for other_version, other_first, _other_last, other in islice(spans, number, None):
            if (other_version, other_first) > (version, last):
                break
            found[name].add(other)
            found[other].add(name)
    return found


def _admission_sets(policy: EnforcementPolicy) -> Iterator[str]:
    admissions = policy.admissions
    outside = policy.zones.get(policy.outside or "", ())
    for version, _ip, address, icmp in _FAMILIES:
        for bound in (True, False):
            mine = [item for item in admissions if item.source.version == version and bool(item.interface) == bound]
            first = "ifname . " if bound else ""
            flows = _admitted(version, (item for item in mine if item.protocol != "icmp"), outside)
            pings = _admitted(version, (item for item in mine if item.protocol == "icmp"), outside)
            yield from _set(
                _admission_set("admit", version, bound),
                f"{first}{address} . inet_proto . inet_service",
                "interval",
                flows,
            )
            yield from _set(
                _admission_set("ping", version, bound), f"{first}{address} . {icmp}_type", "interval", pings
            )


def _admitted(version: int, admissions: Iterable[Admission], outside: Iterable[Span]) -> Iterator[str]:
    by_interface: dict[str, list[Box]] = defaultdict(list)
    undeclared = [(span.first, span.last) for span in _of(version, outside)]
    for item in admissions:
        ports = (item.ports.first, item.ports.last) if item.ports else _NO_PORTS
        # A zone's address that comes from outside is spoofed, and another zone's may come by the same interface.
        sources = undeclared if undeclared and item.source.prefixlen == 0 else [_span(item.source)]
        by_interface[item.interface].extend(Box(item.protocol, source, (0, 0), ports, item.note) for source in sources)
    for interface, boxes in sorted(by_interface.items()):
        first = [f'"{interface}"'] if interface else []
        for box in disjoint(_unique(boxes)):
            last = ["echo-request"] if box.protocol == "icmp" else [box.protocol, _ports(box.ports)]
            yield _element(box, *first, _range(version, box.source), *last)


def _admission_set(kind: str, version: int, bound: bool) -> str:
    return f"{kind}{version}" if bound else f"{kind}{version}_any"


def _input_chain(admissions: Sequence[Admission]) -> Iterator[str]:
    yield "chain input {"
    yield "\ttype filter hook input priority filter; policy drop;"
    yield "\tct state vmap { established : accept, related : accept, invalid : drop }"
    yield '\tiifname "lo" accept'
    # Without neighbour discovery a firewall loses IPv6 altogether. Hop limit 255 (RFC 4861) proves an on-link sender.
    yield "\tip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept"
    for version, ip, _address, icmp in _FAMILIES:
        for bound in (True, False):
            first = f"iifname . {ip} saddr" if bound else f"{ip} saddr"
            mine = [item for item in admissions if item.source.version == version and bool(item.interface) == bound]
            if any(item.protocol != "icmp" for item in mine):
                yield f"\t{first} . meta l4proto . th dport @{_admission_set('admit', version, bound)} accept"
            if any(item.protocol == "icmp" for item in mine):
                yield f"\t{first} . {icmp} type @{_admission_set('ping', version, bound)} accept"
    yield f'\tlimit rate 10/second burst 20 packets log prefix "pacs-input " group {LOG_GROUP}'
    yield "\tcounter name denied_input"
    yield "}"


def _set(name: str, key: str, flags: str, elements: Iterable[str]) -> Iterator[str]:
    """A set with a counter an element, so that the use of each flow can be seen; nothing where it would be empty."""
    lines = list(elements)
    if not lines:
        return
    yield f"set {name} {{"
    yield f"\ttype {key}"
    if flags:
        yield f"\tflags {flags}"
    yield "\tcounter"
    yield "\telements = {"
    yield from (f"\t\t{line}," for line in lines)
    yield "\t}"
    yield "}"


def _flow(version: int, box: Box) -> str:
    return _element(box, _range(version, box.source), _range(version, box.destination), box.protocol, _ports(box.ports))


def _element(box: Box, *fields: str) -> str:
    return f'{" . ".join(fields)} comment "{comment(box.note)}"'


def _box(permit: Permit) -> Box:
    ports = (permit.ports.first, permit.ports.last) if permit.ports else _NO_PORTS
    return Box(permit.protocol, _span(permit.source), _span(permit.destination), ports, permit.note)


def _unique(boxes: Iterable[Box]) -> list[Box]:
    """One box for the same packets: an element can't stand twice in a set. The notes of all are kept together."""
    notes: dict[Box, dict[str, None]] = {}
    for box in boxes:
        notes.setdefault(replace(box, note=""), {})[box.note] = None
    return [replace(box, note=" + ".join(sorted(texts))) for box, texts in notes.items()]


def _of(version: int, spans: Iterable[Span]) -> Iterator[Span]:
    return (span for span in spans if span.version == version)


@lru_cache(maxsize=65536)
def _span(network: Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)


def _ports(ports: tuple[int, int]) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"


@lru_cache(maxsize=65536)
def _range(version: int, span: tuple[int, int]) -> str:
    """An address, a prefix, or a range: nft lists a range that is a prefix as one, so it is written as one."""
    bits = 32 if version == 4 else 128
    first, last = span
    size = last - first + 1
    start = _address(version, first)
    if size == 1:
        return start
    if size & (size - 1) == 0 and first % size == 0:
        return f"{start}/{bits - size.bit_length() + 1}"
    return f"{start}-{_address(version, last)}"


def _address(version: int, number: int) -> str:
    return str(ip_address(number.to_bytes(4 if version == 4 else 16, "big")))


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"\t{line}" for line in lines)
