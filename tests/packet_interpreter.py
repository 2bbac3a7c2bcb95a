"""Runs one concrete packet through the JSON of ``nft -j list ruleset``, rule by rule, as the kernel would.

The second opinion on the verifier: written the other way round (one packet and its fields, no boxes, no sets of
packets), and sharing no line with it. It knows only what the tests put into rulesets, and fails loudly at all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

_NUMBERS = {
    "icmp": 1,
    "tcp": 6,
    "udp": 17,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "dccp": 33,
    "gre": 47,
    "sctp": 132,
    "udplite": 136,
}
_TYPES = {
    "icmp": {"echo-reply": 0, "destination-unreachable": 3, "echo-request": 8, "time-exceeded": 11},
    "icmpv6": {
        "packet-too-big": 2,
        "echo-request": 128,
        "nd-router-solicit": 133,
        "nd-router-advert": 134,
        "nd-neighbor-solicit": 135,
        "nd-neighbor-advert": 136,
    },
}
_HOOKS = {True: ("prerouting", "forward", "postrouting"), False: ("prerouting", "input")}
_CONTINUE = object()


class Unknown(Exception):
    """Something that this interpreter wasn't made for."""


@dataclass(frozen=True)
class Sent:
    """A packet: addresses as text, protocol by nft's name; ``leaves`` is empty for one to the host itself.

    ``starts`` is false for TCP from the midst of a connection: anything but a plain SYN.
    """

    enters: str
    leaves: str
    source: str
    destination: str
    protocol: str
    port: int = 0
    source_port: int = 40000
    kind: int = 0
    state: str = "new"
    hops: int = 64
    starts: bool = True

    @property
    def version(self) -> int:
        """Of IP."""
        return ip_address(self.source).version


class Host:
    """The base chains of a listing, in the order in which packets meet them. With ``full``, no set takes an element."""

    def __init__(self, listing: Mapping[str, Any], full: bool = False) -> None:
        self._full = full
        self._chains: dict[tuple[str, str, str], list[list[Any]]] = {}
        self._elements: dict[tuple[str, str, str], list[Any]] = {}
        self._bases: list[tuple[int, str, tuple[str, str, str], str]] = []
        for item in listing["nftables"]:
            for kind, body in item.items():
                key = (body.get("family"), body.get("table"), body.get("name"))
                if kind == "chain":
                    self._chains[key] = []
                    if "hook" in body:
                        self._bases.append((body["prio"], body["hook"], key, body["policy"]))
                elif kind in ("set", "map"):
                    self._elements[key] = body.get("elem", [])
                elif kind == "rule":
                    self._chains[body["family"], body["table"], body["chain"]].append(body["expr"])
        self._bases.sort(key=lambda base: base[0])

    def passes(self, packet: Sent) -> bool:
        """True if no chain drops it."""
        for wanted in _HOOKS[bool(packet.leaves)]:
            for _priority, hook, key, policy in self._bases:
                if hook == wanted and key[0] in ("inet", "ip" if packet.version == 4 else "ip6"):
                    verdict = self._run(key, packet)
                    if (policy if verdict is _CONTINUE else verdict) == "drop":
                        return False
        return True

    def _run(self, key: tuple[str, str, str], packet: Sent) -> Any:
        for rule in self._chains[key]:
            verdict = self._rule(key, rule, packet)
            if verdict == "return":
                return _CONTINUE
            if verdict is not _CONTINUE:
                return verdict
        return _CONTINUE

    def _rule(self, key: tuple[str, str, str], rule: list[Any], packet: Sent) -> Any:
        if all(next(iter(part)) in ("limit", "log", "counter", "match", "set") for part in rule):
            return _CONTINUE
        for part in rule:
            name, body = next(iter(part.items()))
            if name == "match":
                if not self._matches(key, body, packet):
                    return _CONTINUE
            elif name == "set":
                if self._full or None in [_fact(field, packet) for field in body["elem"]["concat"]]:
                    return _CONTINUE
            elif name == "vmap":
                verdict = self._look_up(key, body, packet)
                return _CONTINUE if verdict is None else self._follow(key, verdict, packet)
            elif name not in ("counter", "log"):
                return self._follow(key, part, packet)
        return _CONTINUE

    def _follow(self, key: tuple[str, str, str], statement: Mapping[str, Any], packet: Sent) -> Any:
        name, body = next(iter(statement.items()))
        if name in ("accept", "drop", "return"):
            return name
        if name == "reject":
            return "drop"
        if name in ("jump", "goto"):
            verdict = self._run((key[0], key[1], body["target"]), packet)
            return "return" if name == "goto" and verdict is _CONTINUE else verdict
        raise Unknown(name)

    def _matches(self, key: tuple[str, str, str], body: Mapping[str, Any], packet: Sent) -> bool:
        parts = body["left"]["concat"] if "concat" in body["left"] else [body["left"]]
        facts = [_fact(part, packet) for part in parts]
        if None in facts:
            return False
        right = body["right"]
        if body["op"] in ("in", "!"):
            words = right if isinstance(right, list) else [right]
            return bool((packet.state in words) == (body["op"] == "in"))
        equal = any(_equal(facts, element) for element in self._each(key, right))
        return bool(equal == (body["op"] == "=="))

    def _look_up(self, key: tuple[str, str, str], body: Mapping[str, Any], packet: Sent) -> Any:
        parts = body["key"]["concat"] if "concat" in body["key"] else [body["key"]]
        facts = [_fact(part, packet) for part in parts]
        if None in facts:
            return None
        return next((verdict for value, verdict in self._each(key, body["data"]) if _equal(facts, value)), None)

    def _each(self, key: tuple[str, str, str], right: Any) -> Iterator[Any]:
        if isinstance(right, str) and right.startswith("@"):
            yield from self._elements[key[0], key[1], right[1:]]
        elif isinstance(right, dict) and "set" in right:
            yield from right["set"]
        else:
            yield right


