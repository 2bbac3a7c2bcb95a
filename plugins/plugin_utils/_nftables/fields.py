# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule looks at, as a dimension of a box, and the values it compares with, as spans of that dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .interfaces import NONE, Interfaces
from .packets import (
    CODE,
    DESTINATION,
    EXTENSION,
    EXTENSION_HEADERS,
    FAMILY,
    HOPS,
    ICMP,
    ICMPV6,
    IN,
    INVALID,
    OUT,
    PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    STATE,
    TYPE,
    Span,
)
from .words import ICMP_TYPES, ICMPV6_TYPES, PROTOCOLS, STATE_NUMBERS, address_number

#: Conntrack sees packets at this priority of the hook prerouting; before it every packet is invalid to ``ct state``.
_CONNTRACK = -200
_TRANSPORTS = {"tcp": 6, "udp": 17, "dccp": 33, "sctp": 132, "udplite": 136}
_ETHERTYPES = {"ip": 4, "ip6": 6}
_NFPROTO = {"ipv4": 4, "ipv6": 6}


class NotUnderstood(Exception):
    """An expression that this verifier doesn't understand; the text names it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a rule can look at.

    ``implied`` is what a packet must be for the rule to look at all. ``spans`` turns one value of nft's JSON into the
    spans it stands for, or raises NotUnderstood. ``constant`` is the value that every packet has at this place, if it
    doesn't depend on the packet. ``of_ports`` is true where only some protocols have what is looked at, and
    ``negatable`` false where a packet that isn't looked at may still count as unequal.
    """

    dimension: int
    whole: Span
    implied: tuple[tuple[int, Span], ...]
    spans: Callable[[Any], list[Span]]
    constant: int | None = None
    of_ports: bool = False
    negatable: bool = True


class Fields:
    """The fields that packets have for the chains of one hook and priority."""

    def __init__(self, interfaces: Interfaces, hook: str, priority: int, guard: bool = False) -> None:
        """``guard``: the chains are those of our own guard of VPNs (see guard.py)."""
        self._interfaces = interfaces
        self._guard = guard
        self._hook = hook
        self._before_conntrack = hook == "prerouting" and priority <= _CONNTRACK
        self._beside_conntrack = hook == "prerouting" and priority == _CONNTRACK

    def read(self, expression: Any) -> Field:
        """The field of a left side that is no concatenation; raise NotUnderstood where there is none."""
        if isinstance(expression, dict) and len(expression) == 1:
            kind, body = next(iter(expression.items()))
            if isinstance(body, dict):
                field = None
                if kind == "payload":
                    field = _payload(str(body.get("protocol")), str(body.get("field")))
                elif kind == "meta":
                    field = self._meta(str(body.get("key")))
                elif kind == "ct" and body.get("key") == "state" and "dir" not in body:
                    field = self._state()
                elif kind == "rt" and body.get("key") == "ipsec":
                    field = self._protected()
                if field is not None:
                    return field
        raise NotUnderstood(described(expression))

    def _meta(self, key: str) -> Field | None:
        if key == "l4proto":
            return Field(PROTOCOL, (0, 255), (), _words(PROTOCOLS, 255))
        if key == "nfproto":
            return Field(FAMILY, (4, 6), (), _exactly(_NFPROTO))
        if key == "protocol":
            return Field(FAMILY, (4, 6), (), _exactly(_ETHERTYPES))
        if key == "ipsec":
            return self._protected()
        if key in ("iifname", "iif"):
            # Kernels differ in whether a packet still shows where it came from when it leaves.
            return None if self._hook == "postrouting" else self._interface(IN, key, None)
        if key in ("oifname", "oif"):
            return self._interface(OUT, key, NONE if self._hook in ("prerouting", "input") else None)
        return None

    def _protected(self) -> Field | None:
        """Whether IPsec protects a packet, which nothing else in it shows. What the guard lets through of those that it
        asks this of is protected, so it is judged as if all were: what then passes, the firewall's own table lets pass.
        """
        return Field(FAMILY, (0, 1), (), _whether, 1) if self._guard else None

    def _interface(self, dimension: int, key: str, constant: int | None) -> Field:
        def spans(value: Any) -> list[Span]:
            # nft escapes a star that is part of a name, and lists an index without an interface as a number.
            if not isinstance(value, str) or "\\" in value or (key in ("iif", "oif") and value.isdigit()):
                raise NotUnderstood(f"{key} {described(value)}")
            return self._interfaces.matching(value)

        return Field(dimension, (NONE, self._interfaces.receiving[1]), (), spans, constant)

    def _state(self) -> Field:
        if self._beside_conntrack:
            raise NotUnderstood("ct state at the priority of conntrack itself")
        return Field(STATE, (0, 4), (), _exactly(STATE_NUMBERS), INVALID if self._before_conntrack else None)


