# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach whom: for each pair of zones what is declared, and what the firewalls between them really do.

A packet gets from zone to zone only where every firewall on its way lets it through. So one firewall that is proven to
keep to the declaration is enough to keep a pair shut, and one that blocks is enough to stop what is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from .._policy.site import Compiled
from .._policy.topology import Topology
from .._site.lookup import ZoneLookup
from .facts_network import Tried

_MOST = 10
_Pair = tuple[str, str]


@dataclass(slots=True)
class _Seen:
    """What one firewall does with the traffic of one pair of zones."""

    firewall: str
    reason: str = ""
    filters: bool = True
    opened: list[str] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        """Whether it is certain that nothing undeclared passes here."""
        return self.filters and not (self.reason or self.opened or self.perhaps or self.doubts)


def reachability(
    compiled: Compiled,
    verifications: Mapping[str, Mapping[str, Any] | str],
    filtering: Mapping[str, bool],
    tried: Iterable[Tried],
) -> dict[str, Any]:
    """The part ``reachability`` of a result.

    ``verifications`` gives each firewall's document, or why there is none; ``filtering`` whether any rule of it looks
    at traffic on its way through.
    """
    matrix = _Matrix(compiled, verifications, filtering, list(tried))
    zones = list(compiled.site.zones)
    cells = [matrix.cell(source, target) for source in zones for target in zones if source != target]
    return {"zones": zones, "cells": cells}


class _Matrix:
    def __init__(
        self,
        compiled: Compiled,
        verifications: Mapping[str, Mapping[str, Any] | str],
        filtering: Mapping[str, bool],
        tried: list[Tried],
    ) -> None:
        self._verifications = verifications
        self._filtering = filtering
        self._lookup = ZoneLookup(compiled.site)
        topology = Topology(compiled.site)
        self._legs: dict[str, dict[str, set[str]]] = {}
        self._tunnels: dict[str, set[str]] = {}
        for firewall in compiled.site.firewalls.values():
            reached = topology.interfaces(firewall)
            self._legs[firewall.name] = {
                name: {leg.interface for leg in legs} for (kind, name), legs in reached.items() if kind == "zone"
            }
            self._tunnels[firewall.name] = {leg.zone for leg in firewall.legs if leg.tunnel and leg.zone}
        self._declared: dict[_Pair, list[str]] = {}
        for flow in compiled.flows:
            if flow.source.zone and flow.destination.zone:
                self._declared.setdefault((flow.source.zone, flow.destination.zone), []).append(str(flow))
        self._tried: dict[_Pair, list[Tried]] = {}
        for one in tried:
            vantage = compiled.site.devices[one.planned.vantage]
            self._tried.setdefault((vantage.zone, one.planned.zone), []).append(one)

    def cell(self, source: str, target: str) -> dict[str, Any]:
        """One pair of zones."""
        seen = [self._seen(name, source, target) for name in self._on_the_way(source, target)]
        state, witnesses = _state(seen)
        state, witnesses = self._with_tried(source, target, state, witnesses)
        return {
            "from": source,
            "to": target,
            "state": state,
            "declared": self._declared.get((source, target), []),
            "witnesses": list(dict.fromkeys(witnesses))[:_MOST],
            "how": [one.firewall for one in seen],
        }

    def _on_the_way(self, source: str, target: str) -> list[str]:
        found = []
        for name, legs in self._legs.items():
            entries, exits = legs.get(source, set()), legs.get(target, set())
            # What goes into a tunnel, or comes out of one, passes the firewall, whatever shares the interface with it.
            through = bool(entries and exits and self._tunnels[name] & {source, target})
            if through or any(entry != way_out for entry in entries for way_out in exits):
                found.append(name)
        return found

    def _seen(self, firewall: str, source: str, target: str) -> _Seen:
        document = self._verifications[firewall]
        if isinstance(document, str):
            return _Seen(firewall, reason=f"{firewall}: {document}")
        seen = _Seen(firewall, filters=self._filtering.get(firewall, True))
        for witness in document["undeclared"]:
            packet = witness["packet"]
            if self._by_interfaces(firewall, packet, source, target):
                certain = self._by_address(packet, source, target)
                # New packets show that anybody behind the interfaces gets through; one of a connection shows only that.
                if packet["ct_state"] not in ("established", "related"):
                    certain = certain or self._alone(firewall, source, target)
                elif not certain:
                    continue
                (seen.opened if certain else seen.perhaps).append(f"{firewall}: {witness['text']}")
        for witness in document["blocked"]:
            packet = witness["packet"]
            # A blocked reply stops the connection that it answers.
            ends = (source, target) if packet["ct_state"] == "new" else (target, source)
            if self._by_interfaces(firewall, packet, *ends) and self._by_address(packet, *ends):
                seen.blocked.append(f"{firewall}: {witness['text']}")
        seen.doubts = [f"{firewall}: {doubt}" for doubt in document["not_understood"]]
        # What isn't understood may be what filters.
        seen.filters = seen.filters or bool(seen.doubts)
        return seen

    def _by_interfaces(self, firewall: str, packet: Mapping[str, Any], source: str, target: str) -> bool:
        legs = self._legs[firewall]
        return packet["in_interface"] in legs.get(source, ()) and packet["out_interface"] in legs.get(target, ())

    def _by_address(self, packet: Mapping[str, Any], source: str, target: str) -> bool:
        ends = (packet["source"], packet["destination"])
        return [self._lookup.zone_of(ip_network(end)) for end in ends] == [source, target]

    def _alone(self, firewall: str, source: str, target: str) -> bool:
        """Whether nothing but these two zones lies behind the interfaces that lead to them."""
        legs = self._legs[firewall]
        others = [names for zone, names in legs.items() if zone not in (source, target)]
        mine = legs.get(source, set()) | legs.get(target, set())
        return all(mine.isdisjoint(names) for names in others)

    def _with_tried(self, source: str, target: str, state: str, witnesses: list[str]) -> tuple[str, list[str]]:
        """What was tried over the network outweighs what was worked out from rules."""
        opened = [one.text for one in self._tried.get((source, target), ()) if one.kind == "too open"]
        shut = [one.text for one in self._tried.get((source, target), ()) if one.kind == "too shut"]
        if opened:
            return (state if state == "not enforced" else "too open"), [*opened, *witnesses]
        if shut and state in ("as declared", "not proven", "too shut"):
            return "too shut", [*shut, *witnesses]
        return state, witnesses


def _state(seen: list[_Seen]) -> tuple[str, list[str]]:
    if not seen:
        return "not enforced", ["no firewall lies between them"]
    blocked = [text for one in seen for text in one.blocked]
    if not any(one.keeps for one in seen):
        if all(not one.filters for one in seen):
            return "not enforced", [f"{one.firewall}: no rule looks at what passes" for one in seen] + _examples(seen)
        # What one firewall's rules don't say, another's can't make up for.
        if all(one.opened or not one.filters for one in seen):
            return "too open", [*_examples(seen), *blocked]
        if not blocked:
            reasons = [text for one in seen for text in ([one.reason] if one.reason else [*one.doubts, *one.perhaps])]
            return "not proven", [*reasons, *_examples(seen)]
    if blocked:
        return "too shut", blocked
    unread = [one.reason for one in seen if one.reason] + [text for one in seen for text in one.doubts]
    if unread:
        return "not proven", unread
    return "as declared", []


def _examples(seen: list[_Seen]) -> list[str]:
    return [text for one in seen for text in one.opened]
