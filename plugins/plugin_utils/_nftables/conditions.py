# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets an expression matches: certainly, and perhaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from .fields import Field, Fields, NotUnderstood, described
from .listing import NamedSet, Table
from .packets import EVERY_PROTOCOL, PROTOCOL, STATE, TCP, WITH_PORTS, Box, Span, complement, narrow, without

_ORDERS = ("<", ">", "<=", ">=")
#: What an element may carry without becoming less certain.
_HARMLESS = ("val", "comment", "counter", "timeout", "expires", "last")
#: Subtracting a set with several fields from boxes costs the product of both.
_FEW = 64
_PORT_SPANS: tuple[Span, ...] = tuple((number, number) for number in WITH_PORTS)
_PORTLESS = complement(_PORT_SPANS, EVERY_PROTOCOL)

Alternative = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A match: packets within any of the ``alternatives``, each a span of every dimension in ``dimensions``.

    ``implied`` holds for all of them; with ``negated``, packets within none match. ``perhaps`` are alternatives, of all
    ``perhaps_dimensions``, that may match as well, and ``doubt`` says why; ``unsure`` means that anything may.
    ``usual`` is true where all that may match does, as long as a set has room.
    """

    dimensions: tuple[int, ...]
    alternatives: list[Alternative]
    implied: tuple[tuple[int, Span], ...] = ()
    negated: bool = False
    perhaps_dimensions: tuple[int, ...] = ()
    perhaps: list[Alternative] = field(default_factory=list)
    unsure: bool = False
    doubt: str = ""
    usual: bool = False

    def certainly(self, boxes: Iterable[Box]) -> list[Box]:
        """What of some boxes surely matches."""
        within = self._within(boxes)
        if not self.negated:
            return _narrowed(within, self.dimensions, self.alternatives)
        return without(within, [hole for box in within for hole in self._holes(box)])

    def possibly(self, boxes: Iterable[Box]) -> list[Box]:
        """What of some boxes may match, over and above what surely does."""
        within = self._within(boxes) if self.unsure or self.perhaps else []
        return within if self.unsure else _narrowed(within, self.perhaps_dimensions, self.perhaps)

    def _within(self, boxes: Iterable[Box]) -> list[Box]:
        if not self.implied:
            return list(boxes)
        dimensions, spans = zip(*self.implied, strict=True)
        return _narrowed(boxes, dimensions, [spans])

    def _holes(self, box: Box) -> list[Box]:
        return _narrowed([box], self.dimensions, self.alternatives)


@dataclass(frozen=True, slots=True)
class Branch:
    """One verdict of a verdict map, with what it is looked up by."""

    condition: Condition
    verdict: Mapping[str, Any]


class Conditions:
    """Reads the matches of one table's rules, for the chains of one hook and priority."""

    def __init__(self, table: Table, fields: Fields) -> None:
        self._table = table
        self._fields = fields
        self._sets: dict[tuple[str, str], Condition] = {}

    def match(self, body: Mapping[str, Any]) -> Condition:
        """A ``match`` statement; raise NotUnderstood where it isn't understood."""
        operator, left, right = body.get("op"), body.get("left"), body.get("right")
        if _reads_flags(left):
            # Packets of one connection differ in them; it is enough to know that all others never match.
            return _of_doubt(((PROTOCOL, (TCP, TCP)),), "tcp flags")
        fields = self._left(left)
        if len(fields) == 1 and fields[0].dimension == STATE:
            state = _state(fields[0], str(operator), right)
            if state is not None:
                return state
        if operator in ("==", "!="):
            condition = self._looked_up(left, fields, right)
            return self._negated(fields, condition) if operator == "!=" else condition
        if operator in _ORDERS and len(fields) == 1:
            return _ordered(fields[0], str(operator), right)
        raise NotUnderstood(f"{described(left)} {operator} {described(right)}")

    def written(self, body: Mapping[str, Any]) -> Condition:
        """A statement that writes to a set: the rule goes on for packets that have its key, unless the set is full."""
        written = body.get("elem")
        key = written["elem"].get("val") if isinstance(written, dict) and "elem" in written else written
        try:
            implied = tuple(dict.fromkeys(pair for item in self._left(key) for pair in item.implied))
        except NotUnderstood:
            implied = ()
        name = str(body.get("set", "")).lstrip("@")
        known = self._table.sets.get(name)
        if known is None or known.sieves or body.get("op") not in ("add", "update") or "stmt" in body:
            return _of_doubt(implied, f"what is written to the set {name}")
        return replace(_of_doubt(implied, f"the set {name} may be full"), usual=True)

    def branches(self, body: Mapping[str, Any]) -> Iterator[Branch]:
        """The entries of a ``vmap`` statement, those with one verdict together; raise NotUnderstood as above."""
        key, data = body.get("key"), body.get("data")
        fields = self._left(key)
        elements, doubt = self._elements(data, verdicts=True)
        by_verdict: dict[str, tuple[Mapping[str, Any], list[Any]]] = {}
        for element in elements:
            if not isinstance(element, list) or len(element) != 2 or not isinstance(element[1], dict):
                raise NotUnderstood(f"{described(key)} vmap")
            by_verdict.setdefault(str(element[1]), (element[1], []))[1].append(element[0])
        if any(value == "*" for _verdict, values in by_verdict.values() for value in values):
            raise NotUnderstood(f"{described(key)} vmap with an entry for everything else")
        for verdict, values in by_verdict.values():
            yield Branch(_condition(fields, values, doubt), verdict)

    def _left(self, expression: Any) -> list[Field]:
        if isinstance(expression, dict) and isinstance(expression.get("concat"), list):
            return [self._fields.read(part) for part in expression["concat"]]
        return [self._fields.read(expression)]

    def _looked_up(self, left: Any, fields: list[Field], right: Any) -> Condition:
        if not isinstance(right, str) or not right.startswith("@"):
            elements, doubt = self._elements(right, verdicts=False)
            return _condition(fields, elements, doubt)
        key = (right, str(left))
        if key not in self._sets:
            elements, doubt = self._elements(right, verdicts=False)
            self._sets[key] = _condition(fields, elements, doubt)
        return self._sets[key]

    def _elements(self, right: Any, verdicts: bool) -> tuple[Iterable[Any], str]:
        """What is looked through, and why its contents can't be relied on, if so."""
        if isinstance(right, str) and right.startswith("@"):
            known: NamedSet | None = self._table.sets.get(right[1:])
            if known is None or known.verdicts != verdicts:
                raise NotUnderstood(f"the set {right[1:]}, which isn't listed")
            return known.elements, known.doubt
        if isinstance(right, dict) and isinstance(right.get("set"), list):
            return right["set"], ""
        if verdicts or isinstance(right, list):
            raise NotUnderstood(described(right))
        return [right], ""

    def _negated(self, fields: list[Field], condition: Condition) -> Condition:
        if len(fields) == 1 and fields[0].constant is not None and not condition.unsure:
            return replace(condition, alternatives=[] if condition.alternatives else [()])
        if condition.unsure or not all(item.negatable and item.constant is None for item in fields):
            raise NotUnderstood(condition.doubt or "an inequality of something that not all packets have")
        if len(fields) == 1 and condition.dimensions == (fields[0].dimension,):
            spans = complement((spans[0] for spans in condition.alternatives), fields[0].whole)
            return replace(condition, alternatives=[(span,) for span in spans])
        if fields[0].of_ports and len(fields) == 1:
            spans = complement((spans[0] for spans in _of_tcp(condition)), fields[0].whole)
            return _condition_of([(span,) for span in spans], fields, condition.doubt)
        if len(condition.alternatives) > _FEW or any(item.of_ports for item in fields):
            raise NotUnderstood("an inequality with a large set, or with ports of any protocol")
        return replace(condition, negated=True)


