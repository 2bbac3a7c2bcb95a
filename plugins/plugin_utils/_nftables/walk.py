# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes a base chain on every packet at once, and writes down what it does as a list of boxes.

The list is to be read from the top: the first certain entry that holds a packet decides, and doubtful ones before it
say what may have happened earlier. So what a rule has let through is never cut out of what the next one sees, and a set
of ten thousand elements costs ten thousand entries and no more. Only ``return`` and ``goto`` cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from .conditions import Condition, Conditions
from .fields import Fields, NotUnderstood
from .guard import TABLE as GUARD
from .interfaces import Interfaces
from .listing import Chain, Rule, Statement, Table
from .packets import FAMILY, PROTOCOL, TCP, Box, narrow, without

#: Statements that change neither packets nor verdicts.
_NEUTRAL = frozenset({"counter", "log", "comment", "continue", "last"})
#: Statements that end a rule for some packets, we can't say which, and change none.
_SIEVES = frozenset({"limit", "quota", "ct count", "map", "meter"})
#: Statements that end a rule for packets that can be told.
_CONDITIONS = frozenset({"match", "set"})
_ENDINGS = frozenset({"accept", "drop", "reject", "return", "jump", "goto", "vmap"})
_REJECTED = {"tcp reset": (PROTOCOL, (TCP, TCP)), "icmp": (FAMILY, (4, 4)), "icmpv6": (FAMILY, (6, 6))}
_DEPTH = 17
_PIECES = 4096


class Outcome(Enum):
    """What becomes of a packet. The first three are final; of the others, the next entries must be asked too."""

    ACCEPT = "accept"
    DROP = "drop"
    UNKNOWN = "unknown"
    PERHAPS_ACCEPT = "perhaps accept"
    PERHAPS_DROP = "perhaps drop"

    @property
    def final(self) -> bool:
        """True where nothing after it matters."""
        return self in (Outcome.ACCEPT, Outcome.DROP, Outcome.UNKNOWN)


_DOUBTED = {
    Outcome.ACCEPT: Outcome.PERHAPS_ACCEPT,
    Outcome.DROP: Outcome.PERHAPS_DROP,
}


class Entry(NamedTuple):
    """Packets and their outcome; ``place`` is the rule, and ``doubt`` what in it isn't understood.

    ``usual`` is true of a doubtful outcome that does happen, as long as the set has room that the rule writes to.
    """

    box: Box
    outcome: Outcome
    place: str
    doubt: str
    usual: bool = False


class _Doubt(NamedTuple):
    """Why packets may or may not get somewhere; ``usual`` as above."""

    text: str
    usual: bool = False


def execute(table: Table, chain: Chain, space: Sequence[Box], interfaces: Interfaces) -> list[Entry]:
    """What a base chain does to the packets of ``space``; every one of them is in some final entry."""
    fields = Fields(interfaces, chain.hook, chain.priority, guard=table.name == GUARD)
    walk = _Walk(table, Conditions(table, fields))
    policy = Outcome.DROP if chain.policy == "drop" else Outcome.ACCEPT
    return walk.base(chain, list(space), policy)


