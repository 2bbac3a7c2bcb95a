# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections that carry a VPN itself: from clients to their server, and between the two gateways of a tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from .._site.lookup import ZoneLookup
from .._site.model import Address, Network, Ports, Site
from .._site.remote_access import ESP_IN_UDP_PORT, IKE_PORT, IpsecTunnel, TlsServer
from .._site.vocabulary import Protocol
from .model import Endpoint, Reason

EVERYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_VPN = "vpn"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One connection that a VPN needs."""

    source: Endpoint
    destination: Endpoint
    protocol: Protocol
    port: int
    reason: Reason

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        """Source and destination."""
        return self.source, self.destination

    @property
    def ports(self) -> Ports:
        """The port as a range."""
        return Ports(self.port, self.port)


def carriers(site: Site, lookup: ZoneLookup) -> Iterator[Carrier]:
    """All of a site, servers first."""
    for server in site.remote_access.tls.values():
        yield from _clients(site, server)
    for tunnel in site.remote_access.ipsec.values():
        yield from _gateways(tunnel, lookup)


def _clients(site: Site, server: TlsServer) -> Iterator[Carrier]:
    """Nobody knows from where people connect, so everything undeclared may."""
    outside = site.outside
    if outside is not None:
        clients = Endpoint("zone", outside.name, outside.name, EVERYWHERE)
        reason = Reason(_VPN, f"clients of {server.name}")
        yield Carrier(clients, _gateway(server.gateway, server.addresses), server.protocol, server.port, reason)


def _gateways(tunnel: IpsecTunnel, lookup: ZoneLookup) -> Iterator[Carrier]:
    """IKE, and ESP inside UDP, by whichever side begins. ESP never travels bare: both ends are told to wrap it."""
    networks = _networks(tunnel.peer.addresses)
    peer = Endpoint("peer", tunnel.peer.identity, lookup.zone_of(networks[0]), networks)
    here = _gateway(tunnel.gateway, tunnel.local.addresses)
    for port, what in ((IKE_PORT, "IKE"), (ESP_IN_UDP_PORT, "IKE and ESP")):
        reason = Reason(_VPN, f"{what} of tunnel {tunnel.name}")
        yield Carrier(peer, here, "udp", port, reason)
        yield Carrier(here, peer, "udp", port, reason)


def _gateway(name: str, addresses: tuple[Address, ...]) -> Endpoint:
    return Endpoint("firewall", name, None, _networks(addresses))


def _networks(addresses: tuple[Address, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(address) for address in addresses)
