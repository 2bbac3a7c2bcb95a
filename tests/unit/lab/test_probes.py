"""The reachability matrix: complete, and each row meaningful."""

from __future__ import annotations

import pytest

from lab import probes
from lab.errors import LabError
from lab.probes import Outcome, Probe, Result
from lab.topology import topology

LAB = topology()


def rows(source: str, target: str) -> set[tuple[int, int]]:
    """(port, family) of the rows that must be shut."""
    return {
        (probe.port, probe.family)
        for probe in probes.matrix()
        if (probe.source, probe.target, probe.expected) == (source, target, "shut")
    }


@pytest.mark.parametrize(
    ("source", "target", "ports"),
    [
        ("ris1", "pacs1", {22, 8042}),
        ("ct1", "his1", {22, 2575}),
        ("his1", "pacs1", {22, 8042, 11112}),
        ("ws1", "ct1", {22, 11112}),
        ("outsider", "edge", {22}),
        ("outsider", "core", {22}),
        *(("outsider", name, set(LAB.node(name).ports)) for name in ("ops1", "ct1", "pacs1", "ris1", "his1", "ws1")),
    ],
)
def test_what_is_not_declared_is_tried_in_both_families(source: str, target: str, ports: set[int]) -> None:
    assert rows(source, target) == {(port, family) for port in ports for family in (4, 6)}


def test_no_row_is_expected_both_ways() -> None:
    seen: dict[tuple[str, str, int], str] = {}
    for probe in probes.matrix():
        assert seen.setdefault((probe.source, probe.address, probe.port), probe.expected) == probe.expected


def test_a_port_without_a_listener_is_refused() -> None:
    with pytest.raises(LabError, match="nothing listens on his1 port 104"):
        probes.parse({"open": [], "shut": [{"from": "ct1", "to": "his1", "ports": [104], "why": "-"}]}, LAB)


def test_controls_ask_the_same_listener_from_its_own_node() -> None:
    shut = [probe for probe in probes.matrix() if probe.expected == "shut"]
    controls = probes.controls(shut)
    assert {(item.address, item.port, item.family) for item in controls} == {
        (item.address, item.port, item.family) for item in shut
    }
    assert all(item.source == item.target for item in controls)


@pytest.mark.parametrize(
    ("outcome", "when_open", "when_shut"),
    [
        ("open", True, False),
        ("refused", False, True),
        ("timeout", False, True),
        ("unreachable", False, True),
        ("error", False, False),
    ],
)
def test_an_error_is_never_as_expected(outcome: Outcome, when_open: bool, when_shut: bool) -> None:
    by_expectation = {probe.expected: probe for probe in probes.matrix()}

    def verdict(probe: Probe) -> bool:
        return Result(probe, outcome, "", 0.0).as_expected

    assert (verdict(by_expectation["open"]), verdict(by_expectation["shut"])) == (when_open, when_shut)
