# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the counters of declared flows tell: single flows that were used, and declared ranges of which somebody was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network

from .._policy.model import EnforcementPolicy
from .._site.model import Network, Ports
from .decision import number
from .model import DeclaredUse, FirewallView, FlowKey, ObservedError, SeenFlow

_SET = re.compile(r"(exact|range|ping|admit)[46](_from_.*|_any)?", re.DOTALL)
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class UsedRange:
    """A declared range of which something was used. ``destination`` is None where it is the firewall itself, ``ports``
    is None for ICMP (echo request).
    """

    version: int
    source: _Span
    destination: _Span | None
    protocol: str
    ports: _Span | None
    note: str
    count: int

    def within(self, source: Network, destination: Network | None, protocol: str, ports: Ports | None) -> bool:
        """Whether all of it lies within something declared; without a destination: within what a firewall admits."""
        if protocol != self.protocol or source.version != self.version or not _holds(source, self.source):
            return False
        if (destination is None) != (self.destination is None) or (ports is None) != (self.ports is None):
            return False
        if destination is not None and self.destination is not None and not _holds(destination, self.destination):
            return False
        return ports is None or self.ports is None or (ports.first <= self.ports[0] and self.ports[1] <= ports.last)


def used_flows(view: FirewallView) -> list[SeenFlow]:
    """The declared flows between two single addresses that were used."""
    return [
        SeenFlow(FlowKey(one.key[0], one.key[1], one.key[2], int(one.key[3])), one.count)
        for one in view.declared
        if _is_single(one)
    ]


def used_ranges(view: FirewallView) -> list[UsedRange]:
    """All others that were used; raise ObservedError where nft can't have listed such a key."""
    return list(_ranges(one for one in view.declared if not _is_single(one)))


def covered(policy: EnforcementPolicy, used: UsedRange) -> bool:
    """Whether a policy declares all of a used range, in one piece."""
    if used.destination is None:
        return any(used.within(one.source, None, one.protocol, one.ports) for one in policy.admissions)
    return any(
        used.within(permit.source, permit.destination, permit.protocol, permit.ports)
        for passage in policy.passages
        for permit in passage.permits
    )


def _is_single(use: DeclaredUse) -> bool:
    return use.set_name.startswith("exact") and len(use.key) == 4


def _ranges(uses: Iterable[DeclaredUse]) -> Iterator[UsedRange]:
    for use in uses:
        match = _SET.fullmatch(use.set_name)
        if match is None:
            continue
        kind, rest = match.group(1), match.group(2) or ""
        key = list(use.key)
        try:
            if not rest:
                key.pop(0)  # the interface
            through = rest.startswith("_from_")
            source, version = _addresses(key.pop(0))
            destination = _addresses(key.pop(0))[0] if through else None
            protocol, ports = ("icmp", None) if kind == "ping" else (key.pop(0), _numbers(key.pop(0)))
        except (IndexError, ValueError) as error:
            raise ObservedError(f"an element of the set {use.set_name} that nft can't have listed") from error
        yield UsedRange(version, source, destination, protocol, ports, use.note, use.count)


def _addresses(text: str) -> tuple[_Span, int]:
    """A range of addresses and its IP version: an address, a prefix, or first-last."""
    if "/" in text:
        network = ip_network(text)
        return (int(network[0]), int(network[-1])), network.version
    first, _dash, last = text.partition("-")
    version, low = number(first)
    return (low, number(last)[1] if last else low), version


def _numbers(text: str) -> _Span:
    first, _dash, last = text.partition("-")
    return int(first), int(last or first)


@lru_cache(maxsize=65536)
def _span(network: Network) -> _Span:
    return int(network.network_address), int(network.broadcast_address)


def _holds(network: Network, span: _Span) -> bool:
    first, last = _span(network)
    return first <= span[0] and span[1] <= last
