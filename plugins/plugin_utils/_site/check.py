# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a site say of each other: names must resolve, addresses must fit, AE titles must differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from ipaddress import ip_network

from ...module_utils._dicom.ae_title import SHIPPED_TITLES, ae_title_problem
from .check_conduits import ADD_AE, check_conduits
from .check_remote_access import check_remote_access
from .faults import Checked, suggestion
from .lookup import ZoneLookup
from .model import Device, Firewall, Leg, Site, Workflow
from .reader import shown


def check_site(site: Site, root: str, zones_read: bool = True, today: date | None = None) -> Checked:
    """Check a site whose parts have been read; ``root`` is the path of the document.

    Without ``today`` nothing is said of dates.
    """
    out = Checked()
    zones_fit = _zones(out, site, root)
    _unique_names(out, site, root)
    lookup = ZoneLookup(site) if zones_fit and zones_read else None
    _management(out, site, root, lookup)
    _devices(out, site, root, lookup)
    for number, workflow in enumerate(site.workflows):
        _workflow(out, site, workflow, f"{root}.workflows[{number}]")
    _shared_titles(out, site, root)
    check_conduits(out, site, root)
    _firewalls(out, site, root)
    check_remote_access(out, site, root, lookup, today)
    return out


def _zones(out: Checked, site: Site, root: str) -> bool:
    outside = [zone.name for zone in site.zones.values() if zone.outside]
    for name in outside[1:]:
        out.fault(
            f"{root}.zones.{name}.networks",
            f"'any' is already the zone '{outside[0]}'",
            "Keep one zone for all undeclared addresses.",
        )
    fit = len(outside) < 2
    for version in (4, 6):
        spans = sorted(
            (int(network.network_address), int(network.broadcast_address), zone.name, str(network))
            for zone in site.zones.values()
            for network in zone.networks
            if network.version == version
        )
        widest: tuple[int, str, str] | None = None
        for first, last, name, text in spans:
            if widest is not None and first <= widest[0]:
                fit = False
                other = f"{widest[2]} of zone '{widest[1]}'" if widest[1] != name else f"{widest[2]} of the same zone"
                out.fault(
                    f"{root}.zones.{name}.networks", f"{text} overlaps {other}", "Give each address to one zone only."
                )
            if widest is None or last > widest[0]:
                widest = (last, name, text)
    return fit


def _unique_names(out: Checked, site: Site, root: str) -> None:
    taken = {name: "zones" for name in site.zones}
    for kind, names in (("devices", site.devices), ("firewalls", site.firewalls)):
        for name in names:
            if name in taken:
                out.fault(
                    f"{root}.{kind}.{name}",
                    f"the name is also used under {taken[name]}",
                    "A conduit couldn't tell them apart: rename one.",
                )
            taken.setdefault(name, kind)


def _management(out: Checked, site: Site, root: str, lookup: ZoneLookup | None) -> None:
    if lookup is None:
        return
    for number, source in enumerate(site.management.sources):
        path = f"{root}.management.sources[{number}]"
        zone = lookup.zone_of(source)
        if zone is None:
            out.fault(
                path,
                f"{source} lies in no declared zone, so no firewall knows where it comes from",
                "Declare a zone with this network.",
            )
        elif site.zones[zone].outside:
            out.warn(
                path,
                f"{source} lies in no declared zone, so it is expected from zone '{zone}'",
                "Declare a zone with this network.",
            )


def _devices(out: Checked, site: Site, root: str, lookup: ZoneLookup | None) -> None:
    users: dict[object, str] = {}
    for device in site.devices.values():
        path = f"{root}.devices.{device.name}"
        zone = site.zones.get(device.zone)
        if device.zone and zone is None:
            out.fault(
                f"{path}.zone",
                f"no zone is named {shown(device.zone)}",
                suggestion(device.zone, site.zones, "Known zones"),
            )
        for number, address in enumerate(device.addresses):
            where = f"{path}.addresses[{number}]"
            if address in users:
                out.fault(
                    where,
                    f"{address} belongs to '{users[address]}'",
                    "Give each address to one device; a device may have several actors.",
                )
            users.setdefault(address, device.name)
            home = lookup.zone_of(ip_network(address)) if lookup else device.zone
            if zone is not None and home != device.zone:
                stands = f"it lies in zone '{home}'" if home else "it lies in no zone"
                remedy = f"Correct the address, move the device, or add the network to zone '{device.zone}'."
                out.fault(where, f"{address} is outside the networks of zone '{device.zone}' ({stands})", remedy)
        _titles(out, device, path)


