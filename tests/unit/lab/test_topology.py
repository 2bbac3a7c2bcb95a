"""The lab's topology: declared once, consistent in itself."""

from __future__ import annotations

import ipaddress

import pytest

from lab import node_files, topology
from lab.errors import LabError
from lab.topology import Family, Topology

LAB = topology.topology()
FAMILIES: tuple[Family, ...] = (4, 6)


def test_it_is_the_hospital_of_the_design() -> None:
    assert set(LAB.nodes) == {"core", "edge", "ops1", "ct1", "pacs1", "ris1", "his1", "ws1", "outsider"}
    assert {name for name, node in LAB.nodes.items() if node.forwarding} == {"core", "edge"}
    assert {name for name, node in LAB.nodes.items() if not node.managed} == {"ct1", "outsider"}
    assert {node.debian for node in LAB.nodes.values()} == {"bookworm", "trixie"}


def test_every_address_is_in_the_ranges_and_used_once() -> None:
    addresses = [leg.address(family) for node in LAB.nodes.values() for leg in node.legs for family in FAMILIES]
    assert len(addresses) == len(set(addresses))
    for address in addresses:
        assert any(address in network for network in LAB.ranges if network.version == address.version)


def test_segments_do_not_overlap() -> None:
    for family in FAMILIES:
        prefixes = sorted((segment.prefix(family) for segment in LAB.segments.values()), key=str)
        for one, other in ((a, b) for a in prefixes for b in prefixes if a is not b):
            assert not one.overlaps(other)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("source", LAB.nodes)
def test_every_node_reaches_every_segment(source: str, family: Family) -> None:
    """Follow the declared routes hop by hop, from each node to each address."""
    for target in LAB.nodes.values():
        for leg in target.legs:
            assert _arrives(LAB, source, target.name, leg.address(family)), f"{source} -> {leg.address(family)}"


def _arrives(lab: Topology, source: str, target: str, address: topology.Address) -> bool:
    family: Family = 4 if address.version == 4 else 6
    here = source
    for _hop in range(5):
        node = lab.node(here)
        if here == target or any(address in leg.segment.prefix(family) for leg in node.legs):
            return True
        routes = [route for route in node.routes if route.family == family and address in route.destination]
        if not routes:
            return False
        gateway = max(routes, key=lambda route: route.destination.prefixlen).gateway
        here = next(item.name for item in lab.nodes.values() for leg in item.legs if leg.address(family) == gateway)
        assert lab.node(here).forwarding, f"{here} is a next hop, but doesn't forward"
    return False


def test_routes_are_written_as_ip_reads_them() -> None:
    assert node_files.routes(LAB.node("ct1"), 4) == "route replace 0.0.0.0/0 via 198.18.20.254 dev lan0\n"
    assert node_files.routes(LAB.node("outsider"), 6) == "route replace fd00:18::/32 via fd00:19::fe dev lan0\n"


def test_an_unknown_node_is_named_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="no node 'ct2'; it has core"):
        LAB.node("ct2")


def test_an_address_outside_its_network_is_refused() -> None:
    document = {
        "prefix": "x",
        "ranges": [],
        "networks": {"a": {"ipv4": "198.18.0.0/24", "ipv6": "fd00:18::/64"}},
        "nodes": {
            "n": {
                "kind": "node",
                "debian": "bookworm",
                "managed": True,
                "legs": {"lan0": {"network": "a", "ipv4": "198.18.9.1", "ipv6": "fd00:18::1"}},
                "ports": {},
            }
        },
    }
    with pytest.raises(LabError, match=r"n\.legs\.lan0: its addresses are outside network a"):
        topology.parse(document)


def test_default_means_both_families() -> None:
    destinations = {route.destination for route in LAB.node("core").routes}
    assert destinations == {ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")}
