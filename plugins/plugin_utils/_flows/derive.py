# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derives all flows of a site: workflows with their reverse connections, conduits, administration, VPNs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from .._site.faults import Fault, SiteError
from .._site.lookup import ZoneLookup
from .._site.model import Conduit, Connection, Device, Network, Ports, Site, Workflow
from .._site.vocabulary import SERVICES, Protocol
from .contradictions import contradictions
from .ihe import TRANSACTIONS, Listener, Part, Transaction
from .model import Derived, Endpoint, Flow, Reason
from .remote_access import EVERYWHERE, carriers

MANAGEMENT = "management"

_Target = tuple[Protocol, Ports | None]
_Flows = dict[tuple[str, str, Protocol, Ports | None], dict[Reason, None]]


def derive(site: Site, root: str = "pacs_site") -> Derived:
    """Derive the flows of a loaded site. Linear in the number of flows, but for interventions, which are few.

    Raises SiteError where an intervention is open anyway.
    """
    derivation = _Derivation(site, root)
    for number, workflow in enumerate(site.workflows):
        derivation.workflow(workflow, f"{root}.workflows[{number}]")
    for number, conduit in enumerate(site.conduits):
        derivation.conduit(conduit, f"{root}.conduits[{number}]")
    derivation.management()
    derivation.remote_access()
    return derivation.result()


