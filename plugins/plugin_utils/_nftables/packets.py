# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of packets as boxes: one range for everything that a rule can look at.

A box is a tuple of ranges, one a dimension, in the order of the constants below; each range includes both its ends.
Tuples and not a class: a proof of ten thousand flows makes a hundred thousand of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]
Box = tuple[Span, ...]

#: IP version; conntrack's state; interfaces by number (see interfaces.py); IP protocol; addresses; ports, or for ICMP
#: code and type; hop limit; 1 where an IPv6 packet has extension headers.
FAMILY, STATE, IN, OUT, PROTOCOL, SOURCE, DESTINATION, SOURCE_PORT, PORT, HOPS, EXTENSION = range(11)
DIMENSIONS = 11
CODE, TYPE = SOURCE_PORT, PORT

#: States of conntrack, in an order that keeps those of first packets together.
INVALID, UNTRACKED, NEW, ESTABLISHED, RELATED = range(5)
STATES = ("invalid", "untracked", "new", "established", "related")

ICMP, TCP, UDP, DCCP, ICMPV6, SCTP, UDPLITE = 1, 6, 17, 33, 58, 132, 136
#: Protocols whose header starts with a source and a destination port.
WITH_PORTS = (TCP, UDP, DCCP, SCTP, UDPLITE)
EVERY_PORT: Span = (0, 65535)
EVERY_PROTOCOL: Span = (0, 255)
EVERY_ADDRESS: dict[int, Span] = {4: (0, 2**32 - 1), 6: (0, 2**128 - 1)}
#: Headers between IPv6 and the transport: ``ip6 nexthdr`` sees the first of them, ``meta l4proto`` looks behind.
EXTENSION_HEADERS = (0, 43, 44, 51, 60, 135, 139, 140)


def everything(family: int, ways_in: Span, ways_out: Span) -> Box:
    """Every packet of an IP version that takes one of these ways."""
    address = EVERY_ADDRESS[family]
    return (
        (family, family),
        (INVALID, RELATED),
        ways_in,
        ways_out,
        EVERY_PROTOCOL,
        address,
        address,
        EVERY_PORT,
        EVERY_PORT,
        (0, 255),
        (0, 0) if family == 4 else (0, 1),
    )


def narrow(box: Box, dimensions: Sequence[int], spans: Sequence[Span]) -> Box | None:
    """What of a box lies within a span of each of some dimensions."""
    result = list(box)
    for dimension, span in zip(dimensions, spans, strict=True):
        low, high = span
        first, last = result[dimension]
        if low > last or high < first:
            return None
        if low >= first and high <= last:
            result[dimension] = span
        elif low > first:
            result[dimension] = (low, last)
        elif high < last:
            result[dimension] = (first, high)
    return tuple(result)


def common(one: Box, other: Box) -> Box | None:
    """The packets of both boxes."""
    result = []
    for span, (low, high) in zip(one, other, strict=True):
        first, last = span
        if low > last or high < first:
            return None
        if low > first:
            first = low
        if high < last:
            last = high
        result.append((first, last))
    return tuple(result)


def covers(box: Box, other: Box) -> bool:
    """True if every packet of ``other`` is in ``box``."""
    return all(low <= first and last <= high for (low, high), (first, last) in zip(box, other, strict=True))


def outside(box: Box, shared: Box) -> Iterator[Box]:
    """What of ``box`` lies outside ``shared``, a part of it: disjoint boxes, at most two a dimension."""
    for dimension, (low, high) in enumerate(shared):
        first, last = box[dimension]
        if first == low and last == high:
            continue
        if first < low:
            yield (*box[:dimension], (first, low - 1), *box[dimension + 1 :])
        if last > high:
            yield (*box[:dimension], (high + 1, last), *box[dimension + 1 :])
        box = (*box[:dimension], (low, high), *box[dimension + 1 :])


def without(boxes: Iterable[Box], removed: Iterable[Box]) -> list[Box]:
    """What of some boxes lies in none of others. For a few boxes: costs the product of both."""
    rest = list(boxes)
    for hole in removed:
        pieces: list[Box] = []
        for box in rest:
            shared = common(box, hole)
            if shared is None:
                pieces.append(box)
            else:
                pieces.extend(outside(box, shared))
        rest = pieces
    return rest


def complement(spans: Iterable[Span], whole: Span) -> list[Span]:
    """What of ``whole`` lies in none of the spans, which may overlap."""
    result = []
    first = whole[0]
    for low, high in sorted(spans):
        if low > first:
            result.append((first, min(low - 1, whole[1])))
        first = max(first, high + 1)
        if first > whole[1]:
            return result
    result.append((first, whole[1]))
    return result