def _payload(protocol: str, name: str) -> Field | None:
    if protocol in ("ip", "ip6"):
        return _network_header(4 if protocol == "ip" else 6, name)
    ports = {"sport": SOURCE_PORT, "dport": PORT}
    if name in ports and (protocol == "th" or protocol in _TRANSPORTS):
        number = _TRANSPORTS.get(protocol)
        implied: tuple[tuple[int, Span], ...] = () if number is None else ((PROTOCOL, (number, number)),)
        return Field(ports[name], (0, 65535), implied, _words({}, 65535), of_ports=number is None)
    if protocol in ("icmp", "icmpv6") and name in ("type", "code"):
        family, number, types = (4, ICMP, ICMP_TYPES) if protocol == "icmp" else (6, ICMPV6, ICMPV6_TYPES)
        implied = ((FAMILY, (family, family)), (PROTOCOL, (number, number)))
        return Field(TYPE if name == "type" else CODE, (0, 255), implied, _words(types if name == "type" else {}, 255))
    return None


def _network_header(family: int, name: str) -> Field | None:
    implied = ((FAMILY, (family, family)),)
    if name in ("saddr", "daddr"):
        whole = (0, 2 ** (32 if family == 4 else 128) - 1)
        return Field(SOURCE if name == "saddr" else DESTINATION, whole, implied, _addresses(family))
    if name == "protocol" and family == 4:
        return Field(PROTOCOL, (0, 255), implied, _words(PROTOCOLS, 255))
    if name == "nexthdr" and family == 6:
        # It sees the transport only where no extension header stands before it.
        plain = (*implied, (EXTENSION, (0, 0)))
        return Field(PROTOCOL, (0, 255), plain, _words(PROTOCOLS, 255, EXTENSION_HEADERS), negatable=False)
    if name in ("hoplimit", "ttl"):
        return Field(HOPS, (0, 255), implied, _words({}, 255))
    return None


def _addresses(family: int) -> Callable[[Any], list[Span]]:
    bits = 32 if family == 4 else 128

    def spans(value: Any) -> list[Span]:
        try:
            if isinstance(value, str):
                return [_address(value, family)]
            if "prefix" in value:
                size = 1 << (bits - value["prefix"]["len"])
                first = _address(value["prefix"]["addr"], family)[0] // size * size
                return [(first, first + size - 1)]
            if "range" in value:
                first, last = (_address(end, family)[0] for end in value["range"])
                return [(first, last)] if first <= last else []
        except (TypeError, ValueError, KeyError):
            pass
        raise NotUnderstood(described(value))

    return spans


@lru_cache(maxsize=65536)
def _address(text: str, family: int) -> Span:
    """Ten thousand elements name few addresses."""
    number = address_number(text, family)
    return (number, number)


def _words(words: Mapping[str, int], highest: int, refused: tuple[int, ...] = ()) -> Callable[[Any], list[Span]]:
    """Numbers up to ``highest``, or words for them, and ranges of both; ``refused`` ones aren't understood."""

    def number(value: Any) -> int:
        found = words.get(value) if isinstance(value, str) else value
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= highest:
            raise NotUnderstood(described(value))
        return found

    def spans(value: Any) -> list[Span]:
        if isinstance(value, dict) and isinstance(value.get("range"), list) and len(value["range"]) == 2:
            first, last = number(value["range"][0]), number(value["range"][1])
        else:
            first = last = number(value)
        if any(first <= item <= last for item in refused):
            raise NotUnderstood(described(value))
        return [(first, last)] if first <= last else []

    return spans


def _whether(value: Any) -> list[Span]:
    if not isinstance(value, bool):
        raise NotUnderstood(described(value))
    return [(int(value), int(value))]


def _exactly(words: Mapping[str, int]) -> Callable[[Any], list[Span]]:
    """Words that stand for numbers, and nothing else."""

    def spans(value: Any) -> list[Span]:
        if not isinstance(value, str) or value not in words:
            raise NotUnderstood(described(value))
        return [(words[value], words[value])]

    return spans


def described(expression: Any) -> str:
    """An expression of nft's JSON in a few words, for people who will look for it in the ruleset."""
    if isinstance(expression, dict):
        if "payload" in expression and isinstance(expression["payload"], dict) and "protocol" in expression["payload"]:
            return f"{expression['payload']['protocol']} {expression['payload'].get('field', '')}".strip()
        if "concat" in expression:
            return " . ".join(described(part) for part in expression["concat"])
        for kind in ("meta", "ct"):
            if isinstance(expression.get(kind), dict):
                return f"{kind} {expression[kind].get('key', '')}"
        return " ".join(f"{key} {described(item)}".strip() for key, item in expression.items())[:80]
    if isinstance(expression, (list, tuple)):
        return ", ".join(described(item) for item in expression)[:80]
    return "" if expression is None else str(expression)[:80]
