# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks what has become of packets: of one base chain, and of all that a packet passes on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .index import BoxIndex
from .packets import Box, common, covers, outside
from .walk import Entry, Outcome

_USUALLY = {Outcome.PERHAPS_ACCEPT: Outcome.ACCEPT, Outcome.PERHAPS_DROP: Outcome.DROP}


class TooInvolved(Exception):
    """The question needs more work than is allowed: nothing can be said."""


class Budget:
    """Bounds the work of one question, so that no ruleset can keep the verifier busy for ever."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Take some; raise TooInvolved when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise TooInvolved


class Part(NamedTuple):
    """A part of the packets that were asked about. ``doubts`` are the entries because of which it isn't certain.

    Parts of one question may overlap: packets have one fate while a set has room, and perhaps another when it is full.
    """

    box: Box
    outcome: Outcome
    entry: Entry
    doubts: tuple[Entry, ...]


class Program:
    """What one base chain does, ready to be asked. ``doubt`` says why the chain may not be in force."""

    def __init__(self, entries: Sequence[Entry], doubt: str = "") -> None:
        self.entries = entries
        self.doubt = doubt
        self._index = BoxIndex([entry.box for entry in entries])
        self._accepted: dict[Box, int] | None = None
        self._others: tuple[list[int], BoxIndex] | None = None

    def accepts_all(self, box: Box, exact: Box) -> bool:
        """A quick yes where one entry for ``exact``, which holds ``box``, decides; False says nothing."""
        if self.doubt:
            return False
        if self._accepted is None:
            self._accepted = {}
            for number, entry in enumerate(self.entries):
                if entry.outcome is Outcome.ACCEPT:
                    self._accepted.setdefault(entry.box, number)
        first = self._accepted.get(exact)
        return first is not None and not self._stopped_before(box, first)

    def _stopped_before(self, box: Box, number: int) -> bool:
        if self._others is None:
            numbers = [
                place
                for place, entry in enumerate(self.entries)
                if entry.outcome not in (Outcome.ACCEPT, Outcome.PERHAPS_ACCEPT)
            ]
            self._others = numbers, BoxIndex([self.entries[place].box for place in numbers])
        numbers, index = self._others
        for place in index.candidates(box):
            if numbers[place] >= number:
                return False
            if common(self.entries[numbers[place]].box, box) is not None:
                return True
        return False

    def parts(self, box: Box, budget: Budget) -> Iterator[Part]:
        """Cut a box into parts with one outcome each; parts come one by one, so that the first can end the search."""
        numbers = self._index.candidates(box)
        waiting: list[tuple[Box, int, tuple[Entry, ...]]] = [(box, 0, ())]
        while waiting:
            piece, start, doubts = waiting.pop()
            for place in range(start, len(numbers)):
                entry = self.entries[numbers[place]]
                shared = common(piece, entry.box)
                if shared is None:
                    continue
                budget.spend()
                waiting.extend((rest, place + 1, doubts) for rest in reversed(list(outside(piece, shared))))
                piece = shared
                if entry.outcome.final:
                    yield self._part(piece, entry, doubts)
                    break
                if entry.usual:
                    yield self._part(piece, entry._replace(outcome=_USUALLY[entry.outcome]), doubts)
                doubts = (*doubts, entry)

    def _part(self, box: Box, entry: Entry, doubts: tuple[Entry, ...]) -> Part:
        opposite = Outcome.PERHAPS_ACCEPT if entry.outcome is Outcome.DROP else Outcome.PERHAPS_DROP
        real = tuple(doubt for doubt in doubts if doubt.outcome is opposite)
        if entry.outcome is Outcome.UNKNOWN:
            real = (*doubts, entry)
        elif entry.outcome is Outcome.DROP and self.doubt:
            real = (*real, Entry(entry.box, Outcome.PERHAPS_DROP, entry.place, self.doubt))
        return Part(box, entry.outcome, entry, real)


class Path:
    """All base chains that a packet passes, in order: the first that drops it ends it, and all others let it go on."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = programs

    def parts(self, box: Box, budget: Budget, start: int = 0) -> Iterator[Part]:
        """Cut a box into parts with one fate each: ACCEPT or DROP for sure where a part has no doubts."""
        if start == len(self.programs):
            yield Part(box, Outcome.ACCEPT, Entry(box, Outcome.ACCEPT, "", ""), ())
            return
        for part in self.programs[start].parts(box, budget):
            if (part.outcome is Outcome.DROP and not part.doubts) or part.outcome is Outcome.UNKNOWN:
                yield part
            else:
                for later in self.parts(part.box, budget, start + 1):
                    yield _joined(part, later)


def _joined(part: Part, later: Part) -> Part:
    if later.outcome is Outcome.DROP and not later.doubts:
        return later
    doubts = (*part.doubts, *later.doubts)
    if later.outcome is not Outcome.ACCEPT:
        return later._replace(doubts=doubts)
    # The chain that let it pass by a rule tells people more than one that did by its policy, or than no chain at all.
    named = part if not later.entry.place or "its policy" in later.entry.place else later
    return Part(later.box, part.outcome, named.entry, doubts)


def uncovered(box: Box, boxes: Sequence[Box], index: BoxIndex, budget: Budget) -> Iterator[Box]:
    """What of a box lies in none of the others, piece by piece."""
    numbers = index.candidates(box)
    waiting = [(box, 0)]
    while waiting:
        piece, start = waiting.pop()
        for place in range(start, len(numbers)):
            other = boxes[numbers[place]]
            shared = common(piece, other)
            if shared is None:
                continue
            budget.spend()
            if not covers(other, piece):
                waiting.extend((rest, place + 1) for rest in reversed(list(outside(piece, shared))))
            break
        else:
            yield piece
