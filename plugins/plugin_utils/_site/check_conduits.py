# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What conduits say of the rest of the site: their ends must exist, and listen, and fit their kind."""

from __future__ import annotations

from collections.abc import Collection

from .faults import Checked, suggestion
from .model import Conduit, Site
from .reader import shown
from .vocabulary import SERVICES

_MOST_PORTS = 64
ADD_AE = "Add application_entities with title and connections to devices.{}."


def check_conduits(out: Checked, site: Site, root: str) -> None:
    """Check every conduit; ``root`` is the path of the document."""
    for number, conduit in enumerate(site.conduits):
        path = f"{root}.conduits[{number}]"
        _ends(out, site, conduit, path)
        _listeners(out, site, conduit, path)
        if conduit.kind == "telemetry":
            _telemetry(out, site, conduit, path)
        if conduit.kind == "intervention":
            _intervention(out, site, conduit, path)
    _told_apart(out, site, root)


def _ends(out: Checked, site: Site, conduit: Conduit, path: str) -> None:
    known: Collection[str] = {*site.devices, *site.zones, *site.firewalls}
    for key, names in (("from", conduit.sources), ("to", conduit.destinations)):
        for name in names:
            if name not in known:
                out.fault(
                    f"{path}.{key}",
                    f"no device, zone or firewall is named {shown(name)}",
                    suggestion(name, known, "Known"),
                )
        for name in names:
            firewall = site.firewalls.get(name)
            if firewall and not firewall.addresses:
                out.fault(
                    f"{path}.{key}",
                    f"the firewall '{name}' declares no addresses",
                    f"Add addresses to firewalls.{name}.",
                )


def _listeners(out: Checked, site: Site, conduit: Conduit, path: str) -> None:
    if conduit.service and SERVICES[conduit.service].declared_by == "application_entities":
        for name in conduit.destinations:
            if name in site.devices and not site.devices[name].serves_dicom:
                out.fault(f"{path}.to", f"'{name}' declares no AE with a port", ADD_AE.format(name))


def _intervention(out: Checked, site: Site, conduit: Conduit, path: str) -> None:
    """A window opens from one device to one device, for connections that the kernel can follow."""
    for key, names in (("from", conduit.sources), ("to", conduit.destinations)):
        for name in names:
            if name in site.zones or name in site.firewalls:
                out.fault(
                    f"{path}.{key}",
                    f"a window opens from one device to another, and '{name}' is none",
                    "Name devices.",
                )
    if conduit.service and "icmp" in SERVICES[conduit.service].protocols:
        out.fault(f"{path}.service", "a window opens TCP or UDP", "Name the service that the vendor uses.")
    count = sum(ports.last - ports.first + 1 for ports in conduit.ports)
    if count > _MOST_PORTS:
        out.fault(
            f"{path}.ports",
            f"{count} ports are more than a window opens",
            f"Name those that the vendor uses, {_MOST_PORTS} at most.",
        )


def _told_apart(out: Checked, site: Site, root: str) -> None:
    """Whoever grants a window names the intervention."""
    known: dict[str, int] = {}
    for number, conduit in enumerate(site.conduits):
        names = {name for name, _source, _destination in conduit.interventions()}
        for name in sorted(names & known.keys()):
            out.fault(
                f"{root}.conduits[{number}]",
                f"the intervention '{name}' is declared twice",
                f"Remove one of the two; the other is conduits[{known[name]}].",
            )
        known.update(dict.fromkeys(names, number))


def _telemetry(out: Checked, site: Site, conduit: Conduit, path: str) -> None:
    """A device reports to its vendor; a vendor's way in is an intervention."""
    remote = {item.zone for ways in (site.remote_access.tls, site.remote_access.ipsec) for item in ways.values()}
    for name in conduit.sources:
        zone = site.devices[name].zone if name in site.devices else name
        if zone in remote or (zone in site.zones and site.zones[zone].outside):
            out.fault(
                f"{path}.from",
                f"telemetry goes out, but '{name}' stands in zone '{zone}', from which it would come in",
                "Turn from and to round, or make it an intervention.",
            )
