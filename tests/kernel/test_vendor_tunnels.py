"""Vendors with standing tunnels: nothing passes without a window, and two may bring the same network.

    ct 10.1.0.10 -- gateway -- vendor a (10.50.1.0/24) -- 192.168.1.10
                            -- vendor b (10.50.2.0/24) -- 192.168.1.10

Each vendor's gateway translates its own network to the prefix that the hospital has given it, as the selectors demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from kernel.ipsec_gateway import Gateway, installed
from kernel.ipsec_pki import Authority
from kernel.ipsec_place import CERTIFICATE, CRL, Capture, reaches, wait_for
from kernel.namespaces import Namespace
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import interface_form, render_guard
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn import swanctl
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import Tunnel, plain_tunnels

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not installed(), reason="needs charon-systemd and strongswan-swanctl"),
]

US, HTTPS, TCP, SCANNER = "gw.hospital.example", 443, 6, "10.1.0.10"
VENDORS = {"a": 1, "b": 2}


def name_of(vendor: str) -> str:
    return f"gw.{vendor}.example"


def tunnel(vendor: str, ours: bool) -> Tunnel:
    """From one side or the other."""
    number = VENDORS[vendor]
    ends = [
        {"addresses": [f"203.0.{number}.1"], "identity": US},
        {"addresses": [f"203.0.{number}.2"], "identity": name_of(vendor)},
    ]
    selectors = {"local": "10.1.0.0/24", "remote": f"10.50.{number}.0/24"}
    if not ours:
        ends.reverse()
        selectors = {"local": selectors["remote"], "remote": selectors["local"]}
    item = {"name": vendor, "profile": "cnsa", "local": ends[0], "peer": ends[1], "selectors": [selectors]}
    return plain_tunnels([item], profiles(), date(2026, 11, 27))[0]


def site() -> dict[str, Any]:
    """Each vendor may service the scanner, in a window."""
    service = {"to": "ct1", "service": "https", "kind": "intervention", "owner": "Anna Example"}
    vendors: dict[str, Any] = {
        f"vendor_{one}": {"networks": [f"10.50.{number}.0/24"]} for one, number in VENDORS.items()
    }
    return {
        "name": "Vendors",
        "management": {"sources": ["10.1.0.250"]},
        "zones": {"modality": {"networks": ["10.1.0.0/24"]}, "external": {"networks": ["any"]}, **vendors},
        "devices": {
            "ct1": {"zone": "modality", "addresses": [SCANNER], "actors": ["acquisition_modality"]},
            **{f"hub_{one}": {"zone": f"vendor_{one}", "addresses": [f"10.50.{VENDORS[one]}.10"]} for one in VENDORS},
        },
        "conduits": [{**service, "from": f"hub_{one}", "reason": "service", "contract": one} for one in VENDORS],
        "firewalls": {
            "edge": {
                "kind": "external",
                "interfaces": {
                    "modality": "inner0",
                    "external": "outer1",
                    **{f"vendor_{one}": {"interface": "ipsec0", "tunnel": one} for one in VENDORS},
                },
            }
        },
        "remote_access": {
            "ipsec": {
                one: {
                    "gateway": "edge",
                    "zone": f"vendor_{one}",
                    "local": {"addresses": [f"203.0.{number}.1"], "identity": US},
                    "peer": {"addresses": [f"203.0.{number}.2"], "identity": name_of(one)},
                    "profile": "cnsa",
                }
                for one, number in VENDORS.items()
            }
        },
    }


class Vendors:
    """Everything wired, both tunnels up, the site's rules and the guard in force."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.scanner, ours = (stack.enter_context(closing(Namespace(name))) for name in ("scanner", "ours"))
        self.hosts = {one: stack.enter_context(closing(Namespace(f"host {one}"))) for one in VENDORS}
        theirs = {one: stack.enter_context(closing(Namespace(f"gateway {one}"))) for one in VENDORS}
        self._wire(ours, theirs)
        authority = Authority("Example CA")
        settings = swanctl.strongswan_conf("userspace")
        self.gateway = Gateway(ours, folder / "ours", settings)
        peers = {one: Gateway(namespace, folder / one, settings) for one, namespace in theirs.items()}
        for gateway, name in ((self.gateway, US), *((peers[one], name_of(one)) for one in VENDORS)):
            certificate, key, _serial = authority.issue(name)
            gateway.write({f"x509/{CERTIFICATE}": certificate, "private/pacs-gateway.key": key})
            gateway.write({f"x509ca/{swanctl.AUTHORITY}": authority.certificate, CRL: authority.revocations([], 1)})
        tunnels = [tunnel(one, True) for one in VENDORS]
        self.gateway.write({"conf.d/pacs.conf": swanctl.swanctl_conf(tunnels, "userspace")})
        for one, peer in peers.items():
            text = swanctl.swanctl_conf([tunnel(one, False)], "userspace")
            peer.write({"conf.d/pacs.conf": text.replace("start_action = start", "start_action = none")})
        self.load()
        networks = [network for one in tunnels for network in one.networks]
        ours.run("nft", "-f", "-", text=render_guard(networks, interface_form("ipsec0")))
        for gateway in (*peers.values(), self.gateway):
            gateway.start()
            stack.callback(gateway.stop)
            gateway.load()
        wait_for(lambda: self.gateway.tool("--list-sas").stdout.count("INSTALLED") == 2, "both tunnels", self.gateway)

    def _wire(self, ours: Namespace, theirs: dict[str, Namespace]) -> None:
        ours.sysctl(ipv4__ip_forward=1)
        self.scanner.join("eth0", ours, "inner0")
        self.scanner.ip(f"addr add {SCANNER}/24 dev eth0", "route add default via 10.1.0.1")
        ours.ip("addr add 10.1.0.1/24 dev inner0")
        for one, number in VENDORS.items():
            gateway, host = theirs[one], self.hosts[one]
            gateway.sysctl(ipv4__ip_forward=1)
            ours.join(f"outer{number}", gateway, "outer0")
            gateway.join("inner0", host, "eth0")
            ours.ip(f"addr add 203.0.{number}.1/24 dev outer{number}")
            gateway.ip(
                f"addr add 203.0.{number}.2/24 dev outer0",
                "addr add 192.168.1.1/24 dev inner0",
                # The userspace ESP wants an address of the gateway's own in its selector.
                f"addr add 10.50.{number}.1/32 dev lo",
            )
            host.ip("addr add 192.168.1.10/24 dev eth0", "route add default via 192.168.1.1")
            inside, outside = "192.168.1.0/24", f"10.50.{number}.0/24"
            translate = f"""table ip vendor {{
                chain in {{ type nat hook prerouting priority dstnat;
                    dnat ip prefix to ip daddr map {{ {outside} : {inside} }};
                }}
                chain out {{ type nat hook postrouting priority srcnat;
                    snat ip prefix to ip saddr map {{ {inside} : {outside} }};
                }}
            }}"""
            gateway.run("nft", "-f", "-", text=translate)

    def load(self) -> None:
        """The site's rules, with no window open."""
        text = render(compile_site(site()).policies["edge"])
        self.gateway.namespace.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{text}")

    def window(self, vendor: str) -> None:
        """Open one."""
        key = f"10.50.{VENDORS[vendor]}.10 . {SCANNER} . tcp . {HTTPS} timeout 60s"
        name = f"window4_from_vendor_{vendor}_to_modality"
        self.gateway.namespace.run("nft", "add", "element", "inet", "pacs", name, f"{{ {key} }}")

    def gets_in(self, vendor: str, patience: float = 2.0) -> bool:
        return reaches(self.hosts[vendor], self.scanner, SCANNER, HTTPS, patience)


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Vendors]:
    with ExitStack() as stack:
        yield Vendors(stack, tmp_path)


def comers(seen: Capture) -> set[str]:
    """Who sent TCP to the scanner."""
    packets = [frame[14:] for frame in seen.frames() if frame[12:14] == b"\x08\x00" and frame[14 + 9] == TCP]
    return {str(ip_address(packet[12:16])) for packet in packets} - {SCANNER}


def test_a_standing_tunnel_carries_nothing_without_a_window_and_two_may_bring_the_same_network(
    vendors: Vendors,
) -> None:
    seen = Capture(vendors.scanner, "eth0")
    assert not vendors.gets_in("a", 1) and not vendors.gets_in("b", 1)
    assert comers(seen) == set(), "not one packet"
    vendors.window("a")
    seen = Capture(vendors.scanner, "eth0")
    assert vendors.gets_in("a") and not vendors.gets_in("b", 1)
    assert comers(seen) == {"10.50.1.10"}, "under the prefix that it was given"
    vendors.window("b")
    assert vendors.gets_in("a") and vendors.gets_in("b")
    vendors.load()
    assert not vendors.gets_in("a", 1) and not vendors.gets_in("b", 1)
