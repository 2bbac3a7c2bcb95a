# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of the report page: one card for a control, its subjects together, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import page_words as words
from .page_time import readable_time, remaining
from .page_words import Word

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Citation:
    text: str
    proposed: bool
    partial: bool


@dataclass(frozen=True)
class Waiver:
    control: str
    state: Word
    scope: str
    owner: str
    approver: str
    reason: str
    compensating_control: str
    created: str
    expires: str
    remaining: str
    problem: str


@dataclass(frozen=True)
class Seen:
    """What was seen on one subject, and how; ``observed`` is a text a thing seen."""

    subject: str
    observed: tuple[str, ...]
    expected: str
    how: str
    evidence: str


@dataclass(frozen=True)
class Card:
    """A control in one state, with every subject that is in it."""

    control: str
    title: str
    severity: str
    bars: str
    state: Word
    demand: str
    mend: str
    needs_mending: bool
    citations: tuple[Citation, ...]
    judgeable: str
    subjects: tuple[Seen, ...]
    waivers: tuple[Waiver, ...]

    @property
    def bare(self) -> bool:
        """Nothing was seen anywhere."""
        return not any(seen.observed for seen in self.subjects)


@dataclass(frozen=True)
class Group:
    title: str
    lead: str
    number: int
    findings: tuple[Card, ...]


@dataclass(frozen=True)
class Step:
    """One thing to do, and what it mends: ``3 failed checks, the worst of critical risk``."""

    mend: str
    why: str


_OPEN = (
    (("fail", "error"), "To mend", "What failed, and what broke while it was checked. The greatest risk comes first."),
    (("warn",), "Warnings", "Not failed, but worth your time."),
    (("not_assessed",), "Not assessed", "What is needed to judge these couldn't be seen. They don't count as passed."),
    (("waived",), "Waived", "These fail. Somebody has accepted that until a date."),
    (("manual",), "For people to show", "No tool can decide these. Keep the document, its owner and its date."),
)
_FOLDED = (("pass", "Passed"), ("not_applicable", "Not applicable"))
_UNSEEN = frozenset({"not_assessed", "not_applicable", "manual"})
_MENDABLE = frozenset({"fail", "error", "warn", "not_assessed", "waived", "manual"})


def open_groups(findings: Iterable[Document], now: str) -> tuple[Group, ...]:
    """What needs somebody's attention; a state that no group knows is shown as well."""
    found = list(findings)
    known = {state for states, _title, _lead in _OPEN for state in states} | {state for state, _title in _FOLDED}
    strange = tuple(dict.fromkeys(str(finding["state"]) for finding in found if finding["state"] not in known))
    wanted = [*_OPEN, (strange, "Unknown state", "This page has no word for what the result says here.")]
    groups = (_group(title, lead, found, set(states).__contains__, now) for states, title, lead in wanted)
    return tuple(group for group in groups if group.findings)


def folded_groups(findings: Iterable[Document], now: str) -> tuple[Group, ...]:
    """What needs nobody's attention."""
    found = list(findings)
    groups = (_group(title, "", found, state.__eq__, now) for state, title in _FOLDED)
    return tuple(group for group in groups if group.findings)


def first_steps(findings: Iterable[Document], most: int = 5) -> tuple[Step, ...]:
    """What mends the most at the greatest risk, said once for all that it mends; empty where that is little."""
    failed: dict[str, list[Document]] = {}
    for finding in findings:
        if finding["state"] == "fail" and finding["mend"]:
            failed.setdefault(str(finding["mend"]), []).append(finding)
    if len(failed) < 3:
        return ()
    by_risk = sorted(failed.items(), key=lambda item: (min(map(_severity, item[1])), -len(item[1]), item[0]))
    return tuple(Step(mend, _why(mended)) for mend, mended in by_risk[:most])


def _why(mended: list[Document]) -> str:
    worst = str(min(mended, key=_severity)["severity"])
    if len(mended) == 1:
        return f"{mended[0]['control']}, risk: {worst}"
    return f"{len(mended)} failed checks, the worst of {worst} risk"


def _severity(finding: Document) -> int:
    levels = words.SEVERITIES
    return levels.index(finding["severity"]) if finding["severity"] in levels else len(levels)


def waiver(item: Document, now: str) -> Waiver:
    """A waiver in words; ``now`` is the report's own time."""

    def text(name: str) -> str:
        value = item.get(name)
        return "" if value is None else str(value)

    return Waiver(
        control=text("control"),
        state=words.WAIVERS.get(text("state") or "active", words.UNKNOWN),
        scope=text("scope"),
        owner=text("owner"),
        approver=text("approver"),
        reason=text("reason"),
        compensating_control=text("compensating_control"),
        created=readable_time(text("created")),
        expires=readable_time(text("expires")),
        remaining=remaining(text("expires"), now),
        problem=text("problem"),
    )


def _group(title: str, lead: str, findings: list[Document], wanted: Callable[[str], bool], now: str) -> Group:
    chosen = [finding for finding in findings if wanted(finding["state"])]
    return Group(title, lead, len(chosen), tuple(_cards(chosen, now)))


def _cards(findings: list[Document], now: str) -> list[Card]:
    together: dict[tuple[object, ...], list[Document]] = {}
    for finding in findings:
        together.setdefault(_same(finding), []).append(finding)
    return sorted((_card(group, now) for group in together.values()), key=_place)


def _same(finding: Document) -> tuple[object, ...]:
    """Findings share a card where only the subject and what was seen there differ."""
    named = ("control", "state", "title", "severity", "demand", "mend", "judgeable")
    return (*(finding[name] for name in named), tuple(_citation(item) for item in finding["citations"]))


def _place(card: Card) -> tuple[int, int, str, str]:
    levels, states = words.SEVERITIES, list(words.STATES.values())
    severity = levels.index(card.severity) if card.severity in levels else len(levels)
    state = states.index(card.state) if card.state in states else len(states)
    return (severity, state, card.control, card.title)


def _card(findings: list[Document], now: str) -> Card:
    first = findings[0]
    waivers = (waiver(finding["waiver"], now) for finding in findings if finding["waiver"])
    return Card(
        control=str(first["control"]),
        title=str(first["title"]),
        severity=str(first["severity"]),
        bars=words.SEVERITY_BARS.get(first["severity"], ""),
        state=words.STATES.get(first["state"], words.UNKNOWN),
        demand=str(first["demand"]),
        mend=str(first["mend"] or ""),
        needs_mending=first["state"] in _MENDABLE,
        citations=tuple(_citation(item) for item in first["citations"]),
        judgeable=words.JUDGEABLE.get(first["judgeable"], ""),
        subjects=tuple(_seen(finding) for finding in findings),
        waivers=tuple(dict.fromkeys(waivers)),
    )


def _citation(item: Document) -> Citation:
    return Citation(str(item["text"]), item["status"] != "in-force", item["source"] != "read")


def _seen(finding: Document) -> Seen:
    return Seen(
        subject=str(finding["subject"]),
        observed=_texts(finding["observed"]),
        expected=_text(finding["expected"]),
        how="" if finding["state"] in _UNSEEN else words.HOW.get(finding["how"], str(finding["how"])),
        evidence=str(finding["evidence_sha256"] or ""),
    )


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(text for text in map(_text, items) if text)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "; ".join(_text(item) for item in value)
    return str(value)
