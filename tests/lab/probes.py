"""Tries the reachability matrix of probes.yml with real connections, from inside the nodes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from lab import nodes
from lab.errors import LabError
from lab.topology import Family, Node, Topology, topology

Expectation = Literal["open", "shut"]
Outcome = Literal["open", "refused", "timeout", "unreachable", "error"]

MATRIX_FILE = Path(__file__).with_name("probes.yml")
FAMILIES: tuple[Family, ...] = (4, 6)
# Outcomes that prove a path shut, where the positive control has answered. An error proves nothing.
SHUT: frozenset[Outcome] = frozenset({"refused", "timeout", "unreachable"})


@dataclass(frozen=True)
class Probe:
    """One connection to try. ``expected``: what must come of it once the site is hardened."""

    source: str
    target: str
    address: str
    port: int
    family: Family
    application: str
    called: str
    expected: Expectation
    why: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}:{self.port} ({self.application}, IPv{self.family})"


@dataclass(frozen=True)
class Result:
    """What came of a probe. ``seconds`` is how long the attempt took."""

    probe: Probe
    outcome: Outcome
    detail: str
    seconds: float

    @property
    def is_open(self) -> bool:
        return self.outcome == "open"

    @property
    def as_expected(self) -> bool:
        """True if a hardened site must give this outcome. An error is never as expected."""
        return self.is_open if self.probe.expected == "open" else self.outcome in SHUT


@cache
def matrix() -> tuple[Probe, ...]:
    """All rows of probes.yml, each in both families."""
    return parse(yaml.safe_load(MATRIX_FILE.read_text(encoding="utf-8")), topology())


def parse(document: Mapping[str, Sequence[Mapping[str, Any]]], lab: Topology) -> tuple[Probe, ...]:
    """Turn the YAML document into probes. Raises LabError for an unknown node, leg or port."""
    expectations: tuple[Expectation, ...] = ("open", "shut")
    return tuple(
        make(lab, lab.node(row["from"]), lab.node(row["to"]), port, family, expected, row["why"], row.get("leg"))
        for expected in expectations
        for row in document[expected]
        for port in row["ports"]
        for family in FAMILIES
    )


def make(
    lab: Topology,
    source: Node,
    target: Node,
    port: int,
    family: Family,
    expected: Expectation,
    why: str,
    interface: str | None = None,
) -> Probe:
    """A probe towards a node's first leg, or the one named. Raises LabError when the target has no such leg or port."""
    if port not in target.ports:
        raise LabError(f"probes.yml: nothing listens on {target.name} port {port}: a probe of it would prove nothing")
    legs = [leg for leg in target.legs if interface in (None, leg.interface)]
    if not legs:
        raise LabError(f"probes.yml: {target.name} has no leg {interface}")
    return Probe(
        source.name,
        target.name,
        str(legs[0].address(family)),
        port,
        family,
        target.ports[port],
        target.ae_title or "",
        expected,
        why,
    )


def run(probes: Iterable[Probe] | None = None) -> tuple[Result, ...]:
    """Try the probes (default: the whole matrix), all nodes at the same time; results in the order of the probes.

    Raises LabError when a node could not be asked at all.
    """
    wanted = matrix() if probes is None else tuple(probes)
    sources = sorted({probe.source for probe in wanted})
    answers = nodes.in_parallel(
        lambda source: _ask(source, [probe for probe in wanted if probe.source == source]), sources, 8
    )
    by_probe = {result.probe: result for batch in answers for result in batch}
    return tuple(by_probe[probe] for probe in wanted)


def controls(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    """Positive controls for what is found shut: the same listener, asked by its own node over the same address, port
    and family.
    """
    seen: dict[tuple[str, int], Probe] = {}
    for probe in probes:
        seen.setdefault(
            (probe.address, probe.port),
            Probe(
                source=probe.target,
                target=probe.target,
                address=probe.address,
                port=probe.port,
                family=probe.family,
                application=probe.application,
                called=probe.called,
                expected="open",
                why="the listener itself works",
            ),
        )
    return tuple(seen.values())


def _ask(source: str, probes: Sequence[Probe]) -> list[Result]:
    request = [
        {"host": item.address, "port": item.port, "application": item.application, "called": item.called}
        for item in probes
    ]
    done = nodes.guest(source, "probe_runner", input=json.dumps(request), timeout=30 + 3 * len(probes))
    if done.returncode != 0:
        raise LabError(f"the probes of {source} could not run: {done.stderr.strip()[-500:]}")
    rows = json.loads(done.stdout)
    return [
        Result(probe, row["outcome"], row["detail"], row["seconds"]) for probe, row in zip(probes, rows, strict=True)
    ]
