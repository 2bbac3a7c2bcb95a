"""What isn't declared fails, with real connections in IPv4 and IPv6; what is declared works."""

from __future__ import annotations

import pytest

from lab import probes
from lab.probes import Result

# Done by name, so that a row that disappears from the matrix is missed.
DEMANDED = {
    ("ris1", "pacs1", 22),
    ("ris1", "pacs1", 8042),
    ("ct1", "his1", 2575),
    ("his1", "pacs1", 11112),
    ("outsider", "pacs1", 11112),
    ("outsider", "edge", 22),
    ("outsider", "core", 22),
    ("ws1", "ct1", 11112),
}


@pytest.fixture(scope="module")
def results() -> tuple[Result, ...]:
    return probes.run()


def test_everything_demanded_is_tried_in_both_families() -> None:
    tried = {(p.source, p.target, p.port, p.family) for p in probes.matrix() if p.expected == "shut"}
    assert {(*row, family) for row in DEMANDED for family in (4, 6)} <= tried


def test_what_is_not_declared_is_shut(results: tuple[Result, ...], open_before: frozenset[str]) -> None:
    shut = [result for result in results if result.probe.expected == "shut"]
    assert {str(result.probe) for result in shut} <= open_before, "each was open before: the control of its refusal"
    assert [str(result.probe) for result in shut if result.outcome == "open"] == []


def test_the_listeners_behind_the_refusals_are_still_alive(results: tuple[Result, ...]) -> None:
    shut = [result.probe for result in results if result.probe.expected == "shut"]
    controls = probes.run(probes.controls(shut))
    assert [str(result.probe) for result in controls if result.outcome != "open"] == []


def test_what_is_declared_is_open(results: tuple[Result, ...]) -> None:
    wrong = [(str(r.probe), r.outcome, r.detail) for r in results if r.probe.expected == "open" and r.outcome != "open"]
    assert wrong == []
