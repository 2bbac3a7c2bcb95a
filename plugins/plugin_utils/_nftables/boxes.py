# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes of packets: a source range, a destination range, and a port range each. Made disjoint, because nftables refuses
overlapping elements in an interval set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """New connections of one IP version and protocol; every range includes both its ends."""

    protocol: str
    source: _Span
    destination: _Span
    ports: _Span
    note: str

    @property
    def is_point(self) -> bool:
        """True where the box is one source, one destination and one port."""
        return all(first == last for first, last in (self.source, self.destination, self.ports))


def disjoint(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that cover the same packets and share none, in a stable order.

    Sweeps along the destination, so the cost grows with the number of boxes that overlap there, not with all of them.
    """
    result: list[Box] = []
    active: list[Box] = []
    for box in sorted(set(boxes), key=lambda item: (item.destination[0], -item.destination[1], item)):
        active = [other for other in active if other.destination[1] >= box.destination[0]]
        pieces = [box]
        for other in active:
            pieces = [rest for piece in pieces for rest in _subtract(piece, other)]
            if not pieces:
                break
        active.extend(pieces)
        result.extend(pieces)
    return sorted(result)


def _subtract(box: Box, other: Box) -> Iterator[Box]:
    """What of ``box`` lies outside ``other``: at most six boxes."""
    if (
        box.protocol != other.protocol
        or _apart(box.source, other.source)
        or _apart(box.destination, other.destination)
        or _apart(box.ports, other.ports)
    ):
        yield box
        return
    for span in _around(box.source, other.source):
        yield replace(box, source=span)
    box = replace(box, source=_common(box.source, other.source))
    for span in _around(box.destination, other.destination):
        yield replace(box, destination=span)
    box = replace(box, destination=_common(box.destination, other.destination))
    for span in _around(box.ports, other.ports):
        yield replace(box, ports=span)


def _apart(one: _Span, other: _Span) -> bool:
    return one[1] < other[0] or other[1] < one[0]


def _common(one: _Span, other: _Span) -> _Span:
    return max(one[0], other[0]), min(one[1], other[1])


def _around(one: _Span, other: _Span) -> Iterator[_Span]:
    """What of one span lies before and behind another that overlaps it."""
    if one[0] < other[0]:
        yield one[0], other[0] - 1
    if one[1] > other[1]:
        yield other[1] + 1, one[1]
