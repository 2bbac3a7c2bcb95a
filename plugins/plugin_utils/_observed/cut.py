# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the connections that a firewall has seen a policy would cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._policy.model import EnforcementPolicy
from .._site.model import Site
from .decision import Decision, number
from .model import FirewallView, FlowKey, SeenFlow
from .names import End, Names


@dataclass(frozen=True, slots=True)
class CutFlow:
    """A seen flow that would be refused. ``to_itself``: it is addressed to the firewall.

    ``another_way``: its addresses and port are declared, yet the rules in force found it undeclared. It came or went by
    an interface where the site doesn't expect it, and would be refused whatever is declared for its addresses.
    """

    flow: SeenFlow
    source: End
    destination: End
    to_itself: bool
    another_way: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        """The declared devices that it would hurt."""
        return tuple(end.name for end in (self.source, self.destination) if end.kind == "device")


def cut_by(policy: EnforcementPolicy, flow: FlowKey, *, to_itself: bool = False) -> bool:
    """Whether the policy would refuse a flow; for many flows of one policy make a Decision once."""
    decision = Decision(policy)
    return not (decision.admits(flow) if to_itself else decision.passes(flow))


def undeclared(site: Site, policy: EnforcementPolicy, view: FirewallView) -> tuple[CutFlow, ...]:
    """What stands in the memory of a firewall and the policy would cut. Whatever was declared since is left out."""
    return tuple(_cut(site, policy, view, view.undeclared))


def still_open(site: Site, policy: EnforcementPolicy, view: FirewallView) -> tuple[CutFlow, ...]:
    """The established connections that the policy would not let in again, whichever end opened them. The kernel tracks
    those of the firewall with itself, too; they pass no rule.
    """
    connections = (one for one in view.connections or () if not _is_loopback(one.key.source))
    cut = _cut(site, policy, view, connections)
    decision = Decision(policy)
    return tuple(one for one in cut if not (one.flow.turned and decision.passes(one.flow.turned)))


def cut_flows(
    site: Site, policy: EnforcementPolicy, view: FirewallView, flows: Iterable[SeenFlow]
) -> tuple[CutFlow, ...]:
    """Those of some flows that went through a firewall, or to it, which the policy would cut."""
    return tuple(_cut(site, policy, view, flows))


def _cut(site: Site, policy: EnforcementPolicy, view: FirewallView, flows: Iterable[SeenFlow]) -> Iterator[CutFlow]:
    decision = Decision(policy)
    names = Names(site, policy.enforcement_point, view.own_addresses)
    never = _NeverPassedOn(site)
    for flow in flows:
        if never.holds(flow.key.destination):
            continue
        source, destination = names.of(flow.key.source), names.of(flow.key.destination)
        if source.kind == "firewall" and source.name == policy.enforcement_point:
            continue  # what it sends itself passes no chain of ours
        to_itself = destination.kind == "firewall" and destination.name == policy.enforcement_point
        permitted = decision.admits(flow.key) if to_itself else decision.passes(flow.key)
        if not permitted:
            yield CutFlow(flow, source, destination, to_itself)
        elif flow.declared and seen_since(view, flow):
            yield CutFlow(flow, source, destination, to_itself, another_way=True)


class _NeverPassedOn:
    """Destinations that end at the firewall whatever its rules say: a router passes on no broadcast (RFC 1812, section
    5.3.5), and to groups only what it is told to. Every Windows machine calls some; cutting them cuts nothing.
    """

    def __init__(self, site: Site) -> None:
        networks = [network for zone in site.zones.values() for network in zone.networks if network.version == 4]
        # Links of two or of one have no broadcast address (RFC 3021).
        self._broadcasts = {int(one.broadcast_address) for one in networks if 0 < one.prefixlen < 31} | {0xFFFFFFFF}

    def holds(self, address: str) -> bool:
        version, value = number(address)
        if version == 6:
            return value >> 120 == 0xFF
        return value >> 28 == 0xE or value in self._broadcasts


def _is_loopback(address: str) -> bool:
    version, value = number(address)
    return value == 1 if version == 6 else value >> 24 == 127


def seen_since(view: FirewallView, flow: SeenFlow) -> bool:
    """Whether it was last seen under the rules that are in force now; no where nobody knows since when they are."""
    if view.read_at is None or view.since is None or flow.idle is None:
        return False
    last: datetime = view.read_at - timedelta(seconds=flow.idle)
    # Both are rounded to seconds.
    return last > view.since + timedelta(seconds=2)
