"""The lab refuses to start where it would be mixed up with a real network."""

from __future__ import annotations

import pytest

from lab.network import only_netavark, overlapping
from lab.topology import topology

RANGES = topology().ranges


@pytest.mark.parametrize(
    "destination",
    ["198.18.0.0/15", "198.18.20.0/24", "198.19.255.255", "198.16.0.0/12", "fd00:18::/64", "fd00:19:5::1", "fd00::/16"],
)
def test_a_route_into_the_ranges_is_found(destination: str) -> None:
    assert overlapping([{"dst": destination, "dev": "tun0"}], RANGES) == [f"{destination} dev tun0"]


@pytest.mark.parametrize(
    "row",
    [
        {"dst": "default", "dev": "eth0"},
        {"dst": "198.17.0.0/16", "dev": "eth0"},
        {"dst": "198.20.0.0/16", "dev": "eth0"},
        {"dst": "fd00::/64", "dev": "eth0"},
        {"dst": "fd00:17::/32", "dev": "eth0"},
        {"dst": "128.0.0.0/1", "dev": "tun0"},
        {"type": "blackhole", "dst": "198.18.0.0/15", "protocol": "198"},
    ],
    ids=lambda row: row["dst"],
)
def test_other_routes_and_our_own_are_not(row: dict[str, str]) -> None:
    assert overlapping([row], RANGES) == []


def rule(chain: str, *targets: str) -> dict[str, object]:
    return {
        "rule": {"family": "ip", "table": "filter", "chain": chain, "expr": [{"jump": {"target": t}} for t in targets]}
    }


@pytest.mark.parametrize(
    ("rows", "ours_to_remove"),
    [
        ([{"table": {"family": "inet", "name": "netavark"}}], True),
        ([{"chain": {"name": "FORWARD"}}, rule("FORWARD", "NETAVARK_FORWARD"), rule("NETAVARK_FORWARD")], True),
        ([rule("FORWARD", "NETAVARK_FORWARD"), rule("FORWARD", "DOCKER-USER")], False),
        ([{"table": {"family": "inet", "name": "filter"}}], False),
        ([], False),
    ],
)
def test_only_what_netavark_alone_uses_is_removed(rows: list[dict[str, object]], ours_to_remove: bool) -> None:
    assert only_netavark({"nftables": rows}) is ours_to_remove
