"""The lab refuses to start where it would be mixed up with a real network."""

from __future__ import annotations

import pytest

from lab.network import overlapping
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
