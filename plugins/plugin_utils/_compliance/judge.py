# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges one control on one subject: from facts to a state, and never to an exception.

What a control needs is looked at before any expression is: what isn't known can't pass, and can't fail either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .control import Condition, Control
from .expressions import ask, known, texts
from .facts import Facts

State = Literal["pass", "fail", "warn", "waived", "manual", "not_applicable", "not_assessed", "error"]
#: The worst first.
STATES: tuple[State, ...] = ("fail", "error", "not_assessed", "warn", "manual", "waived", "pass", "not_applicable")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One control on one subject: its state, and what was seen or why nothing was."""

    control: Control
    facts: Facts
    state: State
    observed: tuple[str, ...]


def judge_all(controls: Iterable[Control], subjects: Iterable[Facts]) -> list[Judgement]:
    """Every control on every subject of its kind. A control whose kind has no subject says so once."""
    everybody = list(subjects)
    found = []
    for control in controls:
        mine = [facts for facts in everybody if facts.kind == control.subject]
        found += [judge(control, facts) for facts in mine]
        if not mine:
            found.append(_nobody(control))
    return found


def judge(control: Control, facts: Facts) -> Judgement:
    """One control on one subject."""
    state, observed = _state(control, facts)
    return Judgement(control, facts, state, observed)


def _nobody(control: Control) -> Judgement:
    nobody = Facts(control.subject, "nobody", {})
    return Judgement(control, nobody, "not_applicable", (f"the site declares no {control.subject}",))


def _state(control: Control, facts: Facts) -> tuple[State, tuple[str, ...]]:
    if control.judgeable == "manual":
        return "manual", ()
    if control.applies is not None:
        state, said = _answer(control.applies, facts)
        if state == "fail":
            reasons = (facts.reason(path) for path in control.applies.needs)
            return "not_applicable", tuple(dict.fromkeys(reason for reason in reasons if reason))
        if state != "pass":
            return state, said
    state, said = _answer(control.demanded, facts)
    if state == "pass" and control.warns is not None:
        looked, said = _answer(control.warns, facts)
        state = "warn" if looked == "pass" else "pass" if looked == "fail" else looked
    return state, said or texts(control.observed, facts.document)


def _answer(condition: Condition, facts: Facts) -> tuple[State, tuple[str, ...]]:
    missing = [path for path in condition.needs if not known(path, facts.document)]
    if missing or not condition.needs:
        return "not_assessed", tuple(dict.fromkeys(facts.why(path) for path in missing))
    answer = ask(condition.expression, facts.document)
    if answer.value is None:
        return "error", (answer.problem,)
    return ("pass" if answer.value else "fail"), ()
