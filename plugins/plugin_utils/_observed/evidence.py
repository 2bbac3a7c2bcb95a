# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that was seen, from all firewalls and files, each flow once.

One connection passes several firewalls and stands in several files: of the counts of one flow the highest is taken,
never the sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .._flows.ihe import Listener
from .._site.model import Site
from .files import SeenFile
from .model import FirewallView, FlowKey, SeenFlow
from .names import Names
from .services import Services
from .uses import UsedRange, used_flows, used_ranges


@dataclass(slots=True)
class Evidence:
    """``flows`` by key. ``ranges``: declared ranges of which something was used, and by which firewall it was seen.

    ``called``, ``calling``: AE titles that were heard, see packets.Tally. ``unstarted``: connections of which nobody
    knows who opened them.
    """

    names: Names
    services: Services
    flows: dict[FlowKey, SeenFlow] = field(default_factory=dict)
    ranges: list[UsedRange] = field(default_factory=list)
    called: dict[tuple[str, int], Counter[str]] = field(default_factory=dict)
    calling: dict[str, Counter[str]] = field(default_factory=dict)
    unstarted: list[tuple[str, int, str, int]] = field(default_factory=list)

    def add(self, flows: Iterable[SeenFlow]) -> None:
        """Take in flows, of which any may be known already."""
        for flow in flows:
            known = self.flows.get(flow.key)
            self.flows[flow.key] = flow if known is None else _both(known, flow)


def gather(site: Site, views: Mapping[str, FirewallView], files: Iterable[SeenFile]) -> Evidence:
    """Bring together what firewalls (by name) and files tell."""
    files = list(files)
    proven: dict[tuple[str, int], Listener] = {}
    for file in files:
        proven.update(file.proven)
    evidence = Evidence(Names(site), Services(site, proven))
    for name, view in views.items():
        evidence.names.firewall_has(name, view.own_addresses)
        evidence.add(view.undeclared)
        evidence.add(used_flows(view))
        evidence.ranges += used_ranges(view)
    for file in files:
        evidence.add(file.flows)
        for listener, titles in file.called.items():
            evidence.called.setdefault(listener, Counter()).update(titles)
        for address, titles in file.calling.items():
            evidence.calling.setdefault(address, Counter()).update(titles)
        evidence.unstarted += file.unstarted
    for view in views.values():
        evidence.add(as_opened(flow, evidence) for flow in view.connections or ())
    return evidence


def as_opened(flow: SeenFlow, evidence: Evidence) -> SeenFlow:
    """An open connection the right way round: from its midst, the firewall may take the called end for the caller."""
    turned = flow.turned
    if turned is None or flow.key in evidence.flows or evidence.services.of(*_target(flow.key)):
        return flow
    if turned in evidence.flows or evidence.services.of(*_target(turned)):
        return SeenFlow(turned, flow.count, flow.idle, flow.answered)
    return flow


def _target(key: FlowKey) -> tuple[str, str, int]:
    return key.destination, key.protocol, key.port


def _both(one: SeenFlow, other: SeenFlow) -> SeenFlow:
    idles = [flow.idle for flow in (one, other) if flow.idle is not None]
    answers = {flow.answered for flow in (one, other)}
    answered = True if True in answers else None if None in answers else False
    return SeenFlow(one.key, max(one.count, other.count), min(idles) if idles else None, answered)
