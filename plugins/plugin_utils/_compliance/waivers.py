# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: who accepts what, where, why and until when. One that can't be used is an error, and waives nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from .._site.faults import suggestion
from .._site.reader import Reader
from .judge import Judgement, State

WaiverState = Literal["active", "expired", "error"]
KEYS = ("control", "scope", "owner", "approver", "reason", "compensating_control", "created", "expires")
_WAIVABLE: tuple[State, ...] = ("fail", "warn")
_EVERYTHING = ("*", "all", "any")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver as it stands at the time of the report. ``problem`` says what is wrong with it, if anything is."""

    control: str
    scope: tuple[str, ...]
    owner: str
    approver: str
    reason: str
    compensating_control: str
    created: str
    expires: str
    state: WaiverState
    problem: str

    def covers(self, judgement: Judgement) -> bool:
        """Whether it accepts this failure."""
        return (
            self.state == "active"
            and self.control == judgement.control.id
            and judgement.facts.subject in self.scope
            and judgement.state in _WAIVABLE
        )

    def document(self) -> dict[str, Any]:
        """Plain data, with the scope as one text."""
        texts = {key: getattr(self, key) for key in KEYS if key != "scope"}
        return {**texts, "scope": ", ".join(self.scope), "state": self.state, "problem": self.problem}


def read_waivers(value: object, controls: Collection[str], subjects: Collection[str], now: str) -> tuple[Waiver, ...]:
    """Every entry of a list of waivers; ``now`` is UTC, ISO 8601. Never raises: what is wrong is said of each."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        return (_unusable({}, ("waivers is not a list. Write it as a list of waivers.",)),)
    return tuple(_read(item, controls, subjects, now) for item in value)


def apply_waivers(judgements: Iterable[Judgement], waivers: Iterable[Waiver]) -> list[tuple[Judgement, Waiver | None]]:
    """Each judgement with the waiver that accepts it; a waived one keeps what was observed."""
    usable = list(waivers)
    found: list[tuple[Judgement, Waiver | None]] = []
    for judgement in judgements:
        waiver = next((one for one in usable if one.covers(judgement)), None)
        found.append((replace(judgement, state="waived") if waiver else judgement, waiver))
    return found


def _read(item: object, controls: Collection[str], subjects: Collection[str], now: str) -> Waiver:
    reader = Reader()
    given = {key: _date_as_text(value) for key, value in item.items()} if isinstance(item, Mapping) else item
    fields = reader.fields(given, "waiver", KEYS)
    texts = {key: fields.text(key) for key in KEYS if key != "scope"}
    scope = fields.names("scope")
    if reader.faults or not isinstance(given, Mapping):
        said = tuple(str(fault).removeprefix("waiver: ").removeprefix("waiver.") for fault in reader.faults)
        return _unusable({**texts, "scope": scope}, said)
    problems = []
    if texts["control"] not in controls:
        hint = suggestion(texts["control"], controls, "Known controls")
        problems.append(f"no control is named '{texts['control']}'. {hint}")
    if not scope or any(name.lower() in _EVERYTHING for name in scope):
        problems.append("it has no scope. Name the devices, firewalls or the site for which it stands.")
    else:
        strange = [name for name in scope if name not in subjects]
        problems += [f"nothing is named '{name}'. {suggestion(name, subjects, 'Known')}" for name in strange]
    start, end, today = _day(texts["created"]), _day(texts["expires"]), _day(now)
    if start is None or end is None or today is None:
        problems.append("created and expires must be dates. Write them like 2026-11-23.")
    elif start > end:
        problems.append("it expires before it was created. Correct the dates.")
    elif start > today:
        problems.append("it was created in the future. Correct created.")
    if problems or end is None or today is None:
        return _unusable({**texts, "scope": scope}, tuple(problems))
    if end < today:
        return _waiver({**texts, "scope": scope}, "expired", "it has expired. Mend the failure, or decide again.")
    return _waiver({**texts, "scope": scope}, "active", "")


def _unusable(values: Mapping[str, Any], problems: tuple[str, ...]) -> Waiver:
    return _waiver(values, "error", " ".join(problems) or "it can't be read")


def _waiver(values: Mapping[str, Any], state: WaiverState, problem: str) -> Waiver:
    texts = {key: str(values.get(key, "")) for key in KEYS if key != "scope"}
    return Waiver(scope=tuple(values.get("scope", ())), state=state, problem=problem, **texts)


def _date_as_text(value: object) -> object:
    """YAML makes dates of what looks like one."""
    return value.isoformat() if isinstance(value, date) else value


def _day(text: str) -> date | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.tzinfo is None else moment.astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None