class _Derivation:
    def __init__(self, site: Site, root: str) -> None:
        self._site = site
        self._root = root
        self._lookup = ZoneLookup(site)
        self._endpoints: dict[str, Endpoint] = {}
        self._reasons: _Flows = {}
        self._interventions: _Flows = {}
        self._findings: dict[Fault, None] = {}

    def result(self) -> Derived:
        flows, interventions = self._flows(self._reasons), self._flows(self._interventions)
        faults = contradictions(interventions, flows, f"{self._root}.conduits")
        if faults:
            raise SiteError(faults)
        return Derived(flows, tuple(self._findings), interventions)

    def _flows(self, reasons: _Flows) -> tuple[Flow, ...]:
        return tuple(
            Flow(self._endpoints[source], self._endpoints[destination], protocol, ports, tuple(why))
            for (source, destination, protocol, ports), why in reasons.items()
        )

    def workflow(self, workflow: Workflow, path: str) -> None:
        cast = _cast(workflow)
        for transaction in TRANSACTIONS:
            for initiator in cast[transaction.initiator]:
                for responder in cast[transaction.responder]:
                    self._transaction(transaction, initiator, responder, path)

    def _transaction(self, transaction: Transaction, initiator: str, responder: str, path: str) -> None:
        if initiator == responder:
            return
        ports = _listening(self._site.devices[responder], transaction.listener)
        if not ports:
            self._find(
                path,
                f"{transaction.name} {transaction.text} from '{initiator}' has no port to reach at '{responder}'",
                f"If it is used, add {transaction.listener} with connections to devices.{responder}; else ignore this.",
            )
        for port in ports:
            self._add(initiator, responder, "tcp", port, Reason(transaction.name, transaction.text), path)

    def conduit(self, conduit: Conduit, path: str) -> None:
        reason = Reason("conduit" if conduit.kind == "standing" else conduit.kind, conduit.reason)
        for destination in conduit.destinations:
            for target, (protocol, ports) in self._targets(conduit, destination, path):
                for source in conduit.sources:
                    if source != target:
                        self._add(source, target, protocol, ports, reason, path)

    def _targets(self, conduit: Conduit, destination: str, path: str) -> Iterator[tuple[str, _Target]]:
        """The ends and ports a conduit's destination stands for: each device of a zone that serves DICOM."""
        if conduit.service is None:
            yield from ((destination, (_protocol(conduit), ports)) for ports in conduit.ports)
            return
        service = SERVICES[conduit.service]
        if service.protocols == ("icmp",):
            yield destination, ("icmp", None)
            return
        devices = self._devices_behind(destination)
        declared = (
            [(name, _listening(self._site.devices[name], service.declared_by)) for name in devices]
            if service.declared_by
            else []
        )
        found = [(name, ports) for name, many in declared for ports in many]
        if found and (destination in self._site.devices or not service.ports):
            yield from ((name, ("tcp", ports)) for name, ports in found)
        elif service.ports:
            yield from (
                (destination, (protocol, Ports(port, port))) for protocol in service.protocols for port in service.ports
            )
        else:
            self._find(
                path,
                f"nothing in '{destination}' declares a port for {service.title}",
                "Name devices with application_entities.",
            )

    def _devices_behind(self, name: str) -> list[str]:
        if name in self._site.devices:
            return [name]
        return [device.name for device in self._site.devices.values() if device.zone == name]

    def management(self) -> None:
        by_zone: dict[str, list[Network]] = {}
        for source in self._site.management.sources:
            zone = self._lookup.zone_of(source)
            if zone is not None:
                by_zone.setdefault(zone, []).append(source)
        managed = [device.name for device in self._site.devices.values() if device.managed]
        reason = Reason(MANAGEMENT, "administration")
        for zone, networks in by_zone.items():
            # A key of its own a zone; a device or zone can't have it, because names hold no blank.
            key = f"{MANAGEMENT} {zone}"
            self._endpoints[key] = Endpoint("management", MANAGEMENT, zone, tuple(networks))
            for destination in (*self._site.firewalls, *managed):
                for port in self._site.management.ports:
                    self._add(key, destination, "tcp", Ports(port, port), reason, f"{self._root}.management")

    def remote_access(self) -> None:
        for carrier in carriers(self._site, self._lookup):
            # Keys with a blank, as above: a gateway's addresses for its clients needn't be those of its administration.
            source, destination = (f"{end.kind} {end.name} {end.networks}" for end in carrier.ends)
            self._endpoints.update({source: carrier.source, destination: carrier.destination})
            path = f"{self._root}.remote_access"
            self._add(source, destination, carrier.protocol, carrier.ports, carrier.reason, path)

    def _add(
        self, source: str, destination: str, protocol: Protocol, ports: Ports | None, reason: Reason, path: str
    ) -> None:
        from_zone, to_zone = self._endpoint(source).zone, self._endpoint(destination).zone
        if from_zone is not None and from_zone == to_zone and self._endpoints[source].kind != "management":
            self._find(
                path,
                f"'{source}' and '{destination}' both stand in zone '{from_zone}': no firewall lies between them",
                "Nothing can be enforced there; give them zones of their own if it should be.",
            )
        into = self._interventions if reason.origin == "intervention" else self._reasons
        into.setdefault((source, destination, protocol, ports), {})[reason] = None

    def _endpoint(self, name: str) -> Endpoint:
        known = self._endpoints.get(name)
        if known is None:
            known = self._endpoints[name] = self._new_endpoint(name)
        return known

    def _new_endpoint(self, name: str) -> Endpoint:
        site = self._site
        if name in site.devices:
            device = site.devices[name]
            return Endpoint("device", name, device.zone, tuple(ip_network(address) for address in device.addresses))
        if name in site.zones:
            zone = site.zones[name]
            return Endpoint("zone", name, name, EVERYWHERE if zone.outside else zone.networks)
        return Endpoint(
            "firewall", name, None, tuple(ip_network(address) for address in site.firewalls[name].addresses)
        )

    def _find(self, path: str, problem: str, remedy: str) -> None:
        self._findings[Fault(path, problem, remedy)] = None


def _cast(workflow: Workflow) -> Mapping[Part, tuple[str, ...]]:
    return {
        "modality": workflow.modalities,
        "archive": (workflow.archive,),
        "order_filler": (workflow.order_filler,) if workflow.order_filler else (),
        "order_placer": (workflow.order_placer,) if workflow.order_placer else (),
        "display": workflow.displays,
    }


def _listening(device: Device, listener: Listener) -> list[Ports]:
    applications = device.application_entities if listener == "application_entities" else device.hl7_applications
    connections: Iterable[Connection] = (connection for item in applications for connection in item.connections)
    return [Ports(port, port) for port in dict.fromkeys(connection.port for connection in connections)]


def _protocol(conduit: Conduit) -> Protocol:
    return "udp" if conduit.protocol == "udp" else "tcp"
