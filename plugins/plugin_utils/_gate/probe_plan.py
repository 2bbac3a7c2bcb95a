# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections are tried from which host: what is declared from there, and for a report a sample of what isn't.

A vantage point is a managed device. The plan follows from the site alone, so that whoever judges the results can make
it again: results are matched by the id of the probe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from typing import Any

from .._flows.model import Flow
from .._policy.paths import Paths
from .._policy.site import Compiled
from .._site.model import Address, Device

MOST_DECLARED = 100
MOST_UNDECLARED = 12


@dataclass(frozen=True, slots=True)
class Planned:
    """One connection to try. ``target`` is a device or firewall; ``zone`` is its zone, empty for a firewall."""

    id: str
    vantage: str
    target: str
    zone: str
    address: str
    family: int
    port: int
    application: str
    called_aet: str
    probe: str
    declared: bool

    def argument(self) -> dict[str, Any]:
        """The probe as the module network_evidence_info takes it."""
        keys = ("id", "address", "port", "application", "probe", *(("called_aet",) if self.called_aet else ()))
        return {key: value for key, value in asdict(self).items() if key in keys}

    @property
    def asks_nothing(self) -> bool:
        """Whether the site forbids to send anything there."""
        return self.probe == "never" or (self.probe == "passive" and self.application == "dicom")

    @property
    def text(self) -> str:
        """What is tried, in a few words: ``ws1 -> pacs1:11112 C-ECHO``."""
        how = "C-ECHO" if self.application == "dicom" else "TCP"
        return f"{self.vantage} -> {self.target}:{self.port} {how}{' over IPv6' if self.family == 6 else ''}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The probes of one vantage point; ``left_out`` declared connections are beyond what is tried in one run."""

    vantage: str
    probes: tuple[Planned, ...]
    left_out: int


def plan_probes(compiled: Compiled) -> dict[str, Plan]:
    """A plan for each managed device, by its name."""
    planner = _Planner(compiled)
    return {device.name: planner.plan(device) for device in compiled.site.devices.values() if device.managed}


def plan_gate(compiled: Compiled, firewalls: Collection[str]) -> dict[str, Plan]:
    """What must still work after a change of ``firewalls`` (names in the site): the declared connections that meet one
    of them and that may be tried. Only managed devices that have any to try.
    """
    paths = Paths(compiled.site)
    planner = _Planner(compiled, [flow for flow in compiled.flows if not set(firewalls).isdisjoint(paths.of(flow))])
    plans = (planner.declared(device) for device in compiled.site.devices.values() if device.managed)
    return {plan.vantage: plan for plan in plans if plan.probes}


class _Planner:
    def __init__(self, compiled: Compiled, flows: Iterable[Flow] | None = None) -> None:
        self._site = compiled.site
        mine = compiled.flows if flows is None else flows
        self._flows = [flow for flow in mine if flow.protocol == "tcp" and flow.ports is not None]

    def declared(self, vantage: Device) -> Plan:
        """The declared connections that something may be sent on; those in DICOM first, as they tell the most."""
        wanted = dict.fromkeys(one for one in self._declared(vantage, self._from(vantage)) if not one.asks_nothing)
        declared = sorted(wanted, key=lambda one: one.application != "dicom")
        return Plan(vantage.name, tuple(declared[:MOST_DECLARED]), max(0, len(declared) - MOST_DECLARED))

    def plan(self, vantage: Device) -> Plan:
        """The declared connections and a sample of undeclared ones."""
        mine = self._from(vantage)
        declared = list(dict.fromkeys(self._declared(vantage, mine)))
        undeclared = self._undeclared(vantage, mine)
        return Plan(
            vantage.name,
            (*declared[:MOST_DECLARED], *undeclared[:MOST_UNDECLARED]),
            max(0, len(declared) - MOST_DECLARED),
        )

    def _from(self, vantage: Device) -> list[Flow]:
        return [flow for flow in self._flows if any(_within(own, flow, source=True) for own in vantage.addresses)]

    def _declared(self, vantage: Device, mine: Iterable[Flow]) -> Iterator[Planned]:
        for flow in mine:
            name, ports = flow.destination.name, flow.ports
            if ports is None or ports.first != ports.last or name == vantage.name:
                continue
            if flow.destination.kind not in ("device", "firewall"):
                continue
            for own, other in _pairs(vantage.addresses, self._addresses(name)):
                if _within(own, flow, source=True) and _within(other, flow, source=False):
                    yield self._planned(vantage, name, other, ports.first, declared=True)

    def _undeclared(self, vantage: Device, mine: list[Flow]) -> list[Planned]:
        """Management ports of hosts that Ansible reaches there, so that somebody listens; first a host of each zone."""
        by_zone: dict[str, list[Planned]] = {}
        targets = [device.name for device in self._site.devices.values() if device.managed]
        for name in (*self._site.firewalls, *targets):
            zone = self._zone(name)
            if name == vantage.name or zone == vantage.zone:
                continue
            for port in self._site.management.ports:
                for own, other in _pairs(vantage.addresses, self._addresses(name)):
                    if not _covered(mine, own, other, port):
                        by_zone.setdefault(zone or name, []).append(
                            self._planned(vantage, name, other, port, declared=False)
                        )
        rounds = max((len(group) for group in by_zone.values()), default=0)
        return [group[number] for number in range(rounds) for group in by_zone.values() if number < len(group)]

    def _planned(self, vantage: Device, target: str, address: Address, port: int, *, declared: bool) -> Planned:
        device = self._site.devices.get(target)
        application, title, probe = "tcp", "", "passive"
        if device is not None:
            probe = device.probe
            for entity in device.application_entities:
                for connection in entity.connections:
                    if connection.port == port:
                        # What expects TLS is connected to and left at once: the prober speaks no TLS.
                        speaks = not connection.tls or probe == "passive"
                        application, title = ("dicom", entity.title) if speaks else ("tcp", "")
        return Planned(
            id=f"{vantage.name} to {target}, {address} port {port}",
            vantage=vantage.name,
            target=target,
            zone=self._zone(target),
            address=str(address),
            family=address.version,
            port=port,
            application=application,
            called_aet=title,
            probe=probe,
            declared=declared,
        )

    def _addresses(self, name: str) -> tuple[Address, ...]:
        device, firewall = self._site.devices.get(name), self._site.firewalls.get(name)
        return device.addresses if device else firewall.addresses if firewall else ()

    def _zone(self, name: str) -> str:
        device = self._site.devices.get(name)
        return device.zone if device else ""


def _covered(flows: Iterable[Flow], source: Address, destination: Address, port: int) -> bool:
    return any(
        flow.ports is not None
        and flow.ports.first <= port <= flow.ports.last
        and _within(source, flow, source=True)
        and _within(destination, flow, source=False)
        for flow in flows
    )


def _pairs(sources: Iterable[Address], destinations: Iterable[Address]) -> Iterator[tuple[Address, Address]]:
    """Each destination once, with an address of the same IP version to come from."""
    first: dict[int, Address] = {}
    for source in sources:
        first.setdefault(source.version, source)
    return ((first[other.version], other) for other in destinations if other.version in first)


def _within(address: Address, flow: Flow, *, source: bool) -> bool:
    networks = (flow.source if source else flow.destination).networks
    alone = ip_network(address)
    return any(
        network.version == alone.version
        and int(network.network_address) <= int(alone.network_address) <= int(network.broadcast_address)
        for network in networks
    )
