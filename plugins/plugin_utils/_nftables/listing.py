# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``nft -j list ruleset`` into typed values, without judging what rules mean.

Reads what nft 1.0.6 and 1.1 write. What the JSON can't be trusted in is noted here: table flags (1.0.6 writes the
table's name instead, so a dormant table can't be told), and families that this verifier doesn't follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_FOLLOWED = ("inet", "ip", "ip6")
#: Hooks of a followed family that a packet passes before or after the ones that are followed.
_UNFOLLOWED_HOOKS = ("ingress", "egress")
#: Flags that don't change what a table does to packets.
_HARMLESS_FLAGS = ("owner", "persist")
#: Statements that change sets while packets pass.
_UPDATES = ("set", "map", "meter")

Statement = Mapping[str, Any]


class ListingError(ValueError):
    """This isn't what ``nft -j list ruleset`` writes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its place, for people, and its statements as nft lists them."""

    place: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set, or a map; ``verdicts`` is true for a verdict map. ``doubt`` says why its elements can't be relied on.

    ``sieves`` is true where an element that is there may still not count, as with a limit.
    """

    name: str
    elements: tuple[Any, ...]
    verdicts: bool
    doubt: str
    sieves: bool


@dataclass(slots=True)
class Chain:
    """A chain; ``hook`` is empty unless it is a base chain."""

    name: str
    place: str
    hook: str
    kind: str
    priority: int
    policy: str
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A table of a followed family. ``doubt`` says why it may not be in force at all, or is empty."""

    family: str
    name: str
    doubt: str
    chains: dict[str, Chain] = field(default_factory=dict)
    sets: dict[str, NamedSet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All tables of a host. ``unfollowed`` names what sees packets too and isn't followed at all."""

    tables: tuple[Table, ...]
    unfollowed: tuple[str, ...]


def read_listing(listing: Mapping[str, Any]) -> Ruleset:
    """Type the parsed JSON of the whole host; raise ListingError where it is something else."""
    objects = listing.get("nftables")
    if not isinstance(objects, list):
        raise ListingError(
            "not a listing of nft: the key 'nftables' is missing. Give the output of nft -j list ruleset"
        )
    tables: dict[tuple[str, str], Table] = {}
    unfollowed: dict[str, None] = {}
    updated = _updated_sets(objects)
    for kind, body in _bodies(objects):
        if kind in ("metainfo",):
            continue
        family, name = str(body.get("family")), str(body.get("table", body.get("name")))
        if family not in _FOLLOWED:
            if kind == "rule" or (kind == "chain" and body.get("policy") == "drop"):
                unfollowed[f"table {family} {name}: the family {family} isn't followed"] = None
            continue
        if kind == "table":
            tables[family, name] = Table(family, name, _flag_doubt(body))
            continue
        table = tables.setdefault((family, name), Table(family, name, ""))
        if kind == "chain":
            chain = _chain(table, body)
            table.chains[chain.name] = chain
            if chain.hook in _UNFOLLOWED_HOOKS:
                unfollowed[f"{chain.place}: the hook {chain.hook} isn't followed"] = None
        elif kind in ("set", "map"):
            read = _set(body, kind, (family, name, str(body.get("name"))) in updated)
            table.sets[read.name] = read
        elif kind == "element":
            _more_elements(table, body)
        elif kind == "rule":
            _add_rule(table, body)
    return Ruleset(tuple(tables.values()), tuple(unfollowed))


def _bodies(objects: list[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in objects:
        if not isinstance(item, Mapping) or len(item) != 1:
            raise ListingError(f"not a listing of nft: {str(item)[:60]!r} is no object of a ruleset")
        ((kind, body),) = item.items()
        if not isinstance(body, Mapping):
            raise ListingError(f"not a listing of nft: {str(item)[:60]!r} is no object of a ruleset")
        yield kind, body


def _flag_doubt(body: Mapping[str, Any]) -> str:
    flags = body.get("flags", ())
    named = [flags] if isinstance(flags, str) else list(flags)
    if all(flag in _HARMLESS_FLAGS and flag != body.get("name") for flag in named):
        return ""
    return f"table {body.get('family')} {body.get('name')}: it has flags, and may be dormant"


def _chain(table: Table, body: Mapping[str, Any]) -> Chain:
    name = str(body.get("name"))
    hook = str(body.get("hook", ""))
    priority = body.get("prio", 0)
    return Chain(
        name=name,
        place=f"table {table.family} {table.name}, chain {name}",
        hook=hook,
        kind=str(body.get("type", "")),
        priority=priority if isinstance(priority, int) else 0,
        policy=str(body.get("policy", "accept")),
    )


def _set(body: Mapping[str, Any], kind: str, updated: bool) -> NamedSet:
    name = str(body.get("name"))
    doubt = ""
    if updated:
        doubt = f"the set {name}, which packets change"
    sieves = [key for statement in body.get("stmt", ()) for key in statement if key not in ("counter", "last")]
    if sieves:
        doubt = f"the set {name} with {sieves[0]}"
    verdicts = kind == "map" and body.get("map") == "verdict"
    return NamedSet(name, tuple(body.get("elem", ())), verdicts, doubt, bool(sieves))


def _more_elements(table: Table, body: Mapping[str, Any]) -> None:
    known = table.sets.get(str(body.get("name")))
    if known is not None:
        elements = (*known.elements, *body.get("elem", ()))
        table.sets[known.name] = replace(known, elements=elements)


def _add_rule(table: Table, body: Mapping[str, Any]) -> None:
    chain = table.chains.get(str(body.get("chain")))
    statements = body.get("expr", ())
    if chain is None or not all(isinstance(item, Mapping) and item for item in statements):
        raise ListingError(f"not a listing of nft: a rule of {table.family} {table.name} that can't be read")
    chain.rules.append(Rule(f"{chain.place}, rule handle {body.get('handle', '?')}", tuple(statements)))


def _updated_sets(objects: list[Any]) -> set[tuple[str, str, str]]:
    """Family, table and name of each set that rules write to; the JSON of nft 1.0.6 doesn't say ``dynamic``."""
    found = set()
    for kind, body in _bodies(objects):
        if kind == "rule":
            for statement in body.get("expr", ()):
                for update in _UPDATES:
                    changed = statement.get(update)
                    if isinstance(changed, Mapping):
                        name = str(changed.get(update, changed.get("name", ""))).lstrip("@")
                        found.add((str(body.get("family")), str(body.get("table")), name))
    return found
