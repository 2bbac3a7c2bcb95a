# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared site: zones, devices, workflows, conduits and firewalls, as typed values.

Words: zone and conduit from IEC 62443-3-2; device, application entity and connection from DICOM PS3.15 Annex H;
actor from the IHE Radiology Technical Framework. Values are checked where they are made (load.py), nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

from .remote_access import RemoteAccess

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ANY = "any"
ProbeRule = Literal["never", "passive", "echo"]
FirewallKind = Literal["internal", "external"]
ConduitKind = Literal["standing", "intervention", "telemetry"]
Mds2Answer = Literal["yes", "no", "not_applicable"]

#: The MDS2 questions whose "no" forbids antivirus of the owner's own, and those whose "yes" names a replacement.
MDS2_FORBIDS = ("MLDP-2", "MLDP-2.3", "MLDP-2.4")
MDS2_INSTEAD = ("MLDP-3", "MLDP-4", "MLDP-5")


@dataclass(frozen=True, slots=True)
class Management:
    """From where hosts are administered: source networks, and the TCP ports of the administration service."""

    sources: tuple[Network, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """Networks with the same trust. ``outside`` is the zone of every address that no other zone declares."""

    name: str
    networks: tuple[Network, ...]
    outside: bool


@dataclass(frozen=True, slots=True)
class Connection:
    """Where an application listens (TCP port), and whether it expects TLS there."""

    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class ApplicationEntity:
    """A DICOM application entity: its title and where it listens."""

    title: str
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class Hl7Application:
    """An HL7 v2 application: its name (MSH-3) and where it listens for MLLP."""

    name: str
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class DeviceAntivirus:
    """What the site says of antivirus on a device: which agent, by which vendor profiles, if the maker allows any.

    ``mds2`` are the maker's answers by question (NEMA HN 1-2019, section MLDP). ``stores`` are directories with images
    beside those that the profiles name, ``landing`` those through which files come in.
    """

    agent: str | None = None
    profiles: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    landing: tuple[str, ...] = ()
    mds2: Mapping[str, Mds2Answer] = field(default_factory=dict)

    @property
    def forbidden_by(self) -> tuple[str, ...]:
        """The answers by which nobody but the maker may install or configure antivirus there."""
        return tuple(question for question in MDS2_FORBIDS if self.mds2.get(question) == "no")

    @property
    def instead(self) -> tuple[str, ...]:
        """The answers that name what replaces it."""
        return tuple(question for question in MDS2_INSTEAD if self.mds2.get(question) == "yes")


@dataclass(frozen=True, slots=True)
class Device:
    """A machine of the site. Roles and probes run on it only if it says that it is managed.

    ``contact`` is the person to ask about it, in words for people; None where the site names nobody.
    """

    name: str
    zone: str
    addresses: tuple[Address, ...]
    actors: tuple[str, ...]
    managed: bool
    pacs_host: str
    probe: ProbeRule
    application_entities: tuple[ApplicationEntity, ...]
    hl7_applications: tuple[Hl7Application, ...]
    contact: str | None = None
    antivirus: DeviceAntivirus = DeviceAntivirus()

    @property
    def serves_dicom(self) -> bool:
        """Whether one of its application entities has a port."""
        return any(entity.connections for entity in self.application_entities)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One IHE Scheduled Workflow: which devices play which part in it (IHE RAD TF-1, section 3)."""

    modalities: tuple[str, ...]
    archive: str
    order_filler: str | None
    order_placer: str | None
    displays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ports:
    """A range of ports, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Conduit:
    """Whatever else is allowed, with its reason. Ends are names of devices, zones or firewalls.

    ``standing`` is always open. ``intervention`` is open only in a granted window, and then for one ``contract`` with
    one ``owner``, and for ``longest`` minutes at most; with ``on_call`` whoever is on call may grant it on the firewall
    itself. ``telemetry`` goes out to a vendor, who can't use it to come in.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    service: str | None
    protocol: str | None
    ports: tuple[Ports, ...]
    reason: str
    kind: ConduitKind = "standing"
    owner: str | None = None
    contract: str | None = None
    longest: int = 240
    on_call: bool = False

    def interventions(self) -> Iterator[tuple[str, str, str]]:
        """The name of each of its interventions, with the device that comes and the one that it comes to."""
        if self.kind == "intervention":
            what = self.service or f"{self.protocol}-{self.ports[0].first if self.ports else ''}"
            for source in self.sources:
                for destination in self.destinations:
                    if source != destination:
                        yield f"{source}-{destination}-{what}", source, destination


@dataclass(frozen=True, slots=True)
class Leg:
    """An interface of a firewall: it stands in a zone, or leads to another firewall.

    Behind one with a ``tunnel`` the zone is reached only through that IPsec tunnel.
    """

    name: str
    interface: str
    zone: str | None
    via: str | None
    tunnel: str | None = None


@dataclass(frozen=True, slots=True)
class Firewall:
    """An enforcement point between zones. ``addresses`` are those by which it is administered."""

    name: str
    kind: FirewallKind
    addresses: tuple[Address, ...]
    pacs_host: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """One institution as declared; every name in it has been resolved when this value exists."""

    name: str
    management: Management
    zones: Mapping[str, Zone]
    devices: Mapping[str, Device]
    workflows: tuple[Workflow, ...]
    conduits: tuple[Conduit, ...]
    firewalls: Mapping[str, Firewall]
    remote_access: RemoteAccess = field(default_factory=RemoteAccess)

    @property
    def outside(self) -> Zone | None:
        """The zone of every undeclared address, or None where the site declares none."""
        return next((zone for zone in self.zones.values() if zone.outside), None)

    def addresses_of(self, firewall: str) -> tuple[Address, ...]:
        """Every declared address of a firewall: of its administration, and as a gateway of remote access."""
        return tuple(dict.fromkeys((*self.firewalls[firewall].addresses, *self.remote_access.addresses_of(firewall))))