def _of_doubt(implied: tuple[tuple[int, Span], ...], doubt: str) -> Condition:
    """Any packet with what is implied may match, and none surely does."""
    return Condition((), [], implied, unsure=True, doubt=doubt)


def _reads_flags(left: Any) -> bool:
    """``tcp flags``, or some of them."""
    masked = left.get("&") if isinstance(left, dict) else None
    read = masked[0] if isinstance(masked, list) and masked else left
    return bool(read == {"payload": {"protocol": "tcp", "field": "flags"}})


def _of_tcp(condition: Condition) -> list[Alternative]:
    """The ports alone, without the protocols that were added to them."""
    return list(dict.fromkeys(spans[:1] for spans in condition.alternatives))


def _condition(fields: list[Field], values: Iterable[Any], doubt: str) -> Condition:
    """Packets whose fields are equal to any of the values."""
    alternatives: list[Alternative] = []
    if doubt:
        return replace(_condition_of([], fields, doubt), unsure=True)
    for value in values:
        try:
            alternatives.extend(_spans(fields, value))
        except NotUnderstood as problem:
            doubt = doubt or str(problem)
    condition = _condition_of(alternatives, fields, doubt)
    return replace(condition, unsure=True) if doubt else condition


def _spans(fields: list[Field], value: Any) -> Iterable[Alternative]:
    """The spans that one element stands for, one a field."""
    if isinstance(value, dict) and isinstance(value.get("elem"), dict):
        extra = [key for key in value["elem"] if key not in _HARMLESS]
        if extra:
            raise NotUnderstood(f"a set element with {extra[0]}")
        value = value["elem"].get("val")
    if value == "*":
        return [tuple(item.whole for item in fields)]
    if len(fields) == 1:
        return [(span,) for span in fields[0].spans(value)]
    parts = value.get("concat") if isinstance(value, dict) else None
    if not isinstance(parts, list) or len(parts) != len(fields):
        raise NotUnderstood(described(value))
    spans = [item.spans(part) for item, part in zip(fields, parts, strict=True)]
    return [tuple(found[0] for found in spans)] if all(len(found) == 1 for found in spans) else product(*spans)


