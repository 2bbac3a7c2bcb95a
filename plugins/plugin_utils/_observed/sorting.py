# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorts what was seen: what a site may want to declare, and what somebody must look at first, with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .._site.model import Site
from .decision import number
from .evidence import Evidence
from .model import FlowKey, SeenFlow
from .names import End
from .services import Known

#: A scan: one source tries so many ports of one destination, or so many destinations on one port, each so seldom.
SCAN_PORTS, SCAN_DESTINATIONS, SCAN_COUNT = 10, 20, 5

Doubt = Literal[
    "scan", "nowhere", "from outside", "to outside", "unanswered", "unknown service", "one zone", "itself", "address"
]
DOUBTS: dict[Doubt, str] = {
    "scan": "looks like a scan: many ports or many destinations, each tried a few times",
    "nowhere": "an end that lies in no zone",
    "from outside": "comes from outside, from an address that no zone declares",
    "to outside": "leads outside, to an address that no zone declares",
    "unanswered": "nobody ever answered",
    "unknown service": "no known service",
    "one zone": "within one zone, where no firewall stands",
    "itself": "from a machine to itself",
    "address": "an address of a firewall by which the site doesn't know it",
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """A flow of which both ends and the service are known."""

    flow: SeenFlow
    source: End
    destination: End
    known: Known


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A flow that is not proposed, and why."""

    flow: SeenFlow
    source: End
    destination: End
    doubt: Doubt


@dataclass(slots=True)
class Sorted:
    """``management`` follows from the site without being declared one by one."""

    recognised: list[Recognised] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    management: list[SeenFlow] = field(default_factory=list)


def sort_flows(site: Site, evidence: Evidence) -> Sorted:
    """Sort all flows of the evidence, in the order of their keys."""
    found = Sorted()
    scans = _scans(evidence.flows.values())
    management = _Management(site)
    reached = frozenset(firewall.name for firewall in site.firewalls.values() if firewall.addresses)
    declared = frozenset(str(address) for firewall in site.firewalls.values() for address in firewall.addresses)
    for key, flow in sorted(evidence.flows.items()):
        source, destination = evidence.names.of(key.source), evidence.names.of(key.destination)
        if management.covers(key, destination):
            found.management.append(flow)
            continue
        known = evidence.services.of(key.destination, key.protocol, key.port)
        if source.kind == "firewall" and source.address not in declared:
            doubt: Doubt | None = "address"
        elif destination.kind == "firewall" and destination.name not in reached:
            doubt = "address"
        else:
            doubt = _doubt(flow, source, destination, known, key in scans)
        if doubt or known is None:
            found.doubtful.append(Doubtful(flow, source, destination, doubt or "unknown service"))
        else:
            found.recognised.append(Recognised(flow, source, destination, known))
    return found


def _doubt(flow: SeenFlow, source: End, destination: End, known: Known | None, scan: bool) -> Doubt | None:
    if scan and not (known and known.declared):
        return "scan"
    if "nowhere" in (source.kind, destination.kind):
        return "nowhere"
    if source.kind == "outside":
        return "from outside"
    if destination.kind == "outside":
        return "to outside"
    if source.address == destination.address or (source.name and source.name == destination.name):
        return "itself"
    if source.zone is not None and source.zone == destination.zone and (known is None or known.listener is None):
        return "one zone"
    if known is None:
        return "unknown service"
    return "unanswered" if flow.answered is False else None


def _scans(flows: Iterable[SeenFlow]) -> set[FlowKey]:
    """Flows that are part of a scan. An archive that answers thirty modalities is none: they call it, too."""
    by_pair: dict[tuple[str, str], list[SeenFlow]] = defaultdict(list)
    by_port: dict[tuple[str, str, int], list[SeenFlow]] = defaultdict(list)
    for flow in flows:
        key = flow.key
        by_pair[key.source, key.destination].append(flow)
        by_port[key.source, key.protocol, key.port].append(flow)
    found: set[FlowKey] = set()
    for tries in by_pair.values():
        if len(tries) >= SCAN_PORTS:
            found.update(flow.key for flow in tries if flow.count <= SCAN_COUNT)
    for tries in by_port.values():
        if len(tries) >= SCAN_DESTINATIONS:
            found.update(
                flow.key
                for flow in tries
                if flow.count <= SCAN_COUNT and (flow.key.destination, flow.key.source) not in by_pair
            )
    return found


class _Management:
    """Which flows are administration, which the site permits by itself."""

    def __init__(self, site: Site) -> None:
        self._sources = [
            (source.version, int(source.network_address), int(source.broadcast_address))
            for source in site.management.sources
        ]
        self._ports = frozenset(site.management.ports)
        self._managed = frozenset(device.name for device in site.devices.values() if device.managed)

    def covers(self, key: FlowKey, destination: End) -> bool:
        """Whether it comes from where hosts are administered, and goes to where they are."""
        if key.protocol != "tcp" or key.port not in self._ports:
            return False
        if destination.kind != "firewall" and destination.name not in self._managed:
            return False
        version, source = number(key.source)
        return any(version == of and first <= source <= last for of, first, last in self._sources)
