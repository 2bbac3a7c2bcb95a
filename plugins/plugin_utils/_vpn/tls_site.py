# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway as a site declares it: its users are devices, and what they reach follows from the declared flows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Any

from .._flows.model import Derived, Endpoint
from .._site.faults import Fault, SiteError, suggestion
from .._site.model import Device, Network, Site
from .._site.remote_access import RemoteUser, TlsServer

#: What an exception of a server may accept, in the site's words.
TLS_1_2 = "tls_1_2"


def servers_of(site: Site, host: str) -> tuple[str, ...]:
    """Names of the TLS servers on the firewall that is that host of the inventory."""
    firewalls = {firewall.name for firewall in site.firewalls.values() if firewall.pacs_host == host}
    return tuple(server.name for server in site.remote_access.tls.values() if server.gateway in firewalls)


def server_document(site: Site, derived: Derived, name: str, root: str = "pacs_site") -> dict[str, Any]:
    """What the site says of a server, as load_gateway() reads it; the certificate's name and the limits are added.

    Raises SiteError.
    """
    servers = site.remote_access.tls
    path = f"{root}.remote_access.tls"
    if name not in servers:
        raise SiteError([Fault(path, f"no server is named '{name}'", suggestion(name, servers, "Known servers"))])
    server = servers[name]
    unknown = [item.what for item in server.exceptions if item.what != TLS_1_2]
    if unknown:
        remedy = f"What can be accepted is {TLS_1_2}."
        raise SiteError([Fault(f"{path}.{name}.exceptions", f"'{what}' is none", remedy) for what in unknown])
    legs = site.firewalls[server.gateway].legs
    document: dict[str, Any] = {
        "name": name,
        "interface": next(leg.interface for leg in legs if leg.zone == server.zone),
        "addresses": [str(address) for address in server.addresses],
        "port": server.port,
        "protocol": server.protocol,
        "networks": [str(network) for network in site.zones[server.zone].networks],
        "users": {user.name: _user(site, derived, server, user) for user in server.users.values()},
    }
    for item in server.exceptions:
        document[TLS_1_2] = {"reason": item.reason, "owner": item.owner, "expires_on": str(item.expires_on)}
    return document


def _user(site: Site, derived: Derived, server: TlsServer, user: RemoteUser) -> Mapping[str, Any]:
    device = site.devices[user.device]
    return {
        "kind": user.kind,
        "addresses": [str(address) for address in device.addresses],
        "reaches": [str(network) for network in reaches(derived, server, device)],
        "until": str(user.until) if user.until else None,
    }


def reaches(derived: Derived, server: TlsServer, device: Device) -> list[Network]:
    """The networks that a user needs a route to: what it may open connections to, and whoever may open one to it.

    Interventions are among them: their route is there when their window opens, and allows nothing by itself. A flow to
    everywhere gives no route: a tunnel for all traffic is nothing that a conduit says. Nor does one to the server's own
    outer address, without which there is no tunnel.
    """
    found = [network for network in _networks(derived, server.zone, device) if network.prefixlen > 0]
    found = [network for network in found if not any(address in network for address in server.addresses)]
    four = collapse_addresses(network for network in found if isinstance(network, IPv4Network))
    six = collapse_addresses(network for network in found if isinstance(network, IPv6Network))
    return [*four, *six]


def _networks(derived: Derived, zone: str, device: Device) -> Iterator[Network]:
    for flow in (*derived.flows, *derived.interventions):
        for here, there in ((flow.source, flow.destination), (flow.destination, flow.source)):
            if _is(here, zone, device):
                yield from _elsewhere(there, zone)


def _is(endpoint: Endpoint, zone: str, device: Device) -> bool:
    return (endpoint.kind, endpoint.name) in (("device", device.name), ("zone", zone))


def _elsewhere(endpoint: Endpoint, zone: str) -> Iterable[Network]:
    return () if endpoint.zone == zone else endpoint.networks
