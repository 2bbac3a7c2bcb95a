"""A gateway value and its surroundings that the VPN tests share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import Limits, TlsGateway, TlsUser

TODAY = date(2026, 11, 27)


def user(name: str, host: int, *reaches: str, **changes: Any) -> TlsUser:
    """A user whose addresses end in that number."""
    whole = TlsUser(
        name=name,
        kind="person",
        ipv4=IPv4Address(f"198.18.80.{host}"),
        ipv6=IPv6Address(f"fd00:18:80::{host}"),
        reaches=tuple(ip_network(network) for network in reaches),
        second_factor=True,
    )
    return replace(whole, **changes)


def gateway(*users: TlsUser, **changes: Any) -> TlsGateway:
    """A gateway with these users."""
    whole = TlsGateway(
        name="people",
        interface="tun-people",
        identity="vpn.hospital.example",
        addresses=(ip_address("198.19.0.254"), ip_address("fd00:19::fe")),
        port=1194,
        protocol="udp",
        networks=(ip_network("198.18.80.0/24"), ip_network("fd00:18:80::/64")),
        users=users,
        limits=Limits(),
    )
    return replace(whole, **changes)
