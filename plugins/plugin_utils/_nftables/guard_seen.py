# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from a listing of the kernel whether the guard is in force, for which networks, and what it has stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import (
    IPv4Network,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import Any

from .._site.model import Network
from .guard import TABLE
from .listing import Chain, Ruleset, Table

#: What each hook must stop: where the network stands in a packet.
_HOOKS: Mapping[str, tuple[str, ...]] = {"output": ("daddr",), "input": ("saddr",), "forward": ("daddr", "saddr")}
_STOPS = ("drop", "reject")
_WORDS = {"output": "from the gateway itself", "input": "to the gateway itself", "forward": "through it"}


@dataclass(frozen=True, slots=True)
class GuardSeen:
    """``open`` says what may leave or arrive in clear, in sentences; ``stopped`` counts packets that were, since the
    table was loaded.
    """

    there: bool
    open: tuple[str, ...]
    stopped: int


def guard_seen(ruleset: Ruleset, networks: Iterable[Network], interface: str) -> GuardSeen:
    """The guard of these networks. ``interface``: that of the userspace ESP, whose form of the guard counts too."""
    wanted = tuple(networks)
    table = next((one for one in ruleset.tables if (one.family, one.name) == ("inet", TABLE)), None)
    if table is None:
        return GuardSeen(False, tuple(f"nothing keeps packets of {network} in the tunnel" for network in wanted), 0)
    stops = {hook: _stopped(table, hook, interface) for hook in _HOOKS}
    missing = [
        f"packets of {network} {_WORDS[hook]} may travel in clear"
        for network in wanted
        for hook, fields in _HOOKS.items()
        if not all(any(_lies_in(network, one) for one in stops[hook][field]) for field in fields)
    ]
    return GuardSeen(True, (*([table.doubt] if table.doubt else []), *missing), _packets(table))


def _stopped(table: Table, hook: str, interface: str) -> dict[str, list[Network]]:
    """The networks whose unprotected packets a hook stops, by the field of the packet."""
    found: dict[str, list[Network]] = {"daddr": [], "saddr": []}
    for chain in table.chains.values():
        if (chain.hook, chain.kind) != (hook, "filter"):
            continue
        for field, name in _stopping(chain, interface):
            known = table.sets.get(name)
            if known is not None and not known.doubt:
                found[field] += [network for element in known.elements for network in _networks(element)]
    return {field: _joined(many) for field, many in found.items()}


def _stopping(chain: Chain, interface: str) -> Iterable[tuple[str, str]]:
    """Field and set of each rule that stops what nothing protects, and whose conditions are understood whole."""
    for rule in chain.rules:
        matches = [one["match"] for one in rule.statements if isinstance(one.get("match"), Mapping)]
        if len(matches) != 2 or not any(verdict in one for one in rule.statements for verdict in _STOPS):
            continue
        field, name = _address(matches[0])
        if field and _is_unprotected(matches[1], field, interface):
            yield field, name


def _address(match: Mapping[str, Any]) -> tuple[str, str]:
    left, right = match.get("left"), match.get("right")
    payload = left.get("payload") if isinstance(left, Mapping) else None
    if match.get("op") != "==" or not isinstance(payload, Mapping):
        return "", ""
    if not isinstance(right, str) or not right.startswith("@"):
        return "", ""
    known = payload.get("protocol") in ("ip", "ip6") and payload.get("field") in ("daddr", "saddr")
    return (str(payload["field"]), right[1:]) if known else ("", "")


def _is_unprotected(match: Mapping[str, Any], field: str, interface: str) -> bool:
    going = field == "daddr"
    key = "oifname" if going else "iifname"
    kernel = {"op": "==", "left": {"rt" if going else "meta": {"key": "ipsec"}}, "right": False}
    return match in (kernel, {"op": "!=", "left": {"meta": {"key": key}}, "right": interface})


def _lies_in(network: Network, other: Network) -> bool:
    # mypy doesn't see that networks of one version are of one type.
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]


def _networks(element: Any) -> Iterable[Network]:
    body = element.get("elem") if isinstance(element, Mapping) and "elem" in element else element
    value = body.get("val") if isinstance(body, Mapping) and "val" in body else body
    try:
        if isinstance(value, str):
            return [ip_network(value)]
        if isinstance(value, Mapping) and isinstance(value.get("prefix"), Mapping):
            return [ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}")]
        if isinstance(value, Mapping) and isinstance(value.get("range"), list):
            first, last = (ip_address(one) for one in value["range"])
            return list(summarize_address_range(first, last))
    except (ValueError, KeyError, TypeError):
        return []
    return []


def _joined(networks: list[Network]) -> list[Network]:
    """The same, with neighbours joined: nft lists two that touch as it likes."""
    four = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    return [*four, *six]


def _packets(table: Table) -> int:
    counters = (
        one["counter"]
        for chain in table.chains.values()
        for rule in chain.rules
        for one in rule.statements
        if isinstance(one.get("counter"), Mapping)
    )
    return sum(packets for one in counters if isinstance(packets := one.get("packets"), int))
