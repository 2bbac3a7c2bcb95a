"""The algebra of boxes, and the index, do what they say for anything."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.index import BoxIndex
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.packets import (
    DESTINATION,
    PORT,
    SOURCE,
    Box,
    Span,
    common,
    complement,
    covers,
    everything,
    narrow,
    outside,
    without,
)

SPAN = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: (min(pair), max(pair)))
WHOLE = everything(4, (1, 3), (1, 3))
FREE = (SOURCE, DESTINATION, PORT)


@st.composite
def a_box(draw: st.DrawFn) -> Box:
    """A box in a small corner of three dimensions."""
    box = narrow(WHOLE, FREE, [draw(SPAN) for _dimension in FREE])
    assert box is not None
    return box


def points(box: Box) -> set[tuple[int, ...]]:
    """Every packet of a small box, by its free dimensions."""
    one, two, three = (range(box[dimension][0], box[dimension][1] + 1) for dimension in FREE)
    return {(x, y, z) for x in one for y in two for z in three}


@given(a_box(), a_box())
def test_a_box_is_what_it_shares_and_the_rest(box: Box, second: Box) -> None:
    shared = common(box, second)
    assert (points(shared) if shared else set()) == points(box) & points(second)
    assert covers(second, box) == (points(box) <= points(second))
    pieces = [*outside(box, shared), shared] if shared else [box]
    assert set().union(*map(points, pieces)) == points(box)
    assert all(not points(one) & points(two) for one, two in combinations(pieces, 2))


@given(st.lists(a_box(), max_size=3), st.lists(a_box(), max_size=3))
def test_without_leaves_the_rest(boxes: list[Box], removed: list[Box]) -> None:
    rest: set[tuple[int, ...]] = set().union(*map(points, boxes))
    gone: set[tuple[int, ...]] = set().union(*map(points, removed))
    assert set().union(*map(points, without(boxes, removed))) == rest - gone


@given(st.lists(SPAN, max_size=4))
def test_complement(spans: list[Span]) -> None:
    inside = {number for first, last in spans for number in range(first, last + 1)}
    found = [number for first, last in complement(spans, (0, 9)) for number in range(first, last + 1)]
    assert found == sorted(set(range(10)) - inside)


@given(st.lists(a_box(), min_size=30, max_size=60), a_box())
def test_the_index_misses_nothing(boxes: list[Box], box: Box) -> None:
    found = list(BoxIndex(boxes).candidates(box))
    assert found == sorted(found)
    assert {number for number, other in enumerate(boxes) if common(box, other)} <= set(found)
