# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interventions one by one, as somebody grants them: who comes to which device, for how long at most, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from .._flows.model import Flow, Reason, format_ports
from .._site.model import Conduit
from .compile import permits_of
from .model import EnforcementPolicy, Permit
from .site import Compiled


@dataclass(frozen=True, slots=True)
class Intervention:
    """What one window opens. ``longest`` is in minutes; ``permits`` are all its connections, of both IP versions.

    ``enforcement_points`` are the firewalls on its path: on each of them the window must be open.
    """

    name: str
    source: str
    destination: str
    what: str
    reason: str
    owner: str
    contract: str
    longest: int
    on_call: bool
    permits: tuple[Permit, ...]
    enforcement_points: tuple[str, ...]


def interventions(compiled: Compiled) -> tuple[Intervention, ...]:
    """Every intervention that the site declares, in its order."""
    return tuple(
        _intervention(compiled, conduit, name, source, destination)
        for conduit in compiled.site.conduits
        for name, source, destination in conduit.interventions()
    )


def _intervention(compiled: Compiled, conduit: Conduit, name: str, source: str, destination: str) -> Intervention:
    reason = Reason("intervention", conduit.reason)
    flows = [
        flow
        for flow in compiled.interventions
        if (flow.source.name, flow.destination.name) == (source, destination) and reason in flow.reasons
    ]
    permits = tuple(permit for flow in flows for permit in permits_of(flow))
    return Intervention(
        name=name,
        source=source,
        destination=destination,
        what=", ".join(_service(flow) for flow in flows),
        reason=conduit.reason,
        owner=conduit.owner or "",
        contract=conduit.contract or "",
        longest=conduit.longest,
        on_call=conduit.on_call,
        permits=permits,
        enforcement_points=tuple(name for name, policy in compiled.policies.items() if permits_on(policy, permits)),
    )


def permits_on(policy: EnforcementPolicy, permits: tuple[Permit, ...]) -> frozenset[Permit]:
    """Those of some interventions' permits that pass through an enforcement point."""
    passing = {permit for passage in policy.passages for permit in passage.interventions}
    return frozenset(passing.intersection(permits))


def _service(flow: Flow) -> str:
    return flow.protocol if flow.ports is None else f"{flow.protocol} {format_ports(flow.ports)}"
