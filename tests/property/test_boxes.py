"""Making boxes disjoint keeps exactly their packets."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.boxes import Box, disjoint

span = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda pair: (min(pair), max(pair)))
boxes = st.lists(st.builds(Box, st.sampled_from(["tcp", "udp"]), span, span, span, st.just("")), max_size=8)


def packets(box: Box) -> set[tuple[str, int, int, int]]:
    """Every packet of a small box."""
    ranges = (range(first, last + 1) for first, last in (box.source, box.destination, box.ports))
    return {(box.protocol, source, destination, port) for source, destination, port in product(*ranges)}


@given(boxes)
def test_disjoint_boxes_cover_the_same_packets(given_boxes: list[Box]) -> None:
    result = disjoint(given_boxes)
    assert set().union(*map(packets, result)) == set().union(*map(packets, given_boxes))
    for one, other in combinations(result, 2):
        assert not packets(one) & packets(other)
