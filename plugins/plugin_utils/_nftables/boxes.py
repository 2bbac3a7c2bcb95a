# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes of packets: a source range, a destination range, and a port range each. Made disjoint, because nftables refuses
overlapping elements in an interval set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """New connections of one IP version and protocol; every range includes both its ends."""

    protocol: str
    source: tuple[int, int]
    destination: tuple[int, int]
    ports: tuple[int, int]
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
    for field in ("source", "destination", "ports"):
        first, last = getattr(box, field)
        low, high = getattr(other, field)
        if first < low:
            yield replace(box, **{field: (first, low - 1)})
        if last > high:
            yield replace(box, **{field: (high + 1, last)})
        box = replace(box, **{field: (max(first, low), min(last, high))})


def _apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] < other[0] or other[1] < one[0]
