# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From flows to the policy of each enforcement point on their path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from .._flows.model import Derived, Endpoint, Flow
from .._site.faults import Fault
from .._site.model import Firewall, Leg, Network, Site
from .model import Admission, EnforcementPolicy, Passage, Permit, Span
from .topology import Topology

_Pair = tuple[str, str]


def compile_policies(site: Site, derived: Derived) -> dict[str, EnforcementPolicy]:
    """Compile the policy of every firewall of the site; each flow is compiled on every firewall on its path."""
    topology = Topology(site)
    outside = site.outside.name if site.outside else None
    spans = _zone_spans(site)
    return {
        firewall.name: _Compiler(site, firewall, topology).compile(derived, spans, outside)
        for firewall in site.firewalls.values()
    }


def policy_findings(site: Site, derived: Derived) -> tuple[Fault, ...]:
    """What of the flows can't be enforced or can't be permitted, one finding a zone pair or pair of ends."""
    topology = Topology(site)
    reached = [topology.interfaces(firewall) for firewall in site.firewalls.values()]
    findings: dict[Fault, None] = {}
    for flow in (*derived.flows, *derived.interventions) if reached else ():
        source, destination = flow.source, flow.destination
        ends = f"{source.name} -> {destination.name}"
        if (
            source.zone
            and destination.zone
            and source.zone != destination.zone
            and not _seen(reached, source, destination)
        ):
            path = f"zones {source.zone} -> {destination.zone}"
            remedy = "Add the interfaces that join these zones."
            findings[Fault(path, "no firewall lies on the path", remedy)] = None
        if not destination.networks:
            if _seen(reached, source, destination):
                problem = "another firewall lies on the path, and this one declares no addresses to permit there"
                findings[Fault(ends, problem, f"Add addresses to firewalls.{destination.name}.")] = None
        elif not {network.version for network in source.networks} & {
            network.version for network in destination.networks
        }:
            findings[Fault(ends, "the two ends share no IP version", "Give both an address of the same version.")] = (
                None
            )
    return tuple(findings)


class _Compiler:
    def __init__(self, site: Site, firewall: Firewall, topology: Topology) -> None:
        self._site = site
        self._firewall = firewall
        self._legs = topology.interfaces(firewall)
        self._passages: dict[_Pair, _Open] = {}
        self._admissions: list[Admission] = []

    def compile(
        self, derived: Derived, spans: Mapping[str, tuple[Span, ...]], outside: str | None
    ) -> EnforcementPolicy:
        firewalls: dict[str, tuple[Span, ...]] = {}
        for flow in derived.flows:
            if flow.destination.kind == "firewall" and flow.destination.name == self._firewall.name:
                self._admit(flow, spans)
            elif not (flow.source.kind == "firewall" and flow.source.name == self._firewall.name):
                self._through(flow).permits.extend(permits_of(flow))
        for flow in derived.interventions:
            self._through(flow).interventions.extend(permits_of(flow))
        passages = {pair: found for pair, found in self._passages.items() if found.used}
        used = {name for pair in passages for name in pair}
        if outside and any(admission.source.prefixlen == 0 for admission in self._admissions):
            used.add(outside)
        for name in used.difference(spans):
            addresses = self._site.addresses_of(name)
            firewalls[name] = tuple(_span(ip_network(address)) for address in addresses)
        return EnforcementPolicy(
            enforcement_point=self._firewall.name,
            site=self._site.name,
            interfaces=tuple(dict.fromkeys(leg.interface for leg in self._firewall.legs)),
            zones={name: span for name, span in {**spans, **firewalls}.items() if name in used},
            outside=outside,
            passages=tuple(
                Passage(source, destination, found.ways, tuple(found.permits), tuple(found.interventions))
                for (source, destination), found in passages.items()
            ),
            admissions=tuple(self._admissions),
        )

    def _admit(self, flow: Flow, spans: Mapping[str, tuple[Span, ...]]) -> None:
        note = _note(flow)
        # The outside zone may be everything by name and yet hold no address of an IP version.
        versions = {span.version for span in spans.get(flow.source.zone or "", ())} if flow.source.zone else {4, 6}
        for leg in self._legs.get(node_of(flow.source), ()):
            for source in (network for network in flow.source.networks if network.version in versions):
                self._admissions.append(Admission(leg.interface, source, flow.protocol, flow.ports, note))

    def _through(self, flow: Flow) -> _Open:
        """What is known of the zone pair of a flow; nothing of it counts where the flow doesn't pass this firewall."""
        pair = (flow.source.zone or flow.source.name, flow.destination.zone or flow.destination.name)
        if pair not in self._passages:
            ways = ways_through(self._legs, node_of(flow.source), node_of(flow.destination))
            self._passages[pair] = _Open(ways)
        return self._passages[pair]


@dataclass(slots=True)
class _Open:
    """What passes between two zones, while it is collected."""

    ways: tuple[_Pair, ...]
    permits: list[Permit] = field(default_factory=list)
    interventions: list[Permit] = field(default_factory=list)

    @property
    def used(self) -> bool:
        """Whether anything of it comes through this firewall."""
        return bool(self.ways and (self.permits or self.interventions))


def permits_of(flow: Flow) -> Iterator[Permit]:
    """A flow from each network of its source to each of its destination's, of one IP version."""
    note = _note(flow)
    for source in flow.source.networks:
        for destination in flow.destination.networks:
            if source.version == destination.version:
                yield Permit(source, destination, flow.protocol, flow.ports, note)


def node_of(endpoint: Endpoint) -> _Pair:
    return ("firewall", endpoint.name) if endpoint.zone is None else ("zone", endpoint.zone)


def ways_through(legs: Mapping[_Pair, tuple[Leg, ...]], source: _Pair, destination: _Pair) -> tuple[_Pair, ...]:
    """The pairs of interfaces by which traffic enters and leaves; none where it doesn't pass this firewall."""
    return tuple(
        dict.fromkeys(
            (entry.interface, exit_.interface)
            for entry in legs.get(source, ())
            for exit_ in legs.get(destination, ())
            if entry.name != exit_.name
        )
    )


def _seen(reached: Iterable[Mapping[_Pair, tuple[Leg, ...]]], source: Endpoint, destination: Endpoint) -> bool:
    return any(ways_through(legs, node_of(source), node_of(destination)) for legs in reached)


def _note(flow: Flow) -> str:
    told = ("conduit", "telemetry", "intervention", "vpn")
    origins = dict.fromkeys(str(reason) if reason.origin in told else reason.origin for reason in flow.reasons)
    return f"{flow.source.name} -> {flow.destination.name}: {', '.join(origins)}"


def _zone_spans(site: Site) -> dict[str, tuple[Span, ...]]:
    spans = {
        zone.name: tuple(_span(network) for network in zone.networks)
        for zone in site.zones.values()
        if not zone.outside
    }
    if site.outside:
        spans[site.outside.name] = _undeclared(site)
    return spans


def _span(network: Network) -> Span:
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


def _undeclared(site: Site) -> tuple[Span, ...]:
    """Every address that no zone declares, of both IP versions."""
    # Here and not above: where it is missing, the faces say so in one sentence before they call anything.
    import netaddr

    declared = netaddr.IPSet(str(network) for zone in site.zones.values() for network in zone.networks)
    everything = netaddr.IPSet(["0.0.0.0/0", "::/0"])
    return tuple(
        Span(span.version, int(span.first), int(span.last)) for span in (everything - declared).iter_ipranges()
    )