def _titles(out: Checked, device: Device, path: str) -> None:
    seen: set[str] = set()
    for number, entity in enumerate(device.application_entities):
        where = f"{path}.application_entities[{number}].title"
        problem = ae_title_problem(entity.title)
        if problem:
            out.fault(
                where, f"{shown(entity.title)}: {problem}", "Write the title as the device itself has it configured."
            )
        elif entity.title in SHIPPED_TITLES:
            out.warn(where, f"'{entity.title}' is the title a product ships with", "Choose a title of the site's own.")
        if entity.title in seen:
            out.fault(
                where,
                f"the AE title '{entity.title}' stands twice on this device",
                "Keep one entry with all its connections.",
            )
        seen.add(entity.title)


def _workflow(out: Checked, site: Site, workflow: Workflow, path: str) -> None:
    for key, name in _parts(workflow):
        if name and name not in site.devices:
            out.fault(
                f"{path}.{key}", f"no device is named {shown(name)}", suggestion(name, site.devices, "Known devices")
            )
    archive = site.devices.get(workflow.archive)
    if archive and not archive.serves_dicom:
        out.fault(
            f"{path}.archive",
            f"'{archive.name}' declares no AE with a port, so images (RAD-8) can't reach it",
            ADD_AE.format(archive.name),
        )
    filler = site.devices.get(workflow.order_filler or "")
    if filler and not filler.serves_dicom:
        out.fault(
            f"{path}.order_filler",
            f"'{filler.name}' declares no AE with a port, so worklist queries (RAD-5) can't reach it",
            ADD_AE.format(filler.name),
        )
    if filler and workflow.order_placer and not any(item.connections for item in filler.hl7_applications):
        remedy = f"Add hl7_applications with name and connections to devices.{filler.name}."
        out.fault(
            f"{path}.order_placer",
            f"'{filler.name}' declares no HL7 application, so orders (RAD-2) can't reach it",
            remedy,
        )
    if workflow.order_placer and not workflow.order_filler:
        out.fault(f"{path}.order_placer", "orders have no order filler to go to", "Name the order_filler.")


def _parts(workflow: Workflow) -> Iterator[tuple[str, str]]:
    yield from ((f"modalities[{number}]", name) for number, name in enumerate(workflow.modalities))
    yield "archive", workflow.archive
    yield "order_filler", workflow.order_filler or ""
    yield "order_placer", workflow.order_placer or ""
    yield from ((f"displays[{number}]", name) for number, name in enumerate(workflow.displays))


def _shared_titles(out: Checked, site: Site, root: str) -> None:
    """The same title on two devices: a warning; a fault where one archive or order filler must know both."""
    owners: dict[str, list[str]] = defaultdict(list)
    for device in site.devices.values():
        for title in {entity.title for entity in device.application_entities}:
            owners[title].append(device.name)
    circles: dict[str, set[str]] = defaultdict(set)
    for workflow in site.workflows:
        circles[workflow.archive].update((*workflow.modalities, *workflow.displays, workflow.archive))
        if workflow.order_filler:
            circles[workflow.order_filler].update((*workflow.modalities, workflow.order_filler))
    for title, names in owners.items():
        if len(names) < 2:
            continue
        path = f"{root}.devices.{names[1]}.application_entities"
        together = f"the AE title '{title}' is also that of '{names[0]}'"
        knowers = [peer for peer, circle in circles.items() if len(circle.intersection(names)) > 1]
        if knowers:
            out.fault(path, f"{together}, and '{knowers[0]}' must know both", "Give each a title of its own.")
        else:
            out.warn(path, together, "Give each a title of its own.")
    twins: dict[str, str] = {}
    for title, names in owners.items():
        twin = twins.setdefault(title.upper(), title)
        if twin != title:
            out.warn(
                f"{root}.devices.{names[0]}.application_entities",
                f"'{title}' and '{twin}' differ only in case",
                "Some peers can't tell them apart: rename one.",
            )


