# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host's rules are built, read from the listing: what its chains do by default, what its accepts rest on.

This is about form. What the rules do to packets is for the verifier (``_nftables.verify``) to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...module_utils._evidence.logs import DROP_LOG_GROUP
from .._nftables.listing import Chain, Rule, Ruleset, Table, read_listing
from .own_table import (
    HOOKS,
    WATCHES,
    base_chains,
    is_console,
    is_memory,
    is_of_watching,
    is_own,
    openings,
    watches,
)

_REPLIES = ("established", "related")
_MAY_PASS = {"accept", "jump", "goto", "return", "vmap", "queue"}
_PACKETS_OF_NEIGHBOURS = ("nd-router-solicit", "nd-neighbor-solicit", "nd-neighbor-advert", "nd-router-advert")


@dataclass(frozen=True, slots=True)
class Shape:
    """``input_policy`` and ``forward_policy``: ``drop``, ``accept`` (or only one IP version drops), or ``none``.

    ``unexplained``: accepts that name no declared flow. ``unconditional``: accepts that ask for nothing at all.
    ``counted``, ``logged``, ``limited``: whether what both chains refuse is. ``watching``: it refuses nothing yet.
    ``state`` says that in a sentence, instead of the rules that do it, and what is opened at the console.
    """

    input_policy: str
    forward_policy: str
    unexplained: tuple[str, ...]
    unconditional: tuple[str, ...]
    counted: bool
    logged: bool
    limited: bool
    watching: bool
    state: tuple[str, ...]


def shape_of(listing: Mapping[str, Any]) -> Shape:
    """Read a listing of the whole host; raise ListingError where it is something else."""
    ruleset = read_listing(listing)
    judged = _droppers(ruleset)
    watching = watches(ruleset)
    refusing = [chain for table in ruleset.tables if is_own(table) for chain in base_chains(table)]
    return Shape(
        input_policy=_policy(ruleset, "input"),
        forward_policy=_policy(ruleset, "forward"),
        unexplained=tuple(text for table in judged for text in _unexplained(table, watching)),
        unconditional=tuple(text for table in ruleset.tables for text in _unconditional(table, watching)),
        counted=_in_both(refusing, _counts),
        logged=_in_both(refusing, lambda statements: "log" in _keys(statements) and _to_our_group(statements)),
        limited=_in_both(refusing, lambda statements: {"log", "limit"} <= _keys(statements)),
        watching=watching,
        state=(*([WATCHES] if watching else []), *openings(ruleset)),
    )


#: The rules of a host that has no nft, or none loaded.
NO_RULES = Shape("none", "none", (), (), False, False, False, False, ())


def _policy(ruleset: Ruleset, hook: str) -> str:
    """What the hook does with a packet that no rule takes, for both IP versions."""
    found, dropped = False, set()
    for table in ruleset.tables:
        for chain in base_chains(table):
            if chain.hook == hook:
                found = True
                if chain.policy == "drop" and not table.doubt:
                    dropped |= {"ip", "ip6"} if table.family == "inet" else {table.family}
    if dropped == {"ip", "ip6"}:
        return "drop"
    return "accept" if found else "none"


def _droppers(ruleset: Ruleset) -> list[Table]:
    """Our table where it drops by default; else every table with a chain on the hooks, for any may be meant to."""
    own = [table for table in ruleset.tables if is_own(table)]
    hooked = [table for table in ruleset.tables if base_chains(table)]
    drops = any({chain.hook for chain in base_chains(table) if chain.policy == "drop"} == set(HOOKS) for table in own)
    return own if drops else hooked


def _unexplained(table: Table, watching: bool) -> Iterator[str]:
    for name, known in table.sets.items():
        if known.verdicts or is_memory(table, name) or is_console(table, name):
            continue
        silent = sum(not _comment(element) for element in known.elements)
        if silent:
            entries = "1 entry" if silent == 1 else f"{silent} entries"
            yield f"table {table.family} {table.name}, set {name}: {entries} without the flow that it stands for"
    for chain in table.chains.values():
        if chain.hook and chain.hook not in HOOKS:
            continue
        for rule in chain.rules:
            if watching and is_own(table) and is_of_watching(rule.statements):
                continue
            if "accept" in _keys(rule.statements) and not _rests_on_declared(table, rule.statements):
                yield f"{rule.place}: accepts without a set of declared flows"


def _unconditional(table: Table, watching: bool) -> Iterator[str]:
    for chain in base_chains(table):
        if chain.policy == "accept" and is_own(table) and not watching:
            yield f"{chain.place}: accepts whatever no rule takes"
        for rule in chain.rules:
            if watching and is_own(table) and is_of_watching(rule.statements):
                continue
            if _keys(rule.statements) <= {"accept", "counter", "log", "limit"} and "accept" in _keys(rule.statements):
                yield f"{rule.place}: accepts everything"


def _comment(element: object) -> bool:
    body = element.get("elem") if isinstance(element, Mapping) else None
    return isinstance(body, Mapping) and isinstance(body.get("comment"), str) and bool(body["comment"].strip())


def _rests_on_declared(table: Table, statements: tuple[Mapping[str, Any], ...]) -> bool:
    """Whether an accept looks up a set, or is one that every firewall needs: replies, itself, its neighbours."""
    for statement in statements:
        match = statement.get("match")
        if not isinstance(match, Mapping):
            continue
        left, right = match.get("left"), match.get("right")
        if isinstance(right, str) and right.startswith("@") and match.get("op", "==") in ("==", "in"):
            return not is_memory(table, right[1:])
        if left == {"meta": {"key": "iifname"}} and right == "lo":
            return True
        if left == {"ct": {"key": "state"}} and _members(right) and _members(right) <= set(_REPLIES):
            return True
        neighbours = {"payload": {"protocol": "icmpv6", "field": "type"}}
        if left == neighbours and _members(right) and _members(right) <= set(_PACKETS_OF_NEIGHBOURS):
            return True
    return False


def _members(value: object) -> set[str]:
    listed = value.get("set") if isinstance(value, Mapping) else value
    items = listed if isinstance(listed, list) else [listed]
    return {item for item in items if isinstance(item, str)} if all(isinstance(item, str) for item in items) else set()


def _keys(statements: tuple[Mapping[str, Any], ...]) -> set[str]:
    return {key for statement in statements for key in statement}


def _counts(statements: tuple[Mapping[str, Any], ...]) -> bool:
    return _keys(statements) <= {"counter", "drop"} and "counter" in _keys(statements)


def _to_our_group(statements: tuple[Mapping[str, Any], ...]) -> bool:
    return any(
        isinstance(statement.get("log"), Mapping) and statement["log"].get("group") == DROP_LOG_GROUP
        for statement in statements
    )


def _in_both(chains: list[Chain], holds: Any) -> bool:
    """Whether the end of the chain of each hook does something with what it refuses."""
    hooks = {chain.hook for chain in chains if any(holds(rule.statements) for rule in _ending(chain))}
    return hooks == set(HOOKS)


def _ending(chain: Chain) -> list[Rule]:
    """The rules at the end of a chain that let nothing through any more."""
    passing = [number for number, rule in enumerate(chain.rules) if _keys(rule.statements) & _MAY_PASS]
    return chain.rules[passing[-1] + 1 :] if passing else chain.rules
