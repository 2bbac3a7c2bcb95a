# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that follow from the declared site alone: its zones, and whether its inventory of AEs is whole.

What deserves a second look in the model (its warnings) is a fact here: those of devices stand with the device, those of
zones, firewalls and administration with the site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from .._policy.site import Compiled
from .._site.faults import Fault
from .._site.lookup import ZoneLookup
from .._site.model import Device, Site

#: The roles that must not share a zone, by IHE actor. The NHS imaging guidance names the same groups.
ROLES: Mapping[str, str] = {
    "image_manager_archive": "archive",
    "order_filler": "RIS",
    "order_placer": "HIS",
    "acquisition_modality": "modality",
    "image_display": "viewer",
}
MANAGEMENT = "management"

#: Actors that speak DICOM (IHE RAD TF-1); those of the second list are spoken to, so that they need a port.
_SPEAKS_DICOM = (*ROLES, "evidence_creator", "importer", "print_server")
_NOT_DICOM = ("order_placer",)
_LISTENS = ("image_manager_archive", "order_filler", "image_display", "print_server")


def site_facts(compiled: Compiled) -> dict[str, Any]:
    """The part ``site`` of the facts of a site."""
    site = compiled.site
    return {
        "name": site.name,
        "zones": len(site.zones),
        "mixed_zones": _mixed_zones(site),
        "misplaced": _misplaced(site),
        "model_warnings": [str(fault) for fault in compiled.findings if _about_zones(fault)],
    }


def inventory_facts(compiled: Compiled, device: Device) -> dict[str, Any]:
    """The part ``inventory`` of a device: whether its actors speak DICOM, and what its entries lack."""
    speaking = [actor for actor in device.actors if actor in _SPEAKS_DICOM and actor not in _NOT_DICOM]
    titles = [entity.title for entity in device.application_entities]
    listening = any(entity.connections for entity in device.application_entities)
    problems = []
    if speaking and not titles:
        problems.append(f"no application entity is declared, and as {_words(speaking)} it speaks DICOM")
    elif not listening and any(actor in _LISTENS for actor in device.actors):
        awaited = [actor for actor in device.actors if actor in _LISTENS]
        problems.append(f"no application entity declares a port, and as {_words(awaited)} it must be reachable")
    ends = [
        (entity.title, connection.port) for entity in device.application_entities for connection in entity.connections
    ]
    if len(set(ends)) < len(ends):
        problems.append("the same AE title and port stand twice")
    problems += [f"{fault.problem}. {fault.remedy}" for fault in _warnings_of(compiled.findings, device)]
    return {"speaks_dicom": bool(speaking or titles), "titles": titles, "problems": problems}


def _mixed_zones(site: Site) -> list[str]:
    members: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for device in site.devices.values():
        for actor in device.actors:
            if actor in ROLES and device.name not in members[device.zone][ROLES[actor]]:
                members[device.zone][ROLES[actor]].append(device.name)
    lookup = ZoneLookup(site)
    for source in site.management.sources:
        zone = lookup.zone_of(source)
        if zone is not None and members.get(zone):
            members[zone][MANAGEMENT].append(str(source))
    return [
        f"zone {zone}: " + ", ".join(f"{role} ({_few(names)})" for role, names in roles.items())
        for zone, roles in members.items()
        if len(roles) > 1
    ]


def _misplaced(site: Site) -> list[str]:
    """Devices with an address in another zone; loading refuses them, and this is checked all the same."""
    lookup = ZoneLookup(site)
    return [
        f"{device.name}: {address}"
        for device in site.devices.values()
        for address in device.addresses
        if lookup.zone_of(ip_network(address)) != device.zone
    ]


def _about_zones(fault: Fault) -> bool:
    steps = fault.path.split(".")
    return fault.path.startswith("zones ") or (len(steps) > 1 and steps[1].partition("[")[0] in _ZONE_KEYS)


_ZONE_KEYS = ("zones", "firewalls", "management")


def _warnings_of(findings: Iterable[Fault], device: Device) -> list[Fault]:
    prefix = f".devices.{device.name}."
    return [fault for fault in findings if prefix in f"{fault.path}."]


def _words(actors: Iterable[str]) -> str:
    return ", ".join(actor.replace("_", " ") for actor in actors)


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
