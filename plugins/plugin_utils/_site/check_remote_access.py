# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remote access says of the rest of the site: gateways, zones, devices and dates must fit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network

from .faults import Checked, suggestion
from .lookup import ZoneLookup
from .model import Device, Site
from .reader import shown
from .remote_access import AccessException, IpsecTunnel, RemoteUser, TlsServer

#: Whoever wants something for longer decides again within a year, and a day of grace for those who do it on the day.
LONGEST_DAYS = 366


def check_remote_access(out: Checked, site: Site, root: str, lookup: ZoneLookup | None, today: date | None) -> None:
    """Check servers, users and tunnels; ``lookup`` is None where the zones themselves are wrong."""
    check = _Check(out, site, lookup, today)
    for server in site.remote_access.tls.values():
        check.server(server, f"{root}.remote_access.tls.{server.name}")
    for tunnel in site.remote_access.ipsec.values():
        check.tunnel(tunnel, f"{root}.remote_access.ipsec.{tunnel.name}")


class _Check:
    def __init__(self, out: Checked, site: Site, lookup: ZoneLookup | None, today: date | None) -> None:
        self._out = out
        self._site = site
        self._lookup = lookup
        self._today = today
        self._zones: dict[str, str] = {}
        self._devices: dict[str, str] = {}
        self._places: dict[object, str] = {}
        self._peers: dict[tuple[str, str], str] = {}

    def server(self, server: TlsServer, path: str) -> None:
        self._gateway_and_zone(server, path, f"Add {server.zone}: tun0 to firewalls.{server.gateway}.interfaces.")
        if self._site.outside is None:
            self._out.fault(path, "clients come from outside, and no zone is it", "Add a zone with networks [any].")
        for number, address in enumerate(server.addresses):
            where = f"{path}.addresses[{number}]"
            if self._zone_of(address) == server.zone:
                self._out.fault(
                    where,
                    f"{address} lies in zone '{server.zone}', which is reached only once one is connected",
                    "Name the address to which clients connect.",
                )
            place = (server.gateway, address, server.protocol, server.port)
            other = self._places.setdefault(place, server.name)
            if other != server.name:
                problem = f"the server '{other}' listens on {address}, {server.protocol} {server.port}, too"
                self._out.fault(where, problem, "Give it another port.")
        for user in server.users.values():
            self._user(user, server, f"{path}.users.{user.name}")
        self._exceptions(server.exceptions, path)

    def _user(self, user: RemoteUser, server: TlsServer, path: str) -> None:
        devices, device = self._site.devices, self._site.devices.get(user.device)
        if user.device and device is None:
            self._out.fault(
                f"{path}.device",
                f"no device is named {shown(user.device)}",
                suggestion(user.device, devices, "Known devices"),
            )
        if device is not None:
            if device.zone != server.zone:
                self._out.fault(
                    f"{path}.device",
                    f"'{device.name}' stands in zone {shown(device.zone)}, but the server's clients in '{server.zone}'",
                    "Name a device of that zone.",
                )
            for version in _twice(device):
                self._out.fault(
                    f"{path}.device",
                    f"'{device.name}' has several IPv{version} addresses, and a connection gets one",
                    "Leave it one of each IP version.",
                )
            other = self._devices.setdefault(device.name, user.name)
            if other != user.name:
                self._out.fault(
                    f"{path}.device",
                    f"'{device.name}' is already the device of user '{other}'",
                    "Give each user a device, so that addresses say who it is.",
                )
        longest = LONGEST_DAYS if user.kind == "vendor" else None
        self._date(f"{path}.until", user.until, longest, "this user is no longer let in")

    def tunnel(self, tunnel: IpsecTunnel, path: str) -> None:
        leg = f"{tunnel.zone}: {{interface: INTERFACE, tunnel: {tunnel.name}}}"
        self._gateway_and_zone(tunnel, path, f"Add {leg} to firewalls.{tunnel.gateway}.interfaces.")
        local, peer = tunnel.local, tunnel.peer
        if local.addresses and peer.addresses and not _versions(local.addresses) & _versions(peer.addresses):
            self._out.fault(path, "the two gateways share no IP version", "Give both an address of the same version.")
        for address in set(local.addresses) & set(peer.addresses):
            self._out.fault(f"{path}.peer.addresses", f"{address} is also local", "Name the peer's own address.")
        if local.identity and local.identity == peer.identity:
            self._out.fault(
                f"{path}.peer.identity", "it is also the local one", "Name the one in the peer's certificate."
            )
        if peer.identity:
            other = self._peers.setdefault((tunnel.gateway, peer.identity), tunnel.name)
            if other != tunnel.name:
                self._out.fault(
                    f"{path}.peer.identity",
                    f"the tunnel '{other}' leads to the same gateway",
                    "Keep one tunnel to a gateway, with all that is behind it in one zone.",
                )
        self._peer_zone(tunnel, path)
        self._exceptions(tunnel.exceptions, path)

    def _peer_zone(self, tunnel: IpsecTunnel, path: str) -> None:
        """The peer is reached outside the tunnel, all its addresses by the same way."""
        outside = self._site.outside
        if self._lookup is None or (outside and tunnel.zone == outside.name):
            return
        zones = {address: self._zone_of(address) for address in tunnel.peer.addresses}
        for number, (address, zone) in enumerate(zones.items()):
            where = f"{path}.peer.addresses[{number}]"
            if zone is None:
                self._out.fault(where, f"{address} lies in no zone", "Add a zone with networks [any].")
            elif zone == tunnel.zone:
                problem = f"{address} lies in zone '{zone}', which is reached only through the tunnel"
                self._out.fault(where, problem, "Leave the gateway's outer address out of the zone's networks.")
        if len(set(zones.values())) > 1:
            self._out.fault(
                f"{path}.peer.addresses", "they lie in different zones", "Name addresses of one zone; others elsewhere."
            )

    def _gateway_and_zone(self, way: TlsServer | IpsecTunnel, path: str, remedy: str) -> None:
        site, kind = self._site, "server" if isinstance(way, TlsServer) else "tunnel"
        firewall, zone = site.firewalls.get(way.gateway), site.zones.get(way.zone)
        if way.gateway and firewall is None:
            known = suggestion(way.gateway, site.firewalls, "Known firewalls")
            self._out.fault(f"{path}.gateway", f"no firewall is named {shown(way.gateway)}", known)
        if way.zone and zone is None:
            known = suggestion(way.zone, site.zones, "Known zones")
            self._out.fault(f"{path}.zone", f"no zone is named {shown(way.zone)}", known)
        if zone is None:
            return
        other = self._zones.setdefault(zone.name, path)
        if zone.outside:
            self._out.fault(
                f"{path}.zone", f"'{zone.name}' is everything else", "Declare a zone with the networks of this one."
            )
        elif other != path:
            problem = f"{other.partition('.')[2]} already leads to zone '{zone.name}'"
            self._out.fault(f"{path}.zone", problem, "Give each a zone of its own.")
        elif firewall is not None:
            tunnel = way.name if kind == "tunnel" else None
            if not any(leg.zone == zone.name and leg.tunnel == tunnel for leg in firewall.legs):
                problem = f"'{firewall.name}' has no interface that leads through this {kind} to zone '{zone.name}'"
                self._out.fault(f"{path}.zone", problem, remedy)

    def _exceptions(self, exceptions: Iterable[AccessException], path: str) -> None:
        for number, item in enumerate(exceptions):
            where = f"{path}.exceptions[{number}].expires_on"
            self._date(where, item.expires_on, LONGEST_DAYS, f"{shown(item.what)} is no longer accepted")

    def _date(self, path: str, day: date | None, longest: int | None, what: str) -> None:
        if day is None or self._today is None:
            return
        if day < self._today:
            self._out.warn(path, f"it ended on {day}: {what}", "Remove it, or decide again and set a new date.")
        elif longest is not None and day > self._today + timedelta(days=longest):
            latest = self._today + timedelta(days=longest)
            self._out.fault(path, f"{day} is too far away", f"Decide again within a year: at the latest on {latest}.")

    def _zone_of(self, address: IPv4Address | IPv6Address) -> str | None:
        return self._lookup.zone_of(ip_network(address)) if self._lookup else None


def _versions(addresses: Iterable[IPv4Address | IPv6Address]) -> set[int]:
    return {address.version for address in addresses}


def _twice(device: Device) -> list[int]:
    found = [address.version for address in device.addresses]
    return [version for version in (4, 6) if found.count(version) > 1]
