"""A gateway value and its surroundings that the VPN tests share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import Limits, TlsGateway, TlsUser
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_site import server_document

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


def site_gateway(name: str) -> TlsGateway:
    """A server of that site."""
    site = load_site(vpn_site()).site
    return load_gateway({**server_document(site, derive(site), name), "identity": "vpn.hospital.example"})


def vpn_site() -> dict[str, Any]:
    """A site of one firewall, on which readers and vendors log in."""
    clients = {"gateway": "edge", "addresses": ["198.19.0.254", "fd00:19::fe"]}
    return {
        "name": "Example Hospital",
        "management": {"sources": ["198.18.0.0/28"]},
        "zones": {
            "management": {"networks": ["198.18.0.0/24"]},
            "pacs": {"networks": ["198.18.30.0/24", "fd00:18:30::/64"]},
            "modality": {"networks": ["198.18.20.0/24", "fd00:18:20::/64"]},
            "remote": {"networks": ["198.18.80.0/24", "fd00:18:80::/64"]},
            "old": {"networks": ["198.18.81.0/24"]},
            "external": {"networks": ["any"]},
        },
        "devices": {
            "pacs1": {"zone": "pacs", "addresses": ["198.18.30.10", "fd00:18:30::10"]},
            "ct1": {"zone": "modality", "addresses": ["198.18.20.11", "fd00:18:20::11"]},
            "reader1": {"zone": "remote", "addresses": ["198.18.80.10", "fd00:18:80::10"]},
            "vendor1": {"zone": "remote", "addresses": ["198.18.80.20", "fd00:18:80::20"]},
            "viewer1": {"zone": "old", "addresses": ["198.18.81.10"]},
            "leaver1": {"zone": "remote", "addresses": ["198.18.80.30", "fd00:18:80::30"]},
        },
        "conduits": [
            {"from": "reader1", "to": "pacs1", "protocol": "tcp", "ports": [11112], "reason": "teleradiology"},
            {"from": "vendor1", "to": "ct1", "service": "ssh", "reason": "service of the scanner"},
            {"from": "leaver1", "to": "pacs", "protocol": "tcp", "ports": [104, 11112], "reason": "research"},
        ],
        "remote_access": {
            "tls": {
                "people": {
                    **clients,
                    "zone": "remote",
                    "users": {
                        "r.smith": {"device": "reader1", "kind": "person", "owner": "Radiology"},
                        "acme": {"device": "vendor1", "kind": "vendor", "owner": "Radiology", "until": "2027-03-01"},
                        "leaver": {"device": "leaver1", "kind": "person", "owner": "Research"},
                    },
                },
                "old": {
                    **clients,
                    "addresses": ["198.19.0.254"],
                    "zone": "old",
                    "protocol": "tcp",
                    "port": 443,
                    "users": {"r.smith": {"device": "viewer1", "kind": "person", "owner": "Radiology"}},
                    "exceptions": [
                        {"what": "tls_1_2", "reason": "old viewers", "owner": "Radiology", "expires_on": "2026-11-27"}
                    ],
                },
            }
        },
        "firewalls": {
            "edge": {
                "kind": "external",
                "addresses": ["198.19.0.254", "fd00:19::fe"],
                "interfaces": {
                    "external": "external0",
                    "remote": "tun-people",
                    "old": "tun-old",
                    "pacs": "pacs0",
                    "modality": "modality0",
                },
            }
        },
    }
