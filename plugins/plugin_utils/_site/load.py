# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a plain document to a Site: reads every part, then checks what the parts say of each other.

All faults are reported at once. Keys that the product doesn't know are faults: a misspelt key must not silently open or
close anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from .check import check_site
from .faults import Fault, SiteError, suggestion
from .load_remote_access import RemoteAccessReader
from .model import (
    ANY,
    ApplicationEntity,
    Conduit,
    ConduitKind,
    Connection,
    Device,
    DeviceAntivirus,
    Firewall,
    Hl7Application,
    Leg,
    Management,
    Mds2Answer,
    Network,
    Site,
    Workflow,
    Zone,
)
from .reader import Fields, Reader, shown
from .remote_access import RemoteAccess
from .vocabulary import ACTORS, ANTIVIRUS_AGENTS, MDS2_QUESTIONS, PROTOCOLS, SERVICES

ROOT = "pacs_site"
_SSH = (22,)
_OF_INTERVENTIONS = ("owner", "contract", "longest_minutes", "on_call")
_LONGEST_WINDOW = 7 * 24 * 60
#: An absolute, literal path of a directory, on Linux or on Windows.
_DIRECTORY = re.compile(r"(/(?!\.{1,2}(/|$))[^/*?\[\]]+)+|[A-Za-z]:(\\[^\\/*?]+)+")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A usable site, and what in it deserves a second look."""

    site: Site
    warnings: tuple[Fault, ...]


def load_site(document: object, root: str = ROOT, today: date | None = None) -> Loaded:
    """Load and validate a site document (the value of ``pacs_site``); raise SiteError with all faults.

    With ``today``, what has expired is a warning, and what would expire only in years is a fault.
    """
    if not document:
        raise SiteError(
            [Fault(root, "no site is declared", "Set pacs_site; the collection's inventories/lab shows one.")]
        )
    loader = _Loader(root)
    site = loader.site(document)
    # An address that is missing only because its network could not be read would be a fault of no use.
    zones_read = not any(fault.path.startswith(f"{root}.zones") for fault in loader.reader.faults)
    checked = check_site(site, root, zones_read, today)
    faults = (*loader.reader.faults, *checked.faults)
    if faults:
        raise SiteError(faults)
    return Loaded(site, checked.warnings)


class _Loader:
    """One method a part of the model. A part that can't be read leaves a fault and an empty value."""

    def __init__(self, root: str) -> None:
        self.reader = Reader()
        self.root = root

    def site(self, value: object) -> Site:
        fields = self.reader.fields(
            value,
            self.root,
            ("name", "management", "zones"),
            ("devices", "workflows", "conduits", "firewalls", "remote_access"),
        )
        return Site(
            name=fields.text("name"),
            management=fields.one("management", self.management) or Management((), _SSH),
            zones=fields.named("zones", self.zone),
            devices=fields.named("devices", self.device),
            workflows=fields.each("workflows", self.workflow),
            conduits=fields.each("conduits", self.conduit),
            firewalls=fields.named("firewalls", self.firewall),
            remote_access=fields.one("remote_access", RemoteAccessReader(self.reader).remote_access) or RemoteAccess(),
        )

    def management(self, value: object, path: str) -> Management:
        fields = self.reader.fields(value, path, ("sources",), ("ports",))
        sources: tuple[Network, ...] = fields.each(
            "sources", self.source, empty="Name the networks from which hosts are administered."
        )
        return Management(sources, fields.each("ports", self.reader.port) or _SSH)

    def source(self, value: object, path: str) -> Network | None:
        network = self.reader.network(value, path)
        if network is not None and network.prefixlen == 0:
            self.reader.fault(path, f"{network} is the whole address space", "Name the networks of the administrators.")
            return None
        return network

    def zone(self, name: str, value: object, path: str) -> Zone:
        fields = self.reader.fields(value, path, ("networks",))
        words: tuple[Network | str, ...] = fields.each(
            "networks", self.network_or_any, empty="List networks, or [any] for all that no zone declares."
        )
        networks: tuple[Network, ...] = tuple(word for word in words if not isinstance(word, str))
        if ANY in words and len(words) > 1:
            fields.fault(
                "'any' stands beside other networks", "[any] alone means every undeclared address.", "networks"
            )
        return Zone(name, networks, ANY in words)

    def network_or_any(self, value: object, path: str) -> Network | str | None:
        return ANY if value == ANY else self.reader.network(value, path)

    def device(self, name: str, value: object, path: str) -> Device:
        fields = self.reader.fields(
            value,
            path,
            ("zone", "addresses"),
            (
                *("actors", "managed", "pacs_host", "probe", "application_entities", "hl7_applications", "contact"),
                "antivirus",
            ),
        )
        actors = fields.each("actors", lambda item, where: self.reader.choice(item, where, ACTORS))
        # A modality may be fragile: until somebody says otherwise it is watched, not spoken to.
        cautious = "acquisition_modality" in actors
        return Device(
            name=name,
            zone=fields.text("zone"),
            addresses=fields.each("addresses", self.reader.address, empty="List the addresses that it uses."),
            actors=actors,
            managed=fields.flag("managed"),
            pacs_host=fields.text("pacs_host", name),
            probe=fields.choice("probe", ("never", "passive", "echo")) or ("passive" if cautious else "echo"),
            application_entities=fields.each("application_entities", self.application_entity),
            hl7_applications=fields.each("hl7_applications", self.hl7_application),
            contact=fields.one("contact", self.reader.text),
            antivirus=fields.one("antivirus", self.antivirus) or DeviceAntivirus(),
        )

    def antivirus(self, value: object, path: str) -> DeviceAntivirus:
        fields = self.reader.fields(value, path, (), ("agent", "profiles", "mds2", "stores", "landing"))
        answers = fields.named("mds2", lambda _name, item, where: self.answer(item, where))
        for question in answers.keys() - MDS2_QUESTIONS.keys():
            known = suggestion(question, MDS2_QUESTIONS, "Those that decide here")
            fields.fault(f"{shown(question)} is no question that decides here", known, "mds2")
        declared = DeviceAntivirus(
            agent=fields.choice("agent", ANTIVIRUS_AGENTS),
            profiles=fields.names("profiles"),
            stores=fields.names("stores"),
            landing=fields.names("landing"),
            mds2={question: answer for question, answer in answers.items() if answer is not None},
        )
        if declared.agent and declared.forbidden_by:
            said = ", ".join(declared.forbidden_by)
            fields.fault(
                f"its maker forbids antivirus (MDS2 {said}: no), and an agent is named",
                "Remove agent, or correct the answer.",
            )
        for key, paths in (("stores", declared.stores), ("landing", declared.landing)):
            for directory in paths:
                if not _DIRECTORY.fullmatch(directory):
                    remedy = "Write its absolute path, literally, without a separator at its end."
                    fields.fault(f"{shown(directory)} is no directory by its path", remedy, key)
        if declared.profiles and not declared.agent:
            fields.fault("profiles without an agent", "Name the agent, or remove profiles.", "profiles")
        return declared

    def answer(self, value: object, path: str) -> Mds2Answer | None:
        if isinstance(value, bool):  # YAML takes yes and no for that
            return "yes" if value else "no"
        return self.reader.choice(value, path, get_args(Mds2Answer))

    def application_entity(self, value: object, path: str) -> ApplicationEntity | None:
        fields = self.reader.fields(value, path, ("title",), ("connections",))
        title = fields.one("title", self.reader.text)
        connections = fields.each("connections", self.connection)
        return None if title is None else ApplicationEntity(title, connections)

    def hl7_application(self, value: object, path: str) -> Hl7Application | None:
        fields = self.reader.fields(value, path, ("name", "connections"))
        name = fields.one("name", self.reader.text)
        connections = fields.each("connections", self.connection)
        return None if name is None else Hl7Application(name, connections)

    def connection(self, value: object, path: str) -> Connection | None:
        fields = self.reader.fields(value, path, ("port",), ("tls",))
        port = fields.one("port", self.reader.port)
        tls = fields.flag("tls")
        return None if port is None else Connection(port, tls)

    def workflow(self, value: object, path: str) -> Workflow:
        fields = self.reader.fields(
            value, path, ("modalities", "archive"), ("order_filler", "order_placer", "displays")
        )
        return Workflow(
            modalities=fields.names("modalities"),
            archive=fields.text("archive"),
            order_filler=fields.one("order_filler", self.reader.text),
            order_placer=fields.one("order_placer", self.reader.text),
            displays=fields.names("displays"),
        )

    def conduit(self, value: object, path: str) -> Conduit:
        fields = self.reader.fields(
            value, path, ("from", "to", "reason"), ("service", "protocol", "ports", "kind", *_OF_INTERVENTIONS)
        )
        self._service_or_ports(fields)
        kind: ConduitKind = fields.choice("kind", ("standing", "intervention", "telemetry")) or "standing"
        for key in ("owner", "contract") if kind == "intervention" else ():
            if key not in fields:
                fields.fault(f"an intervention without {key}", f"Add {key}: no window is granted without one.")
        for key in ("longest_minutes", "on_call") if kind != "intervention" else ():
            if key in fields:
                fields.fault(
                    f"{key} says something of windows, and only an intervention has any", f"Remove {key}.", key
                )
        return Conduit(
            sources=fields.names("from"),
            destinations=fields.names("to"),
            service=fields.choice("service", SERVICES),
            protocol=fields.choice("protocol", PROTOCOLS),
            ports=fields.each("ports", self.reader.ports, empty="List ports or ranges, like [443, '50000-50010']."),
            reason=fields.text("reason"),
            kind=kind,
            owner=fields.one("owner", self.reader.text),
            contract=fields.one("contract", self.reader.text),
            longest=fields.one("longest_minutes", self._minutes) or 240,
            on_call=fields.flag("on_call"),
        )

    def _minutes(self, value: object, path: str) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_WINDOW:
            remedy = f"Write a number of minutes from 1 to {_LONGEST_WINDOW}, which is a week."
            self.reader.fault(path, f"{shown(value)} is no length of a window", remedy)
            return None
        return value

    @staticmethod
    def _service_or_ports(fields: Fields) -> None:
        explicit = [key for key in ("protocol", "ports") if key in fields]
        if not fields or (len(explicit) == 2 and "service" not in fields) or (not explicit and "service" in fields):
            return
        fields.fault(
            "it must say either a service or a protocol with ports", "Give service, or both protocol and ports."
        )

    def firewall(self, name: str, value: object, path: str) -> Firewall:
        fields = self.reader.fields(value, path, ("kind", "interfaces"), ("addresses", "pacs_host"))
        legs = fields.named("interfaces", self.leg)
        if "interfaces" in fields and not legs:
            fields.fault("a firewall without interfaces", "Write 'zone: interface' for each.", "interfaces")
        return Firewall(
            name=name,
            kind=fields.choice("kind", ("internal", "external")) or "internal",
            addresses=fields.each("addresses", self.reader.address),
            pacs_host=fields.text("pacs_host", name),
            legs=tuple(legs.values()),
        )

    def leg(self, name: str, value: object, path: str) -> Leg:
        if not isinstance(value, Mapping):
            return Leg(name, self.reader.interface(value, path) or "", zone=name, via=None)
        fields = self.reader.fields(value, path, ("interface",), ("via", "tunnel"))
        interface = fields.one("interface", self.reader.interface) or ""
        if fields and ("via" in fields) == ("tunnel" in fields):
            fields.fault(
                "it must say either via which firewall or through which tunnel it leads", "Give via, or tunnel."
            )
        if "tunnel" in fields:
            return Leg(name, interface, zone=name, via=None, tunnel=fields.text("tunnel"))
        return Leg(name, interface, zone=None, via=fields.text("via"))
