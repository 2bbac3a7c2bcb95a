"""The lab's topology as typed values, read from topology.yml. Pure, except for reading that one file."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from lab.errors import LabError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Family = Literal[4, 6]

TOPOLOGY_FILE = Path(__file__).with_name("topology.yml")


@dataclass(frozen=True)
class Segment:
    """One layer 2 network of the lab, with its IPv4 and IPv6 prefix."""

    name: str
    ipv4: ipaddress.IPv4Network
    ipv6: ipaddress.IPv6Network

    def prefix(self, family: Family) -> Network:
        return self.ipv4 if family == 4 else self.ipv6


@dataclass(frozen=True)
class Leg:
    """A node's interface and its addresses on one segment."""

    interface: str
    segment: Segment
    ipv4: ipaddress.IPv4Address
    ipv6: ipaddress.IPv6Address

    @property
    def mac(self) -> str:
        """Fixed and locally administered: a restart must not leave a dead address in the neighbours' caches."""
        return "02:ac:" + ":".join(f"{byte:02x}" for byte in self.ipv4.packed)

    def address(self, family: Family) -> Address:
        return self.ipv4 if family == 4 else self.ipv6


@dataclass(frozen=True)
class Route:
    """A route with its next hop resolved. ``destination`` is a prefix, ``0.0.0.0/0`` and ``::/0`` for the default
    route.
    """

    family: Family
    destination: Network
    gateway: Address
    interface: str


@dataclass(frozen=True)
class Node:
    """One container. ``ports`` maps a TCP port, listening in both families, to its application (ssh, dicom, http,
    hl7).
    """

    name: str
    container: str
    kind: str
    debian: str
    forwarding: bool
    managed: bool
    legs: tuple[Leg, ...]
    routes: tuple[Route, ...]
    services: tuple[str, ...]
    ports: Mapping[int, str]
    ae_title: str | None

    @property
    def leg(self) -> Leg:
        """The first leg: the address by which Ansible and the probes know the node."""
        return self.legs[0]

    def address(self, family: Family = 4) -> str:
        return str(self.leg.address(family))


@dataclass(frozen=True)
class Topology:
    prefix: str
    ranges: tuple[Network, ...]
    segments: Mapping[str, Segment]
    nodes: Mapping[str, Node]

    def node(self, name: str) -> Node:
        """The node of that name. Raises LabError, naming the known ones."""
        try:
            return self.nodes[name]
        except KeyError:
            raise LabError(f"the lab has no node {name!r}; it has {', '.join(self.nodes)}") from None

    def network_name(self, segment: str) -> str:
        """The podman network that carries a segment."""
        return f"{self.prefix}-{segment}"


@cache
def topology() -> Topology:
    """The lab as declared in topology.yml."""
    return parse(yaml.safe_load(TOPOLOGY_FILE.read_text(encoding="utf-8")))


def parse(document: Mapping[str, Any]) -> Topology:
    """Turn the YAML document into values. Raises LabError for an address outside its network or a next hop that isn't
    a neighbour.
    """
    segments = {
        name: Segment(name, ipaddress.IPv4Network(row["ipv4"]), ipaddress.IPv6Network(row["ipv6"]))
        for name, row in document["networks"].items()
    }
    legs = {name: _legs(name, row["legs"], segments) for name, row in document["nodes"].items()}
    nodes = {
        name: Node(
            name=name,
            container=f"{document['prefix']}-{name}",
            kind=row["kind"],
            debian=row["debian"],
            forwarding=row.get("forwarding", False),
            managed=row["managed"],
            legs=legs[name],
            routes=_routes(name, row.get("routes", []), legs),
            services=tuple(row.get("services", ())),
            ports=dict(row["ports"]),
            ae_title=row.get("ae_title"),
        )
        for name, row in document["nodes"].items()
    }
    return Topology(
        document["prefix"], tuple(ipaddress.ip_network(text) for text in document["ranges"]), segments, nodes
    )


def _legs(node: str, rows: Mapping[str, Any], segments: Mapping[str, Segment]) -> tuple[Leg, ...]:
    legs = []
    for interface, row in rows.items():
        leg = Leg(
            interface, segments[row["network"]], ipaddress.IPv4Address(row["ipv4"]), ipaddress.IPv6Address(row["ipv6"])
        )
        if leg.ipv4 not in leg.segment.ipv4 or leg.ipv6 not in leg.segment.ipv6:
            raise LabError(
                f"topology.yml: {node}.legs.{interface}: its addresses are outside network {leg.segment.name}"
            )
        legs.append(leg)
    return tuple(legs)


def _routes(node: str, rows: list[Mapping[str, Any]], legs: Mapping[str, tuple[Leg, ...]]) -> tuple[Route, ...]:
    routes = []
    for row in rows:
        here, there = _neighbours(node, row["via"], legs)
        for text in row["to"]:
            for destination in _destinations(text):
                family: Family = 4 if destination.version == 4 else 6
                routes.append(Route(family, destination, there.address(family), here.interface))
    return tuple(routes)


def _destinations(text: str) -> list[Network]:
    return [ipaddress.ip_network(item) for item in (("0.0.0.0/0", "::/0") if text == "default" else (text,))]


def _neighbours(node: str, via: str, legs: Mapping[str, tuple[Leg, ...]]) -> tuple[Leg, Leg]:
    for here in legs[node]:
        for there in legs[via]:
            if here.segment == there.segment:
                return here, there
    raise LabError(f"topology.yml: {node}: its next hop {via} shares no network with it")
