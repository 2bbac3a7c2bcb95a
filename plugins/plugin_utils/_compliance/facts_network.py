# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was tried over the network from one vantage point, held against what is declared.

A refusal and silence are told apart, and neither is believed without its positive control: silence counts as closed
only where the target is known to be there and listening, and where something else did answer this vantage point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .._gate.probe_plan import Plan, Planned
from .._gate.probe_results import ProbeResult
from .collected import HostRecord
from .facts_services import listens

Kind = Literal["as declared", "too open", "too shut", "unclear", "not asked", "no listener"]

_ANSWERS = ("open", "refused")
_SILENT = ("timeout", "unreachable")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one planned connection, and a sentence about it."""

    planned: Planned
    kind: Kind
    text: str


def compare(
    plan: Plan, results: Mapping[str, ProbeResult], hosts: Mapping[str, HostRecord]
) -> tuple[Tried, ...] | None:
    """Each planned connection with what became of it; None where nothing was tried from there at all.

    ``hosts`` are those of the site by their names in it.
    """
    if not results:
        return None
    answered = {
        planned.family
        for planned in plan.probes
        if (result := results.get(planned.id)) is not None and result.outcome in _ANSWERS
    }
    return tuple(_tried(planned, results.get(planned.id), hosts, planned.family in answered) for planned in plan.probes)


def _tried(planned: Planned, result: ProbeResult | None, hosts: Mapping[str, HostRecord], vantage_works: bool) -> Tried:
    what = f"from {planned.vantage} to {planned.target} ({planned.address}) tcp {planned.port}"
    if result is None:
        return Tried(planned, "unclear", f"{what}: it wasn't tried")
    outcome = result.outcome
    if outcome == "skipped":
        return Tried(planned, "not asked", f"{what}: {result.detail}")
    record = hosts.get(planned.target)
    there = _listening(record, planned)
    if outcome == "open":
        if planned.declared:
            return Tried(planned, "as declared", f"{what}: open, as declared")
        return Tried(planned, "too open", f"{what}: it is open, and nothing declares it")
    if outcome == "refused":
        if planned.declared and there is False:
            return Tried(planned, "no listener", f"{what}: refused, for nobody listens there")
        return Tried(planned, "unclear", f"{what}: refused, so whether the firewall let it through isn't known")
    if outcome in _SILENT:
        if record is not None and record.reached != "ok":
            return Tried(planned, "unclear", f"{what}: nothing came back, but {planned.target} may be down")
        if planned.declared:
            return Tried(planned, "too shut", f"{what}: it is declared, and nothing came back")
        if not vantage_works:
            return Tried(
                planned, "unclear", f"{what}: nothing came back, but nothing else answered {planned.vantage} either"
            )
        if there:
            return Tried(planned, "as declared", f"{what}: shut, as it isn't declared")
        return Tried(planned, "unclear", f"{what}: nothing came back, but nobody is known to listen there")
    return Tried(planned, "unclear", f"{what}: the attempt broke")


def _listening(record: HostRecord | None, planned: Planned) -> bool | None:
    """Whether the target is known to listen there; None where nobody looked at it."""
    part = record.part("sockets") if record else None
    if part is None or part.status != "ok":
        return None
    return listens(part.value, planned.family, planned.port)


def reach_facts(plan: Plan, tried: tuple[Tried, ...] | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``reach`` of a vantage point, and why there is none or it isn't known, by path below it."""
    if not plan.probes:
        return {"vantage": False}, {"": "the site declares nothing that could be tried from there"}
    if tried is None:
        return {"vantage": True}, {"": f"nothing was tried over the network from {plan.vantage}"}
    by_kind: dict[str, list[str]] = {}
    for one in tried:
        by_kind.setdefault(one.kind, []).append(one.text)
    wrong = [*by_kind.get("too open", ()), *by_kind.get("too shut", ())]
    unclear = by_kind.get("unclear", [])
    confirmed = len(by_kind.get("as declared", ()))
    said = [f"{confirmed} of {len(tried)} connections were found as declared"]
    spared = sorted({one.planned.target for one in tried if one.kind == "not asked"})
    if spared:
        said.append(f"{len(by_kind['not asked'])} not tried, by the probe rule of {', '.join(spared)}")
    if by_kind.get("no listener"):
        said.append(f"{len(by_kind['no listener'])} let be: nobody listens there")
    if plan.left_out:
        said.append(f"{plan.left_out} declared connections are beyond what is tried in one run")
    as_declared: bool | None = False if wrong else None if unclear or not confirmed else True
    facts = {"vantage": True, "as_declared": as_declared, "wrong": wrong, "said": [*wrong, *said]}
    reason = _some(unclear) if unclear else f"no connection that could be tried from {plan.vantage} says anything"
    return facts, ({} if as_declared is not None else {"as_declared": reason})


def _some(texts: list[str], most: int = 5) -> str:
    rest = len(texts) - most
    return "; ".join([*texts[:most], *([f"and {rest} more"] if rest > 0 else [])])
