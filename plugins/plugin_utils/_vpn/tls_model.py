# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway on which people, vendors and machines log in over TLS, as typed values in no daemon's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from .._site.model import Address, Network
from .._site.remote_access import UserKind

TransportProtocol = Literal["udp", "tcp"]
CryptoName = Literal["cnsa", "nist"]

KINDS: tuple[UserKind, ...] = ("person", "vendor", "machine")
TRANSPORTS: tuple[TransportProtocol, ...] = ("udp", "tcp")


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """What may be negotiated. ``groups`` has one curve where the profile knows one only: a second one in the list would
    be taken as well.
    """

    suites_1_3: tuple[str, ...]
    suites_1_2: tuple[str, ...]
    groups: tuple[str, ...]
    data_ciphers: tuple[str, ...]


#: General knowledge, not read in the standards: NIST SP 800-52r2 (nist), CNSS Policy 15 and RFC 9206 (cnsa).
TLS_PROFILES: Mapping[CryptoName, TlsProfile] = {
    "cnsa": TlsProfile(
        suites_1_3=("TLS_AES_256_GCM_SHA384",),
        suites_1_2=("TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384", "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384"),
        groups=("secp384r1",),
        data_ciphers=("AES-256-GCM",),
    ),
    "nist": TlsProfile(
        suites_1_3=("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
        suites_1_2=(
            "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
            "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
            "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
            "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
        ),
        groups=("secp384r1", "prime256v1"),
        data_ciphers=("AES-256-GCM", "AES-128-GCM"),
    ),
}


@dataclass(frozen=True, slots=True)
class DatedException:
    """A weakness that somebody has accepted until the end of a day."""

    reason: str
    owner: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class TlsUser:
    """Who may log in, with the addresses that the tunnel's end gets: one IPv4, and an IPv6 where there is one.

    ``reaches`` is what the declared flows lead to or come from: routes for it are handed out. They allow nothing, that
    is the firewall's business. ``second_factor``: a one-time code is asked for besides the certificate.
    """

    name: str
    kind: UserKind
    ipv4: IPv4Address
    ipv6: IPv6Address | None
    reaches: tuple[Network, ...]
    second_factor: bool
    until: date | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Both addresses, or the one."""
        return (self.ipv4,) if self.ipv6 is None else (self.ipv4, self.ipv6)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. ``session``: then a new code is needed; ``idle``: without a packet; ``renegotiation``: between two
    checks of the token; ``ping`` and ``dead``: sign of life, and for how long it may be missing.
    """

    session: int = 28800
    idle: int = 1800
    renegotiation: int = 3600
    ping: int = 10
    dead: int = 60


@dataclass(frozen=True, slots=True)
class TlsGateway:
    """One server: where clients connect (``addresses``, ``port``, ``protocol``), the networks that its users' addresses
    are taken from (one of each IP version at most), and who may log in.

    ``identity`` is the name in the server's certificate that clients insist on.
    """

    name: str
    interface: str
    identity: str
    addresses: tuple[Address, ...]
    port: int
    protocol: TransportProtocol
    networks: tuple[Network, ...]
    users: tuple[TlsUser, ...]
    profile: CryptoName = "cnsa"
    tls_1_2: DatedException | None = None
    limits: Limits = field(default_factory=Limits)

    def network(self, version: int) -> Network | None:
        """The users' network of an IP version."""
        return next((network for network in self.networks if network.version == version), None)

    def users_on(self, today: date) -> tuple[TlsUser, ...]:
        """Who may still log in on that day."""
        return tuple(user for user in self.users if user.until is None or user.until >= today)

    def takes_tls_1_2(self, today: date) -> bool:
        """Whether TLS 1.2 is accepted on that day: never without an exception that still stands."""
        return self.tls_1_2 is not None and self.tls_1_2.expires_on >= today