def _fact(expression: Mapping[str, Any], packet: Sent) -> Any:
    """What the packet has at this place; None where it has no such thing."""
    if "ct" in expression:
        return packet.state
    if "meta" in expression:
        key = expression["meta"]["key"]
        known = {"iifname": packet.enters, "oifname": packet.leaves, "l4proto": packet.protocol}
        known["nfproto"] = f"ipv{packet.version}"
        return known[key]
    if "&" in expression:
        return _flags(expression["&"], packet)
    protocol, field = expression["payload"]["protocol"], expression["payload"]["field"]
    if protocol in ("ip", "ip6"):
        if packet.version != (4 if protocol == "ip" else 6):
            return None
        ends = {"saddr": packet.source, "daddr": packet.destination}
        return {**ends, "hoplimit": packet.hops, "protocol": packet.protocol, "nexthdr": packet.protocol}[field]
    if protocol in ("icmp", "icmpv6"):
        wanted = "icmp" if packet.version == 4 else "ipv6-icmp"
        if packet.protocol != wanted or (protocol == "icmp") != (packet.version == 4) or field != "type":
            return None
        return (protocol, packet.kind)
    if packet.protocol not in ("tcp", "udp") or protocol not in ("th", packet.protocol):
        return None
    return packet.port if field == "dport" else packet.source_port


def _flags(masked: Any, packet: Sent) -> Any:
    """What our rules look at: whether a TCP packet is a plain SYN."""
    if masked != [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]:
        raise Unknown(masked)
    return None if packet.protocol != "tcp" else "syn" if packet.starts else "ack"


def _equal(facts: list[Any], element: Any) -> bool:
    if isinstance(element, dict) and "elem" in element:
        element = element["elem"]["val"]
    parts = element["concat"] if isinstance(element, dict) and "concat" in element else [element]
    return len(parts) == len(facts) and all(_same(fact, part) for fact, part in zip(facts, parts, strict=True))


def _same(fact: Any, value: Any) -> bool:
    if isinstance(fact, tuple):
        return bool(fact[1] == _TYPES[fact[0]].get(value, value))
    if isinstance(value, dict) and "prefix" in value:
        return ip_address(fact) in ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}")
    if isinstance(value, dict) and "range" in value:
        low, high = value["range"]
        if isinstance(low, str):
            return int(ip_address(low)) <= int(ip_address(fact)) <= int(ip_address(high))
        return bool(low <= fact <= high)
    if isinstance(value, dict):
        raise Unknown(value)
    if isinstance(value, str) and value.endswith("*"):
        return bool(fact.startswith(value[:-1]))
    if isinstance(fact, str) and ":" in fact:
        return bool(ip_address(fact) == ip_address(value))
    if value in _NUMBERS:
        return bool(_NUMBERS[value] == (_NUMBERS.get(fact) or int(fact)))
    return bool(fact == value)
