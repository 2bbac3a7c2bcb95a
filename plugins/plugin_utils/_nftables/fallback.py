# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the ruleset for a boot at which no confirmed one loads: coarser, and of nothing that could fail to load.

Plain rules, a few for each zone pair: no named sets, no maps, no concatenations, no log, nothing that fills. What is
declared passes, by zone prefix and port instead of device; between zones for which nothing is declared, nothing does.
No window for an intervention is open, and none can be opened. So it lets more pass than the real ruleset, and must not
stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from .._policy.model import Admission, EnforcementPolicy, Passage, Permit
from .base_chains import vital
from .spelling import FAMILIES, address_range, ends_of, indented, of_version, port_range, table
from .windows import closing_rules

_Range = tuple[int, int]


def render_fallback(policy: EnforcementPolicy) -> str:
    """The text of a small ``table inet pacs``: it grows with zone pairs and ports, not with flows."""
    passages = sorted(policy.passages, key=lambda item: (item.source_zone, item.destination_zone))
    known = ("ct state established,related accept", "ct state invalid drop")
    return table(
        (
            *_base_chain("forward", (*closing_rules(passages), *known, *_forward(passages, policy))),
            *_base_chain("input", (*known, *vital(), *_input(policy.admissions, policy))),
        )
    )


def _base_chain(hook: str, rules: Iterable[str]) -> Iterator[str]:
    yield f"chain {hook} {{"
    yield f"\ttype filter hook {hook} priority filter; policy drop;"
    yield from indented(rules)
    yield "}"


def _forward(passages: Iterable[Passage], policy: EnforcementPolicy) -> Iterator[str]:
    for passage in passages:
        rules = list(_between(passage, policy))
        ways = [f'iifname "{way_in}" oifname "{way_out}" ' for way_in, way_out in sorted(passage.interfaces)]
        for way in ways or [""]:
            yield from (f"{way}{rule}" for rule in rules)


def _between(passage: Passage, policy: EnforcementPolicy) -> Iterator[str]:
    """All that passes from one zone to another."""
    zones = policy.zones.get(passage.source_zone, ()), policy.zones.get(passage.destination_zone, ())
    for version, ip, _address, icmp in FAMILIES:
        groups: dict[object, list[Permit]] = defaultdict(list)
        for permit in passage.permits:
            if permit.source.version == version:
                # Without zones, all ends with all ports would be much too wide: each service has ends of its own.
                groups[permit.protocol, None if all(zones) else permit.ports].append(permit)
        for _key, group in sorted(groups.items(), key=str):
            sources = of_version(version, zones[0]) if all(zones) else (ends_of(item.source) for item in group)
            targets = of_version(version, zones[1]) if all(zones) else (ends_of(item.destination) for item in group)
            ends = _addresses(version, sources), _addresses(version, targets)
            if all(ends):
                yield f"{ip} saddr {ends[0]} {ip} daddr {ends[1]} {_service(group, icmp)} accept"


def _input(admissions: Iterable[Admission], policy: EnforcementPolicy) -> Iterator[str]:
    """All that reaches the firewall itself: each service from its own sources, for few may administer it."""
    outside = policy.zones.get(policy.outside or "", ())
    for version, ip, _address, icmp in FAMILIES:
        groups: dict[object, list[Admission]] = defaultdict(list)
        for admission in admissions:
            if admission.source.version == version:
                groups[admission.interface, admission.protocol, admission.ports].append(admission)
        for _key, group in sorted(groups.items(), key=str):
            way = f'iifname "{group[0].interface}" ' if group[0].interface else ""
            undeclared = list(of_version(version, outside))
            sources = [
                span
                for item in group
                # As in the real ruleset: a zone's address that comes from outside is spoofed.
                for span in (undeclared if undeclared and item.source.prefixlen == 0 else [ends_of(item.source)])
            ]
            yield f"{way}{ip} saddr {_addresses(version, sources)} {_service(group, icmp)} accept"


def _service(rules: Sequence[Permit] | Sequence[Admission], icmp: str) -> str:
    """The match for the ports of rules of one protocol."""
    protocol = rules[0].protocol
    if protocol == "icmp":
        return f"{icmp} type echo-request"
    ports = _merged((rule.ports.first, rule.ports.last) for rule in rules if rule.ports)
    return f"{protocol} dport {_any_of([port_range(span) for span in ports])}"


def _addresses(version: int, spans: Iterable[_Range]) -> str:
    """Addresses to compare with; empty where there are none."""
    return _any_of([address_range(version, span) for span in _merged(spans)])


def _any_of(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}" if values else ""


def _merged(spans: Iterable[_Range]) -> list[_Range]:
    """The same numbers in as few ranges as possible: nft refuses a set with ranges that overlap."""
    merged: list[_Range] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
