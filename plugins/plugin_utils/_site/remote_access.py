# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote access as declared: who may connect over TLS, and which sites are joined by IPsec.

A person's or vendor's end is a device of the server's zone, and the devices behind a tunnel are devices of the tunnel's
zone, so that conduits say what they reach, as of any other device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

UserKind = Literal["person", "vendor", "machine"]
#: IKE and its NAT traversal (RFC 7296 sections 2 and 2.23; RFC 3948): every ESP packet travels inside the latter.
IKE_PORT, ESP_IN_UDP_PORT = 500, 4500


@dataclass(frozen=True, slots=True)
class AccessException:
    """A weakness that somebody has accepted: what it is, why, who owns the decision, and the last day it stands."""

    what: str
    reason: str
    owner: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class RemoteUser:
    """Who connects over TLS, as which device; ``until`` is the last day, None for no end."""

    name: str
    device: str
    kind: UserKind
    owner: str
    until: date | None


@dataclass(frozen=True, slots=True)
class TlsServer:
    """A TLS VPN server on a firewall; ``addresses`` and ``port`` are those to which clients connect."""

    name: str
    gateway: str
    zone: str
    addresses: tuple[IPv4Address | IPv6Address, ...]
    port: int
    protocol: Literal["tcp", "udp"]
    users: Mapping[str, RemoteUser]
    exceptions: tuple[AccessException, ...]


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """One gateway of a tunnel: the addresses it speaks from, and the identity in its certificate."""

    addresses: tuple[IPv4Address | IPv6Address, ...]
    identity: str


@dataclass(frozen=True, slots=True)
class IpsecTunnel:
    """An IPsec tunnel from a firewall to another site's gateway.

    Without ``ike`` and ``esp``, lists of proposals in strongSwan's words, the profile's own are offered.
    """

    name: str
    gateway: str
    zone: str
    local: TunnelEnd
    peer: TunnelEnd
    profile: str
    ike: tuple[str, ...]
    esp: tuple[str, ...]
    exceptions: tuple[AccessException, ...]


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """All of a site's ways in, by name."""

    tls: Mapping[str, TlsServer] = field(default_factory=dict)
    ipsec: Mapping[str, IpsecTunnel] = field(default_factory=dict)

    def addresses_of(self, gateway: str) -> tuple[IPv4Address | IPv6Address, ...]:
        """Where a firewall is reached as a gateway."""
        servers = (address for item in self.tls.values() if item.gateway == gateway for address in item.addresses)
        tunnels = (address for one in self.ipsec.values() if one.gateway == gateway for address in one.local.addresses)
        return tuple(dict.fromkeys((*servers, *tunnels)))
