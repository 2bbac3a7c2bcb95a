# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces as numbers: every name that a ruleset or a policy knows, and those that nobody names.

Rules can tell apart only names that somebody wrote down and what a pattern like ``eth*`` matches. So one made-up name a
pattern, and one that no pattern matches, stand for all the interfaces that may ever appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .listing import Ruleset, Table
from .packets import Span

#: A packet to the host itself has no outgoing interface; one that has just come in has none yet.
NONE, LOOPBACK = 0, 1
UNKNOWN = "an unknown interface"
_KEYS = ("iifname", "oifname", "iif", "oif")


class Interfaces:
    """Numbers and names. 0 is no interface, 1 is lo, all others can forward."""

    def __init__(self, names: Iterable[str]) -> None:
        plain = dict.fromkeys(("", "lo"))
        patterns: dict[str, None] = {}
        for name in names:
            if name.endswith("*"):
                patterns[name[:-1]] = None
            else:
                plain[name] = None
        self._names: list[str] = list(plain)
        self._made_up: dict[str, str] = {}
        for prefix in patterns:
            self._made_up[_unlike(prefix, plain, patterns)] = f"an unknown interface {prefix}*"
        self._made_up[_unlike("", plain, patterns)] = UNKNOWN
        self._names.extend(self._made_up)
        self._numbers = {name: number for number, name in enumerate(self._names)}

    @property
    def forwarding(self) -> Span:
        """All that a forwarded packet may come by or leave by."""
        return (LOOPBACK + 1, len(self._names) - 1)

    @property
    def receiving(self) -> Span:
        """All by which a packet to the host itself may come."""
        return (LOOPBACK, len(self._names) - 1)

    def number(self, name: str) -> int:
        """The number of a plain name that was given to the constructor."""
        return self._numbers[name]

    def matching(self, name: str) -> list[Span]:
        """Spans of the interfaces that a name or pattern of a rule matches."""
        if not name.endswith("*"):
            return [(self._numbers[name], self._numbers[name])] if name in self._numbers else []
        found = [number for number, known in enumerate(self._names) if known.startswith(name[:-1])]
        return [(number, number) for number in found]

    def title(self, number: int) -> str:
        """What people call it."""
        name = self._names[number]
        return self._made_up.get(name, name)

    def name(self, number: int) -> str:
        """A concrete name, made up for those that nobody names."""
        return self._names[number]


def _unlike(prefix: str, plain: Iterable[str], patterns: Iterable[str]) -> str:
    """A name that starts with ``prefix``, is none of the plain ones, and matches no longer pattern."""
    others = [other for other in patterns if len(other) > len(prefix)]
    known = set(plain)
    for letter in "xyzqjkvwbfghupmnrtlcdsieaoXYZQJKVW0123456789":
        name = f"{prefix}{letter}"
        if name not in known and not any(name.startswith(other) or other.startswith(name) for other in others):
            return name
    return f"{prefix}-other"


def interface_names(ruleset: Ruleset) -> Iterator[str]:
    """Every name and pattern that a rule mentions, itself or by a set."""
    for table in ruleset.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                for statement in rule.statements:
                    for left, right in _comparisons(statement):
                        yield from _mentioned(table, left, right)


def _comparisons(statement: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    match, vmap = statement.get("match"), statement.get("vmap")
    if isinstance(match, Mapping):
        yield match.get("left"), match.get("right")
    if isinstance(vmap, Mapping):
        yield vmap.get("key"), vmap.get("data")


def _mentioned(table: Table, left: Any, right: Any) -> Iterator[str]:
    parts = left.get("concat", [left]) if isinstance(left, Mapping) else []
    places = [place for place, part in enumerate(parts) if _looks_at_interface(part)]
    if not places:
        return
    for value in _values(table, right):
        fields = value.get("concat", [value]) if isinstance(value, Mapping) else [value]
        yield from (fields[place] for place in places if place < len(fields) and isinstance(fields[place], str))


def _looks_at_interface(part: Any) -> bool:
    return isinstance(part, Mapping) and isinstance(part.get("meta"), Mapping) and part["meta"].get("key") in _KEYS


def _values(table: Table, right: Any) -> Iterator[Any]:
    """What a right side compares with, one by one: an element's value without what else an element has."""
    if isinstance(right, str) and right.startswith("@"):
        known = table.sets.get(right[1:])
        items: Iterable[Any] = known.elements if known else ()
    elif isinstance(right, Mapping) and isinstance(right.get("set"), list):
        items = right["set"]
    else:
        items = (right,)
    for item in items:
        key = item[0] if isinstance(item, list) and item else item
        yield key["elem"].get("val") if isinstance(key, Mapping) and isinstance(key.get("elem"), Mapping) else key
