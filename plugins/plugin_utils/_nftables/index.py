# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, among many boxes, those that may share packets with one, without looking at all of them.

Cuts the addresses into the segments between the ends of boxes; a box stands in each segment that it covers, or, if
these are many, in a list of wide ones. Kept for destinations and for sources, because what is wide in one is mostly
narrow in the other; a look-up takes the shorter answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from .packets import DESTINATION, IN, OUT, SOURCE, Box

_WIDE = 32
#: Who asks for all addresses gets no help from an index of them.
_EVERYWHERE = 2**32 - 1
_DIMENSIONS = (DESTINATION, SOURCE, IN, OUT)
#: With fewer boxes than this, looking at all of them is faster.
_FEW = 24


class _Line:
    """The index of one dimension."""

    def __init__(self, boxes: Sequence[Box], dimension: int) -> None:
        self._dimension = dimension
        spans = [box[dimension] for box in boxes]
        self._starts = sorted({edge for first, last in set(spans) for edge in (first, last + 1)})
        self._segments: list[list[int]] = [[] for _start in self._starts]
        self._wide: list[int] = []
        places = {start: place for place, start in enumerate(self._starts)}
        for number, (first, last) in enumerate(spans):
            low, high = places[first], places[last + 1]
            if high - low > _WIDE:
                self._wide.append(number)
            else:
                for place in range(low, high):
                    self._segments[place].append(number)

    def look(self, box: Box, limit: int) -> list[list[int]] | None:
        """Lists that together hold every box that may overlap; None where they hold more than ``limit``."""
        first, last = box[self._dimension]
        low = max(bisect_right(self._starts, first) - 1, 0)
        high = bisect_right(self._starts, last)
        count = len(self._wide)
        found = [self._wide] if self._wide else []
        for place in range(low, high):
            segment = self._segments[place]
            if segment:
                count += len(segment)
                found.append(segment)
                if count > limit:
                    return None
        return None if count > limit else found


class BoxIndex:
    """An index of boxes by their place in a sequence."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = boxes
        self._lines: dict[int, _Line] = {}

    def candidates(self, box: Box) -> Sequence[int]:
        """The numbers of all boxes that may share packets with ``box``, in order, and of some that don't."""
        size = len(self._boxes)
        if size <= _FEW:
            return range(size)
        best: list[list[int]] | None = None
        limit = size // 4
        for dimension in _DIMENSIONS:
            if box[dimension][1] - box[dimension][0] >= _EVERYWHERE:
                continue
            if dimension not in self._lines:
                self._lines[dimension] = _Line(self._boxes, dimension)
            found = self._lines[dimension].look(box, limit)
            if found is not None:
                best, limit = found, sum(map(len, found))
                if limit <= 1:
                    break
        if best is None:
            return range(size)
        return best[0] if len(best) == 1 else sorted({number for segment in best for number in segment})
