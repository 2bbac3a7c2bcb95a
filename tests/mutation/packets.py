"""Packets for the second interpreter: those of the verifier, and random ones at the edges of what rules mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

from packet_interpreter import Sent

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.witness import Packet

_STATES = ("new", "new", "new", "established", "related", "invalid", "untracked")


def sent(packet: Packet) -> Sent:
    """A witness as the interpreter knows packets."""
    return Sent(
        enters=packet.in_interface,
        leaves=packet.out_interface,
        source=packet.source,
        destination=packet.destination,
        protocol="ipv6-icmp" if packet.protocol == "icmpv6" else packet.protocol,
        port=packet.port or 0,
        source_port=packet.source_port or 0,
        kind=packet.icmp_type or 0,
        state=packet.ct_state,
        hops=packet.hop_limit,
    )


def random_packets(random: Random, listings: Iterable[Any], count: int) -> Iterator[Sent]:
    """Packets made of the addresses, ports and interfaces that the listings mention, and of their neighbours."""
    words = _Words()
    for listing in listings:
        words.read(listing["nftables"])
    flows, ways = words.flows, sorted(words.interfaces)
    for _number in range(count):
        version = random.choice([4, 6])
        addresses = sorted(words.addresses[version])
        source, destination = random.choice(addresses), random.choice(addresses)
        protocol = random.choice(["tcp", "tcp", "udp", "icmp" if version == 4 else "ipv6-icmp", "47"])
        port = random.choice(sorted(words.ports))
        if flows and random.random() < 0.7:
            flow = random.choice(flows)
            source, destination = flow[0], flow[1]
            version = ip_address(source).version
            if protocol != "47":
                protocol = flow[2]
            port = flow[3] if random.random() < 0.7 else port
        leaves = random.choice(ways) if random.random() < 0.7 else ""
        icmp = protocol in ("icmp", "ipv6-icmp")
        kinds = (0, 8) if version == 4 else (128, 129, 133, 134, 135, 136)
        if protocol == ("ipv6-icmp" if version == 4 else "icmp"):
            continue
        yield Sent(
            enters=random.choice(ways if leaves else ["lo", *ways]),
            leaves=leaves,
            source=source,
            destination=destination,
            protocol=protocol,
            port=0 if icmp or protocol == "47" else port,
            source_port=0 if icmp or protocol == "47" else random.randint(1024, 65535),
            kind=random.choice(kinds) if icmp else 0,
            state=random.choice(_STATES),
            hops=random.choice([64, 255]),
            starts=random.random() < 0.8,
        )


class _Words:
    def __init__(self) -> None:
        self.addresses: dict[int, set[str]] = {4: {"192.0.2.1"}, 6: {"2001:db8::1"}}
        self.ports = {22, 80}
        self.interfaces = {"stranger0"}
        self.flows: list[list[Any]] = []

    def read(self, value: Any) -> None:
        """Take in everything below."""
        if isinstance(value, dict):
            if "concat" in value and len(value["concat"]) == 4:
                self._flow(value["concat"])
            if isinstance(value.get("prefix"), dict):
                network = ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}")
                self._address(str(network[0]))
                self._address(str(network[-1]))
            for key, item in value.items():
                if key not in ("prefix", "comment", "handle", "packets", "bytes"):
                    self.read(item)
        elif isinstance(value, list):
            for item in value:
                self.read(item)
        elif isinstance(value, bool) or value is None:
            return
        elif isinstance(value, int):
            self.ports.update(port for port in (value - 1, value, value + 1) if 0 < port < 65536)
        else:
            self._text(str(value))

    def _text(self, text: str) -> None:
        try:
            self._address(text)
        except ValueError:
            if text[-1:].isdigit() and text.isalnum() and len(text) < 16 and not text.startswith(("exact", "range")):
                self.interfaces.add(text)

    def _address(self, text: str) -> None:
        number, version = int(ip_address(text)), ip_address(text).version
        top = 2 ** (32 if version == 4 else 128) - 1
        for near in (number - 1, number, number + 1):
            if 0 <= near <= top:
                self.addresses[version].add(str(ip_address(near.to_bytes(4 if version == 4 else 16, "big"))))

    def _flow(self, fields: list[Any]) -> None:
        points = []
        for field in fields:
            if isinstance(field, dict) and "prefix" in field:
                points.append(str(ip_network(f"{field['prefix']['addr']}/{field['prefix']['len']}")[0]))
            elif isinstance(field, dict) and "range" in field:
                points.append(field["range"][0])
            else:
                points.append(field)
        if points[2] in ("tcp", "udp") and ("." in points[0] or ":" in points[0]):
            self.flows.append(points)