class _Walk:
    def __init__(self, table: Table, conditions: Conditions) -> None:
        self._table = table
        self._conditions = conditions
        self._entries: list[Entry] = []
        self._read: dict[int, Condition | str] = {}

    def base(self, chain: Chain, space: list[Box], policy: Outcome) -> list[Entry]:
        self._chain(chain, space, None, 0)
        place = f"{chain.place}, its policy"
        self._entries.extend(Entry(box, policy, place, "") for box in space)
        return self._entries

    def _emit(self, boxes: Iterable[Box], outcome: Outcome, place: str, doubt: _Doubt | None) -> None:
        if doubt is not None:
            outcome = _DOUBTED.get(outcome, outcome)
        text, usual = doubt or _Doubt("")
        self._entries.extend([Entry(box, outcome, place, text, usual) for box in boxes])

    def _chain(self, chain: Chain, boxes: list[Box], doubt: _Doubt | None, depth: int) -> None:
        """Run a chain on boxes. The caller goes on with all of them: entries are read in order, so nothing is cut."""
        if depth >= _DEPTH:
            self._emit(boxes, Outcome.UNKNOWN, chain.place, _Doubt("jumps that are too deep"))
            return
        for rule in chain.rules:
            left = self._rule(rule, boxes, doubt, depth)
            if len(left) * len(boxes) > _PIECES:
                self._emit(boxes, Outcome.UNKNOWN, rule.place, _Doubt("returns from too many places"))
                return
            if left:
                boxes = without(boxes, left)
            if not boxes:
                return

    def _rule(self, rule: Rule, boxes: list[Box], doubt: _Doubt | None, depth: int) -> list[Box]:
        """Run one rule; return the boxes that leave this chain and go back to the caller."""
        if _is_neutral(rule):
            return []
        current, unsure = boxes, doubt
        for number, statement in enumerate(rule.statements):
            kind = next(iter(statement))
            if kind in _NEUTRAL:
                continue
            if kind == "vmap":
                return self._vmap(rule, statement, current, unsure, depth)
            if kind in _ENDINGS:
                return self._verdict(rule, statement, current, unsure, depth)
            if kind in _CONDITIONS:
                condition = self._condition(statement)
                if isinstance(condition, str):
                    unsure = _Doubt(condition)
                    continue
                possible = condition.possibly(current)
                if possible:
                    rest = Rule(rule.place, rule.statements[number + 1 :])
                    # Two doubts are no usual case any more.
                    why = _Doubt(condition.doubt, condition.usual and unsure is None)
                    self._rule_of_doubt(rest, possible, why, depth)
                current = condition.certainly(current)
                if not current:
                    return []
            elif kind in _SIEVES:
                unsure = _Doubt(unsure.text if unsure else kind)
            else:
                self._emit(current, Outcome.UNKNOWN, rule.place, _Doubt(kind))
                return []
        return []

    def _rule_of_doubt(self, rest: Rule, boxes: list[Box], doubt: _Doubt | None, depth: int) -> None:
        """The rest of a rule for packets that may or may not get there."""
        if not _is_neutral(rest):
            left = self._rule(rest, boxes, doubt, depth)
            # To leave the chain perhaps: what then happens to these packets isn't followed.
            self._emit(left, Outcome.UNKNOWN, rest.place, doubt)

    def _condition(self, statement: Statement) -> Condition | str:
        known = self._read.get(id(statement))
        if known is None:
            try:
                if "set" in statement:
                    known = self._conditions.written(statement["set"])
                else:
                    known = self._conditions.match(statement["match"])
            except NotUnderstood as problem:
                known = str(problem)
            self._read[id(statement)] = known
        return known

    def _vmap(self, rule: Rule, statement: Statement, boxes: list[Box], doubt: _Doubt | None, depth: int) -> list[Box]:
        try:
            branches = list(self._conditions.branches(statement["vmap"]))
        except NotUnderstood as problem:
            self._emit(boxes, Outcome.UNKNOWN, rule.place, _Doubt(str(problem)))
            return []
        left: list[Box] = []
        for branch in branches:
            # Each branch sees all packets: a key stands in a map but once.
            certain = branch.condition.certainly(boxes)
            if certain:
                left.extend(self._verdict(rule, branch.verdict, certain, doubt, depth))
            possible = branch.condition.possibly(boxes)
            if possible:
                doubtful = Rule(rule.place, (branch.verdict,))
                self._rule_of_doubt(doubtful, possible, _Doubt(branch.condition.doubt), depth)
        return left

    def _verdict(
        self, rule: Rule, statement: Mapping[str, Any], boxes: list[Box], doubt: _Doubt | None, depth: int
    ) -> list[Box]:
        """End a rule; return the boxes that leave this chain and go back to the caller."""
        kind, body = next(iter(statement.items()))
        if kind == "accept":
            self._emit(boxes, Outcome.ACCEPT, rule.place, doubt)
        elif kind in ("drop", "reject"):
            self._emit(_rejected(boxes, body) if kind == "reject" else boxes, Outcome.DROP, rule.place, doubt)
        elif kind == "return":
            return self._leaving(rule, boxes, doubt)
        elif kind in ("jump", "goto"):
            target = self._table.chains.get(str(body.get("target"))) if isinstance(body, Mapping) else None
            if target is None:
                self._emit(boxes, Outcome.UNKNOWN, rule.place, _Doubt(f"{kind} to a chain that isn't listed"))
                return []
            self._chain(target, boxes, doubt, depth + 1)
            return self._leaving(rule, boxes, doubt) if kind == "goto" else []
        elif kind not in _NEUTRAL:
            self._emit(boxes, Outcome.UNKNOWN, rule.place, _Doubt(kind))
        return []

    def _leaving(self, rule: Rule, boxes: list[Box], doubt: _Doubt | None) -> list[Box]:
        # Doubt is of the whole call if the caller has it too; then these packets go on there in any case.
        if doubt is not None:
            self._emit(boxes, Outcome.UNKNOWN, rule.place, doubt)
            return []
        return boxes


def _is_neutral(rule: Rule) -> bool:
    """True for a rule that can't decide anything: it only counts, logs, or fills a set."""
    return all(next(iter(statement)) in _NEUTRAL | _SIEVES | _CONDITIONS for statement in rule.statements)


def _rejected(boxes: Iterable[Box], body: Any) -> list[Box]:
    """What ``reject`` applies to: its way of saying no may need an IP version or TCP, and nft doesn't list that."""
    needs = _REJECTED.get(str(body.get("type"))) if isinstance(body, Mapping) else None
    if needs is None:
        return list(boxes)
    return [piece for box in boxes if (piece := narrow(box, needs[:1], needs[1:])) is not None]
