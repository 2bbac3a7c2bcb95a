# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an address is: the names that the site gives to devices, firewalls and zones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Literal

from .._site.lookup import ZoneLookup
from .._site.model import Site

EndKind = Literal["device", "firewall", "zone", "outside", "nowhere"]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a seen flow. ``name`` is that of the device or firewall, empty for an address nobody declares.

    ``kind`` of such an address: it lies in a zone, in none but there is a zone of the outside, or nowhere at all.
    """

    address: str
    kind: EndKind
    name: str
    zone: str | None

    @property
    def declared(self) -> bool:
        """Whether the site names it."""
        return self.kind in ("device", "firewall")

    def __str__(self) -> str:
        if self.name:
            return self.name
        return f"{self.address} ({self.zone or 'in no zone'})"


class Names:
    """Finds the end of an address. ``own`` are the addresses of the firewall ``firewall``, beyond those declared."""

    def __init__(self, site: Site, firewall: str = "", own: Collection[str] = ()) -> None:
        self._zones = ZoneLookup(site)
        self._outside = site.outside.name if site.outside else None
        self._known: dict[str, End] = {}
        self.firewall_has(firewall, own)
        for other in site.firewalls.values():
            for own_address in other.addresses:
                self._known[str(own_address)] = End(str(own_address), "firewall", other.name, None)
        for device in site.devices.values():
            for device_address in device.addresses:
                text = str(device_address)
                self._known[text] = End(text, "device", device.name, device.zone)

    def firewall_has(self, firewall: str, own: Collection[str]) -> None:
        """Take in a firewall's own addresses, beyond those declared. Those of devices stay theirs."""
        for address in own:
            self._known.setdefault(address, End(address, "firewall", firewall, None))

    def of(self, address: str) -> End:
        """The end of an address, in canonical text."""
        known = self._known.get(address)
        if known is None:
            zone = self._zones.zone_of(_network(address))
            kind: EndKind = "nowhere" if zone is None else "outside" if zone == self._outside else "zone"
            known = self._known[address] = End(address, kind, "", zone)
        return known


_network = lru_cache(maxsize=262144)(ip_network)
