"""The peer of the proof: the same two questions, answered by binary decision diagrams (CUDD, by way of ``dd``).

The textbook way, with what is known to help it: a fixed order of variables that was the best of three on these
policies, a diagram kept for every range and box that is met again, unions built in pairs of neighbours. It is handed
the boxes that the verifier has read, and doesn't pay for the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from types import ModuleType
from typing import Any, NamedTuple

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.expected import Expected
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.packets import (
    DESTINATION,
    EXTENSION,
    HOPS,
    IN,
    NEW,
    OUT,
    PORT,
    PROTOCOL,
    SOURCE,
    SOURCE_PORT,
    STATE,
    TCP,
    UDP,
    Box,
    Span,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.program import Path
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.walk import Outcome

_ORDER = (STATE, IN, OUT, PROTOCOL, SOURCE, DESTINATION, PORT, SOURCE_PORT, HOPS, EXTENSION)


class Differences(NamedTuple):
    """Whether anything passes that may not, and whether anything is blocked that must pass."""

    undeclared: bool
    blocked: bool


def differences(library: ModuleType, expected: Expected, path: Path) -> Differences:
    """Both directions for one hook and IP version; ``library`` is ``dd.cudd``."""
    diagrams = _Diagrams(library, expected.space)
    passing = diagrams.whole
    for program in path.programs:
        passing &= diagrams.accepted([(entry.outcome, entry.box) for entry in program.entries])
    allowed = diagrams.union(expected.allowed)
    must = allowed & diagrams.first_packets(expected.family) & diagrams.whole
    nothing = diagrams.nothing
    return Differences(passing & ~allowed != nothing, must & ~passing != nothing)


class _Diagrams:
    def __init__(self, library: ModuleType, space: Box) -> None:
        self._manager = library.BDD()
        self._manager.configure(reordering=False)
        self._space = space
        self._bits = {
            dimension: [f"d{dimension}b{bit}" for bit in range(max(1, space[dimension][1].bit_length()))]
            for dimension in _ORDER
        }
        self._manager.declare(*(name for names in self._bits.values() for name in names))
        self._variables = {
            dimension: [self._manager.var(name) for name in names] for dimension, names in self._bits.items()
        }
        self._spans: dict[tuple[int, Span], Any] = {}
        self._boxes: dict[Box, Any] = {}
        self.nothing = self._manager.false
        self.whole = self._manager.true
        for dimension in _ORDER:
            self.whole &= self._span(dimension, space[dimension])

    def accepted(self, entries: Sequence[tuple[Outcome, Box]]) -> Any:
        """What an ordered list lets through; the first entry that holds a packet decides, so it is built backwards."""
        result = self.nothing
        groups = [(outcome, [box for _outcome, box in some]) for outcome, some in groupby(entries, lambda one: one[0])]
        for outcome, boxes in reversed(groups):
            if outcome is Outcome.ACCEPT:
                result |= self.union(boxes)
            elif outcome is Outcome.DROP:
                result &= ~self.union(boxes)
            elif outcome is Outcome.PERHAPS_DROP and result & self.union(boxes) == self.nothing:
                continue  # While the memory has room it is dropped here, and else by what comes after.
            else:
                raise ValueError(f"a ruleset of the benchmark isn't understood: {outcome}")
        return result

    def union(self, boxes: Iterable[Box]) -> Any:
        """All packets of some boxes."""
        parts = [self._box(box) for box in sorted(boxes, key=lambda box: [box[dimension] for dimension in _ORDER])]
        while len(parts) > 1:
            odd = parts[-1:] if len(parts) % 2 else []
            parts = [one | other for one, other in zip(parts[::2], parts[1::2], strict=False)] + odd
        return parts[0] if parts else self.nothing

    def first_packets(self, family: int) -> Any:
        """First packets of TCP and UDP."""
        found = self._span(PROTOCOL, (TCP, TCP)) | self._span(PROTOCOL, (UDP, UDP))
        found &= self._span(STATE, (NEW, NEW)) & self._from(SOURCE_PORT, 1)
        return found & self._span(EXTENSION, (0, 0)) if family == 6 else found

    def _box(self, box: Box) -> Any:
        known = self._boxes.get(box)
        if known is None:
            known = self._manager.true
            for dimension in reversed(_ORDER):
                if box[dimension] != self._space[dimension]:
                    known = self._span(dimension, box[dimension]) & known
            self._boxes[box] = known
        return known

    def _span(self, dimension: int, span: Span) -> Any:
        known = self._spans.get((dimension, span))
        if known is None:
            first, last = span
            if first == last:
                bits = self._bits[dimension]
                known = self._manager.cube(
                    {name: bool(first >> place & 1) for place, name in enumerate(reversed(bits))}
                )
            else:
                known = self._from(dimension, first) & self._to(dimension, last)
            self._spans[dimension, span] = known
        return known

    def _from(self, dimension: int, first: int) -> Any:
        result = self._manager.true
        for place, variable in enumerate(reversed(self._variables[dimension])):
            result = variable & result if first >> place & 1 else variable | result
        return result

    def _to(self, dimension: int, last: int) -> Any:
        result = self._manager.true
        for place, variable in enumerate(reversed(self._variables[dimension])):
            result = ~variable | result if last >> place & 1 else ~variable & result
        return result