def _condition_of(alternatives: list[Alternative], fields: list[Field], doubt: str) -> Condition:
    """The condition, without fields that are the same for every packet, and with the protocols that have ports."""
    kept = list(range(len(fields)))
    for place, item in enumerate(fields):
        if item.constant is not None:
            kept.remove(place)
            value = item.constant
            alternatives = [spans for spans in alternatives if spans[place][0] <= value <= spans[place][1]]
    dimensions = tuple(fields[place].dimension for place in kept)
    if len(kept) < len(fields):
        alternatives = [tuple(spans[place] for place in kept) for spans in alternatives]
    implied = tuple(dict.fromkeys(pair for item in fields for pair in item.implied))
    if len(set(dimensions)) < len(dimensions):
        raise NotUnderstood("the same part of a packet twice in one concatenation")
    condition = Condition(dimensions, alternatives, implied, doubt=doubt)
    return _with_ports(condition) if any(item.of_ports for item in fields) else condition


def _with_ports(condition: Condition) -> Condition:
    """``th`` reads the ports of whatever the protocol is; of those without ports it reads something else."""
    dimensions = condition.dimensions
    if PROTOCOL not in dimensions:
        portless: list[Alternative] = [(span,) for span in _PORTLESS] if condition.alternatives else []
        return replace(
            condition,
            dimensions=(*dimensions, PROTOCOL),
            alternatives=[(*spans, ports) for spans in condition.alternatives for ports in _PORT_SPANS],
            perhaps_dimensions=(PROTOCOL,),
            perhaps=portless,
            doubt=condition.doubt or "th dport or th sport of a protocol without ports",
        )
    place = dimensions.index(PROTOCOL)
    certain: list[Alternative] = []
    perhaps: list[Alternative] = []
    for spans in condition.alternatives:
        first, last = spans[place]
        if first == last and first in WITH_PORTS:
            certain.append(spans)
            continue
        for number in WITH_PORTS:
            if first <= number <= last:
                certain.append((*spans[:place], (number, number), *spans[place + 1 :]))
        perhaps.extend(
            ((max(first, low), min(last, high)),) for low, high in _PORTLESS if low <= last and first <= high
        )
    return replace(
        condition,
        alternatives=certain,
        perhaps_dimensions=(PROTOCOL,),
        perhaps=list(dict.fromkeys(perhaps)),
        doubt=condition.doubt or "th dport or th sport of a protocol without ports",
    )


def _state(item: Field, operator: str, right: Any) -> Condition | None:
    """``ct state`` is a bit mask in which a packet has exactly one bit: several bits together equal no packet's."""
    many = right.get("|") if isinstance(right, dict) and isinstance(right.get("|"), list) else None
    if many is not None and operator in ("==", "!="):
        return _condition_of([(item.whole,)] if operator == "!=" else [], [item], "")
    if operator not in ("in", "!", "!="):
        return None
    if operator == "!=" and (not isinstance(right, str) or right.startswith("@")):
        return None
    words = many or (right if isinstance(right, list) else [right])
    spans = [span for word in words for span in item.spans(word)]
    if operator != "in":
        spans = complement(spans, item.whole)
    return _condition_of([(span,) for span in spans], [item], "")


def _ordered(item: Field, operator: str, right: Any) -> Condition:
    spans = item.spans(right)
    if len(spans) != 1 or spans[0][0] != spans[0][1] or not item.negatable or item.constant is not None:
        raise NotUnderstood(f"{operator} {described(right)}")
    value = spans[0][0]
    first, last = item.whole
    span = {"<": (first, value - 1), "<=": (first, value), ">": (value + 1, last), ">=": (value, last)}[operator]
    return _condition_of([(span,)] if span[0] <= span[1] else [], [item], "")


def _narrowed(boxes: Iterable[Box], dimensions: tuple[int, ...], alternatives: Iterable[Alternative]) -> list[Box]:
    result = []
    for box in boxes:
        for spans in alternatives:
            piece = narrow(box, dimensions, spans)
            if piece is not None:
                result.append(piece)
    return result
