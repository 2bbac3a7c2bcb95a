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
from itertools import islice, product

from .._policy.model import Admission, EnforcementPolicy, Passage, Permit, Span
from .base_chains import Mode, beginning, counters, ending, state_sets, vital
from .boxes import Box, disjoint
from .names import chain_name, comment
from .spelling import FAMILIES, address_range, ends_of, flow_key, flow_type, indented, of_version, port_range, table
from .windows import accepting_rules, any_intervention, closing_chain, intervention_sets

_NO_PORTS = (0, 0)


def render(policy: EnforcementPolicy, mode: Mode = "enforce") -> str:
    """The text of ``table inet pacs``, ready for ``nft -f`` in a transaction that first deletes the old one.

    Mode ``watch`` gives the same rules with other base chains: nothing is dropped, see base_chains.py.
    """
    forward = [_Passage(passage) for passage in _by_zone_pair(policy.passages)]
    return table(
        (
            *counters(any_intervention(policy)),
            *state_sets(),
            *(line for passage in forward for line in passage.sets()),
            *_admission_sets(policy),
            *(line for passage in forward for line in passage.chain()),
            *closing_chain(_by_zone_pair(policy.passages)),
            *_forward_chains(policy, mode),
            *_input_chain(policy.admissions, mode),
        )
    )


def _by_zone_pair(passages: Sequence[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda passage: (passage.source_zone, passage.destination_zone))


class _Passage:
    """The sets and the chain of one zone pair."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
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
        for version, _ip, address, icmp in FAMILIES:
            key = flow_type(address)
            yield from _set(
                f"exact{version}_{self._name}", key, "", (_flow(version, box) for box in self._points[version])
            )
            yield from _set(
                f"range{version}_{self._name}", key, "interval", (_flow(version, box) for box in self._ranges[version])
            )
            pings = (
                _element(
                    box, address_range(version, box.source), address_range(version, box.destination), "echo-request"
                )
                for box in self._pings[version]
            )
            yield from _set(f"ping{version}_{self._name}", f"{address} . {address} . {icmp}_type", "interval", pings)
        yield from intervention_sets(self._passage)

    def chain(self) -> Iterator[str]:
        yield f"chain {self._name} {{"
        for version, ip, _address, icmp in FAMILIES:
            if self._points[version]:
                yield f"\t{flow_key(ip)} @exact{version}_{self._name} accept"
            if self._ranges[version]:
                yield f"\t{flow_key(ip)} @range{version}_{self._name} accept"
            if self._pings[version]:
                yield f"\t{ip} saddr . {ip} daddr . {icmp} type @ping{version}_{self._name} accept"
        yield from indented(accepting_rules(self._passage))
        yield "}"


def _forward_chains(policy: EnforcementPolicy, mode: Mode) -> Iterator[str]:
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
    yield from indented(beginning("forward", mode, any_intervention(policy)))
    if jumps:
        yield f"\tiifname . oifname vmap {{ {', '.join(jumps)} }}"
    for passage in everywhere:
        yield f"\tjump {chain_name(passage.source_zone, passage.destination_zone)}"
    yield from indented(ending("forward", mode))
    yield "}"


def _way_chain(
    name: str, way: tuple[str, str], passages: Iterable[Passage], policy: EnforcementPolicy
) -> Iterator[str]:
    layers = _layers(passages, _overlaps(policy.zones))
    yield f"chain {name} {{"
    yield f'\tcomment "{comment(f"zones behind {way[0]} and {way[1]}, told apart by prefix")}"'
    for layer, (version, ip, _address, _icmp) in product(layers, FAMILIES):
        entries = sorted(
            f"{address_range(version, source)} . {address_range(version, target)}"
            f" : jump {chain_name(passage.source_zone, passage.destination_zone)}"
            for passage in layer
            for source in of_version(version, policy.zones.get(passage.source_zone, ()))
            for target in of_version(version, policy.zones.get(passage.destination_zone, ()))
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
    for version, _ip, address, icmp in FAMILIES:
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
    undeclared = list(of_version(version, outside))
    for item in admissions:
        ports = (item.ports.first, item.ports.last) if item.ports else _NO_PORTS
        # A zone's address that comes from outside is spoofed, and another zone's may come by the same interface.
        sources = undeclared if undeclared and item.source.prefixlen == 0 else [ends_of(item.source)]
        by_interface[item.interface].extend(Box(item.protocol, source, (0, 0), ports, item.note) for source in sources)
    for interface, boxes in sorted(by_interface.items()):
        first = [f'"{interface}"'] if interface else []
        for box in disjoint(_unique(boxes)):
            last = ["echo-request"] if box.protocol == "icmp" else [box.protocol, port_range(box.ports)]
            yield _element(box, *first, address_range(version, box.source), *last)


def _admission_set(kind: str, version: int, bound: bool) -> str:
    return f"{kind}{version}" if bound else f"{kind}{version}_any"


def _input_chain(admissions: Sequence[Admission], mode: Mode) -> Iterator[str]:
    yield "chain input {"
    yield from indented(beginning("input", mode))
    yield from indented(vital())
    for version, ip, _address, icmp in FAMILIES:
        for bound in (True, False):
            first = f"iifname . {ip} saddr" if bound else f"{ip} saddr"
            mine = [item for item in admissions if item.source.version == version and bool(item.interface) == bound]
            if any(item.protocol != "icmp" for item in mine):
                yield f"\t{first} . meta l4proto . th dport @{_admission_set('admit', version, bound)} accept"
            if any(item.protocol == "icmp" for item in mine):
                yield f"\t{first} . {icmp} type @{_admission_set('ping', version, bound)} accept"
    yield from indented(ending("input", mode))
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
    return _element(box, *_ends(version, box), box.protocol, port_range(box.ports))


def _ends(version: int, box: Box) -> tuple[str, str]:
    return address_range(version, box.source), address_range(version, box.destination)


def _element(box: Box, *fields: str) -> str:
    return f'{" . ".join(fields)} comment "{comment(box.note)}"'


def _box(permit: Permit) -> Box:
    ports = (permit.ports.first, permit.ports.last) if permit.ports else _NO_PORTS
    return Box(permit.protocol, ends_of(permit.source), ends_of(permit.destination), ports, permit.note)


def _unique(boxes: Iterable[Box]) -> list[Box]:
    """One box for the same packets: an element can't stand twice in a set. The notes of all are kept together."""
    notes: dict[Box, dict[str, None]] = {}
    for box in boxes:
        notes.setdefault(replace(box, note=""), {})[box.note] = None
    return [replace(box, note=" + ".join(sorted(texts))) for box, texts in notes.items()]
