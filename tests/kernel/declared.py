"""One site for the hospital in namespaces that uses every part of the model, and by hand what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from kernel.probes import Probe

#: An IPv4 and an IPv6 address a place. Names that end in _x are no declared device, some in no declared zone.
PLACES: Mapping[str, tuple[str, str]] = {
    "ops1": ("10.10.0.5", "fd00:10::5"),
    "ops_x": ("10.10.0.77", "fd00:10::1:77"),  # in the zone, but no source of administration
    "ct1": ("10.20.0.11", "fd00:20::11"),
    "ct_x": ("10.20.0.12", "fd00:20::12"),
    "behind_ct_x": ("10.20.1.0", "fd00:20:0:1::"),  # just beyond the zone's last address
    "pacs1": ("10.30.0.10", "fd00:30::10"),
    "pacs_x": ("10.30.0.11", "fd00:30::11"),
    "ws1": ("10.40.0.21", "fd00:40::21"),
    "ws_last": ("10.40.0.255", "fd00:40::ffff:ffff:ffff:ffff"),
    "behind_ws_x": ("10.40.1.0", "fd00:40:0:1::"),
    "kiosk1": ("10.41.0.1", "fd00:41::1"),
    "web1": ("10.98.0.80", "fd00:98::80"),
    "dmz_last": ("10.98.2.255", "fd00:98:2:ffff:ffff:ffff:ffff:ffff"),
    "partner1": ("10.97.0.1", "fd00:97::1"),
    "partner_x": ("10.97.0.128", "fd00:97:0:1::"),
    "internet": ("203.0.113.9", "fd00:99::9"),
    "between_dmz": ("10.98.1.255", "fd00:98:1:ffff:ffff:ffff:ffff:ffff"),  # outside; the next address is dmz
    "core": ("10.10.0.254", "fd00:10::fe"),
    "edge": ("10.250.0.2", "fd00:250::2"),
}


def declared_site() -> dict[str, Any]:
    """A fresh copy."""

    def zone(*networks: str) -> dict[str, Any]:
        return {"networks": list(networks)}

    def device(name: str, stands_in: str, **more: Any) -> dict[str, Any]:
        return {"zone": stands_in, "addresses": list(PLACES[name]), **more}

    def conduit(start: str, end: str, **service: Any) -> dict[str, Any]:
        return {"from": start.split(), "to": end.split(), "reason": "declared", **service}

    return {
        "name": "Namespaces",
        "management": {"sources": ["10.10.0.0/28", "fd00:10::/120"], "ports": [22]},
        "zones": {
            "management": zone("10.10.0.0/24", "fd00:10::/64"),
            "modality": zone("10.20.0.0/24", "fd00:20::/64"),
            "pacs": zone("10.30.0.0/24", "fd00:30::/64"),
            "reading": zone("10.40.0.0/24", "fd00:40::/64"),
            "kiosk": zone("10.41.0.0/24", "fd00:41::/64"),
            "dmz": zone("10.98.0.0/24", "10.98.2.0/24", "fd00:98::/48", "fd00:98:2::/48"),
            "partner": zone("10.97.0.0/25", "fd00:97::/64"),
            "external": zone("any"),
        },
        "devices": {
            "ct1": device("ct1", "modality", application_entities=[{"title": "CT1", "connections": [{"port": 4006}]}]),
            "pacs1": device(
                "pacs1",
                "pacs",
                managed=True,
                application_entities=[{"title": "PACS1", "connections": [{"port": 11112}]}],
            ),
            "ws1": device("ws1", "reading"),
            "web1": device("web1", "dmz", managed=True),
        },
        "workflows": [{"modalities": ["ct1"], "archive": "pacs1"}],
        "conduits": [
            conduit("reading", "pacs1", protocol="tcp", ports=[443, "8000-8010"]),
            conduit("pacs1", "reading", protocol="tcp", ports=[104]),
            conduit("modality", "dmz", protocol="udp", ports=[514]),
            conduit("management", "modality", service="ping"),
            conduit("partner", "pacs1", protocol="tcp", ports=[2762]),
            conduit("external", "web1", service="https"),
            conduit("external", "pacs1", protocol="tcp", ports=[2575]),
            conduit("reading management", "external", service="https"),
            conduit("reading", "external", service="ping"),
            conduit("kiosk", "reading", protocol="udp", ports=["5000-5005"]),
            conduit("modality", "core", service="ntp"),
            conduit("core", "dmz", service="ntp"),
            conduit("edge", "pacs1", protocol="udp", ports=[514]),
            conduit("partner", "web1", service="dns"),
            conduit("external", "edge core", protocol="udp", ports=[500]),
        ],
        "firewalls": {
            "core": {
                "kind": "internal",
                "addresses": list(PLACES["core"]),
                "interfaces": {
                    "management": "mgmt0",
                    "modality": "modality0",
                    "pacs": "pacs0",
                    "reading": "shared0",
                    "kiosk": "shared0",
                    "uplink": {"interface": "uplink0", "via": "edge"},
                },
            },
            "edge": {
                "kind": "external",
                "addresses": list(PLACES["edge"]),
                "interfaces": {
                    "dmz": "dmz0",
                    "partner": "partner0",
                    "external": "external0",
                    "downlink": {"interface": "downlink0", "via": "core"},
                },
            },
        },
    }


#: What each line tries: "+" passes, "-" is dropped; from, to, services; "by HOST" is who sends it instead.
EXPECTED: Mapping[str, str] = {
    "exact device flows, and the reverse connection that follows from the workflow": """
        + ct1 pacs1 tcp/11112
        + pacs1 ct1 tcp/4006
        - ct1 pacs1 tcp/11111 tcp/11113 udp/11112 tcp/104 icmp tcp/4006
        - pacs1 ct1 tcp/4005 tcp/11112 udp/4006 icmp
        - ct_x pacs1 tcp/11112
        - ct1 pacs_x tcp/11112
        - pacs_x ct1 tcp/4006
        - ct1 ws1 tcp/11112""",
    "a zone to a device: prefix and port range": """
        + ws1 pacs1 tcp/443 tcp/8000 tcp/8005 tcp/8010
        + ws_last pacs1 tcp/443 tcp/8010
        - ws1 pacs1 tcp/442 tcp/444 tcp/7999 tcp/8011 udp/8005 udp/443 icmp
        - behind_ws_x pacs1 tcp/443 tcp/8000
        - ws1 pacs_x tcp/443
        - pacs1 ws1 tcp/443 tcp/8000""",
    "a device to a zone, and not back": """
        + pacs1 ws1 tcp/104
        + pacs1 ws_last tcp/104
        - pacs1 behind_ws_x tcp/104
        - pacs_x ws1 tcp/104
        - ws1 pacs1 tcp/104
        - pacs1 kiosk1 tcp/104""",
    "UDP from zone to zone, through both firewalls": """
        + ct1 web1 udp/514
        + ct_x dmz_last udp/514
        - ct1 web1 udp/513 udp/515 tcp/514 icmp
        - ct1 between_dmz udp/514
        - behind_ct_x web1 udp/514
        - web1 ct1 udp/514
        - ct1 partner1 udp/514
        - pacs1 web1 udp/514""",
    "ping": """
        + ops1 ct1 icmp
        + ops_x ct_x icmp
        - ct1 ops1 icmp
        - ops1 pacs1 icmp
        - ops1 behind_ct_x icmp
        - ops1 ct1 tcp/7 udp/7
        + ws1 internet icmp
        - internet ws1 icmp
        - kiosk1 internet icmp""",
    "two zones behind one via leg, told apart by prefix": """
        + partner1 pacs1 tcp/2762
        - partner_x pacs1 tcp/2762
        - web1 pacs1 tcp/2762
        - internet pacs1 tcp/2762
        - partner1 pacs1 tcp/2761 udp/2762
        - partner1 ct1 tcp/2762
        + partner1 web1 tcp/53 udp/53
        - internet web1 tcp/53 udp/53
        - web1 partner1 tcp/53 udp/53""",
    "two zones on one interface": """
        + kiosk1 ws1 udp/5000 udp/5005
        - kiosk1 ws1 udp/4999 udp/5006 tcp/5000 icmp
        - ws1 kiosk1 udp/5000
        - kiosk1 behind_ws_x udp/5000
        - kiosk1 pacs1 tcp/443 tcp/8000""",
    "outside as a source": """
        + internet web1 tcp/443
        + between_dmz web1 tcp/443
        + internet pacs1 tcp/2575
        + between_dmz pacs1 tcp/2575
        - internet web1 tcp/80 udp/443 icmp
        - internet dmz_last tcp/443
        - internet pacs1 tcp/443 tcp/11112 tcp/22
        - partner1 web1 tcp/443
        - partner1 pacs1 tcp/2575
        - web1 pacs1 tcp/2575
        - ct1 pacs1 tcp/2575
        - internet ct1 tcp/443 tcp/2575""",
    "outside as a destination": """
        + ws1 internet tcp/443
        + ws_last between_dmz tcp/443
        + ops1 internet tcp/443
        - ws1 dmz_last tcp/443
        - ws1 web1 tcp/443
        - ws1 partner1 tcp/443
        - ws1 ops1 tcp/443
        - ws1 behind_ct_x tcp/443
        - ws1 internet tcp/80 udp/443
        - ct1 internet tcp/443
        - pacs1 internet tcp/443""",
    "a spoofed source": """
        + ct1 pacs1 tcp/11112
        + partner1 web1 udp/53
        + internet pacs1 tcp/2575
        - web1 pacs1 tcp/2575 by outside
        - ct1 pacs1 tcp/11112 by outside
        - ct1 pacs1 tcp/11112 by reading
        - ct1 pacs1 tcp/11112 by partner
        - ws1 pacs1 tcp/443 by scanner
        - ws1 pacs1 tcp/443 by outside
        - pacs1 ct1 tcp/4006 by outside
        - dmz_last web1 tcp/443 by outside
        - partner1 pacs1 tcp/2762 by outside
        - partner1 web1 udp/53 by outside
        - internet pacs1 tcp/2575 by scanner
        - ops1 ct1 icmp by outside
        - ops1 pacs1 tcp/22 by outside
        - kiosk1 ws1 udp/5000 by outside
        - core web1 udp/123 by outside
        - core web1 udp/123 by scanner
        - edge pacs1 udp/514 by scanner""",
    "administration: from its sources, by its interface, of managed devices and of both firewalls": """
        + ops1 core tcp/22
        + ops1 edge tcp/22
        + ops1 pacs1 tcp/22
        + ops1 web1 tcp/22
        - ops1 core tcp/21 tcp/23 udp/22 icmp
        - ops1 edge tcp/443 icmp
        - ops1 ct1 tcp/22
        - ops1 ws1 tcp/22
        - ops_x core tcp/22
        - ops_x edge tcp/22
        - ops_x pacs1 tcp/22
        - ct1 core tcp/22
        - ct1 edge tcp/22
        - internet core tcp/22
        - internet edge tcp/22
        - web1 edge tcp/22
        - pacs1 core tcp/22
        - ops1 core tcp/22 by scanner
        - ops1 core tcp/22 by outside
        - ops1 edge tcp/22 by outside
        - ops1 edge tcp/22 by dmz""",
    "a firewall as an end": """
        + ct1 core udp/123
        - ct1 core tcp/123 udp/124
        - behind_ct_x core udp/123
        - pacs1 core udp/123
        - ct1 edge udp/123
        - ct1 core udp/123 by outside
        + core web1 udp/123
        + core dmz_last udp/123
        - core web1 tcp/123 udp/514
        - core partner1 udp/123
        - core between_dmz udp/123
        - ops_x web1 udp/123
        + edge pacs1 udp/514
        - edge pacs1 tcp/514 udp/123
        - edge ct1 udp/514
        - internet pacs1 udp/514""",
    "a firewall as an end, seen from outside": """
        + internet edge udp/500
        + between_dmz edge udp/500
        + internet core udp/500
        - internet edge udp/501 tcp/500
        - partner1 edge udp/500
        - web1 edge udp/500
        - web1 core udp/500
        - partner1 core udp/500
        - dmz_last edge udp/500 by outside
        - pacs1 edge udp/500
        - ct1 edge udp/500 by outside
        - web1 core udp/500 by outside""",
}


def expected_probes(lines: str) -> dict[Probe, bool]:
    """The probes of such lines, each of both IP versions, and whether they should pass."""
    return dict(_expected_probes(lines))


def _expected_probes(lines: str) -> Iterator[tuple[Probe, bool]]:
    for line in lines.strip().splitlines():
        text, _by, host = line.partition(" by ")
        mark, source, target, *services = text.split()
        for service, version in product(services, (0, 1)):
            protocol, _slash, port = service.partition("/")
            yield Probe(PLACES[source][version], PLACES[target][version], protocol, int(port or 0), host), mark == "+"
