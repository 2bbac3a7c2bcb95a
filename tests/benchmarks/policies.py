"""The policies that are measured: a hospital of nine zones behind one firewall, as a policy and as a site document."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from random import Random
from typing import Any

from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import (
    Admission,
    EnforcementPolicy,
    Passage,
    Permit,
    Span,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Network, Ports

ZONES = 9
DEVICES_A_ZONE = 100
FIREWALL = "core"
PAIRS = [(one, other) for one in range(ZONES) for other in range(ZONES) if one != other]


def policy(flows: int, wide: float = 0.0, pairs: Sequence[tuple[int, int]] = PAIRS) -> EnforcementPolicy:
    """Nine zones, flows spread over pairs of them, a quarter IPv6; a share ``wide`` has prefixes and port ranges."""
    random = Random(flows)
    permits: dict[tuple[int, int], list[Permit]] = {pair: [] for pair in pairs}
    for number in range(flows):
        pair = pairs[number % len(pairs)]
        version = 6 if number // len(pairs) % 4 == 3 else 4
        broad = random.random() < wide
        port = random.randrange(1, 60000)
        ends = (_network(random, pair[0], version, broad), _network(random, pair[1], version, False))
        ports = Ports(port, port + 3 if broad else port)
        permits[pair].append(Permit(*ends, "tcp", ports, f"F{number}"))
    return EnforcementPolicy(
        enforcement_point=FIREWALL,
        site="benchmark",
        interfaces=tuple(f"zone{zone}" for zone in range(ZONES)),
        zones={f"z{zone}": tuple(_span(zone, version) for version in (4, 6)) for zone in range(ZONES)},
        outside=None,
        passages=tuple(
            Passage(f"z{one}", f"z{other}", ((f"zone{one}", f"zone{other}"),), tuple(found))
            for (one, other), found in permits.items()
        ),
        admissions=(Admission("zone0", ip_network("10.1.0.0/28"), "tcp", Ports(22, 22), "administration"),),
    )


def site(flows: int) -> dict[str, Any]:
    """A site document: 900 devices, a quarter of them with IPv6 addresses, and one conduit a flow."""
    random = Random(flows)
    wanted: set[tuple[int, int, int]] = set()
    while len(wanted) < flows:
        one, other = (random.randrange(DEVICES_A_ZONE * ZONES) for _end in range(2))
        if one % ZONES != other % ZONES and _version(one) == _version(other):
            wanted.add((one, other, random.randrange(1, 60000)))
    return {
        "name": "Benchmark Hospital",
        "management": {"sources": ["10.1.0.0/28"]},
        "zones": {f"z{zone}": {"networks": [str(network) for network in _networks(zone)]} for zone in range(ZONES)},
        "devices": {
            f"d{device}": {"zone": f"z{device % ZONES}", "addresses": [_address(device)]}
            for device in range(DEVICES_A_ZONE * ZONES)
        },
        "conduits": [
            {"from": f"d{one}", "to": f"d{other}", "protocol": "tcp", "ports": [port], "reason": f"flow {number}"}
            for number, (one, other, port) in enumerate(sorted(wanted))
        ],
        "firewalls": {
            FIREWALL: {"kind": "internal", "interfaces": {f"z{zone}": f"zone{zone}" for zone in range(ZONES)}}
        },
    }


def listing(ruleset: str) -> str:
    """What ``nft -j list ruleset`` says of a ruleset, loaded in a network namespace of its own."""
    namespace = Namespace("listing")
    try:
        namespace.run("nft", "-f", "-", text=ruleset)
        return namespace.run("nft", "-j", "list", "ruleset")
    finally:
        namespace.close()


def _network(random: Random, zone: int, version: int, broad: bool) -> Network:
    span, size = _span(zone, version), 16 if broad else 1
    address = span.first + random.randrange(1, 4000) * size
    bits = (32 if version == 4 else 128) - (4 if broad else 0)
    return ip_network((address, bits)) if version == 4 else ip_network((address.to_bytes(16, "big"), bits))


def _span(zone: int, version: int) -> Span:
    network = _networks(zone)[0 if version == 4 else 1]
    return Span(version, int(network[0]), int(network[-1]))


def _networks(zone: int) -> tuple[Network, Network]:
    return ip_network(f"10.{zone + 1}.0.0/16"), ip_network(f"fd00:{zone + 1}::/64")


def _version(device: int) -> int:
    return 6 if device // ZONES % 4 == 3 else 4


def _address(device: int) -> str:
    network = _networks(device % ZONES)[0 if _version(device) == 4 else 1]
    return str(network[100 + device // ZONES])