def _firewalls(out: Checked, site: Site, root: str) -> None:
    served: set[str] = set()
    for firewall in site.firewalls.values():
        path = f"{root}.firewalls.{firewall.name}"
        _legs(out, site, firewall, path)
        served.update(leg.zone for leg in firewall.legs if leg.zone)
        if firewall.kind == "external" and not any(
            leg.zone in site.zones and site.zones[leg.zone].outside for leg in firewall.legs if leg.zone
        ):
            out.warn(
                path,
                "an external firewall with no interface in the outside zone",
                "Declare a zone with networks [any] and its interface.",
            )
    for zone in site.zones.values():
        if site.firewalls and zone.name not in served:
            out.warn(
                f"{root}.zones.{zone.name}",
                "no firewall has an interface in this zone",
                "What enters and leaves it is not enforced: add the interface.",
            )


def _legs(out: Checked, site: Site, firewall: Firewall, path: str) -> None:
    for leg in firewall.legs:
        where = f"{path}.interfaces.{leg.name}"
        if leg.tunnel:
            _tunnel_leg(out, site, firewall, leg, where)
        elif leg.via is None and leg.zone not in site.zones:
            known = suggestion(leg.name, site.zones, "Known zones")
            remedy = f"{known} A leg to another firewall is written {{interface: ..., via: FIREWALL}}."
            out.fault(where, f"no zone is named {shown(leg.name)}", remedy)
        if leg.via:
            other = site.firewalls.get(leg.via)
            if other is None or other is firewall:
                out.fault(
                    f"{where}.via",
                    f"no other firewall is named {shown(leg.via)}",
                    suggestion(leg.via, _others(site, firewall), "Known firewalls"),
                )
            elif not any(back.via == firewall.name for back in other.legs):
                out.fault(
                    f"{where}.via",
                    f"'{other.name}' has no interface that leads back",
                    f"Add a leg with via: {firewall.name} to firewalls.{other.name}.interfaces.",
                )
    zones_by_interface: dict[str, list[str]] = defaultdict(list)
    for leg in firewall.legs:
        if not leg.tunnel:
            zones_by_interface[leg.interface].append(leg.name)
    for interface, names in zones_by_interface.items():
        if interface and len(names) > 1:
            out.warn(
                f"{path}.interfaces",
                f"{' and '.join(names)} share the interface {interface}",
                "Hosts on one layer 2 reach each other past the firewall: separate them.",
            )


def _tunnel_leg(out: Checked, site: Site, firewall: Firewall, leg: Leg, where: str) -> None:
    tunnel = site.remote_access.ipsec.get(leg.tunnel or "")
    if tunnel is None:
        known = suggestion(leg.tunnel or "", site.remote_access.ipsec, "Known tunnels")
        out.fault(f"{where}.tunnel", f"remote_access.ipsec has no tunnel named {shown(leg.tunnel)}", known)
    elif tunnel.zone in site.zones and tunnel.zone != leg.zone:
        out.fault(
            where,
            f"the tunnel '{tunnel.name}' leads to zone {shown(tunnel.zone)}",
            f"Name this interface {tunnel.zone}, or another tunnel.",
        )
    elif tunnel.gateway in site.firewalls and tunnel.gateway != firewall.name:
        out.fault(
            f"{where}.tunnel",
            f"the gateway of '{tunnel.name}' is {shown(tunnel.gateway)}",
            "Write the interface there; a leg from here to that firewall is written with via.",
        )


def _others(site: Site, firewall: Firewall) -> Iterable[str]:
    return (name for name in site.firewalls if name != firewall.name)
