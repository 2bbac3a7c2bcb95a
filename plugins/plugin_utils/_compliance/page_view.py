# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the result document to what the report page shows: sorted, grouped and put into words, not yet markup.

Nothing is judged here. What the document doesn't say is shown as not said; nothing of it is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import page_words as words
from .page_findings import Group, Step, Waiver, first_steps, folded_groups, open_groups, waiver
from .page_matrix import Cell, Row, deviations, matrix, matrix_sentence
from .page_seen import SeenPart, seen_part, seen_words
from .page_time import readable_time
from .page_words import Word

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Device:
    name: str
    zone: str
    managed: bool
    how: Word
    reason: str


@dataclass(frozen=True)
class Spared:
    """A device without antivirus. ``controls`` are sentences on what was seen instead, by state."""

    name: str
    forbidden_by: tuple[str, ...]
    instead: tuple[str, ...]
    controls: tuple[tuple[Word, str], ...]


@dataclass(frozen=True)
class Coverage:
    sentence: str
    counts: tuple[tuple[Word, int], ...]
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class Host:
    """One host: ``controls`` are the ids by state, ``parts`` the parts of its evidence by what became of them."""

    name: str
    reached: Word
    reason: str
    tone: str
    controls: tuple[tuple[Word, tuple[str, ...]], ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Page:
    """Everything the templates read; plain text throughout, escaped only where it is rendered."""

    site: str
    generated: str
    tool: str
    schema: str
    verdict: Word
    sentence: str
    remarks: tuple[str, ...]
    tally: tuple[tuple[Word, int], ...]
    coverage: Coverage
    spared: tuple[Spared, ...]
    limits: tuple[str, ...]
    zones: tuple[str, ...]
    matrix: tuple[Row, ...]
    matrix_sentence: str
    matrix_words: tuple[Word, ...]
    deviations: tuple[tuple[Word, tuple[Cell, ...]], ...]
    declared: tuple[Cell, ...]
    seen: tuple[SeenPart, ...]
    seen_words: tuple[Word, ...]
    state_words: tuple[Word, ...]
    steps: tuple[Step, ...]
    groups: tuple[Group, ...]
    folded: tuple[Group, ...]
    hosts: tuple[Host, ...]
    waivers: tuple[Waiver, ...]


def page_of(result: Document) -> Page:
    """The page of a result document (``pacs-hardening-report/1``). Raises KeyError where a required part is missing."""
    findings: Sequence[Document] = result["findings"]
    zones = tuple(str(zone) for zone in result["reachability"]["zones"])
    rows = matrix(zones, result["reachability"]["cells"])
    cells = [cell for row in rows for cell in row.cells]
    generated = str(result["generated_at"])
    tally = _tally(findings)
    seen = tuple(seen_part(firewall) for firewall in result["seen"])
    return Page(
        site=str(result["site"]),
        generated=readable_time(generated),
        tool=f"{result['tool']['name']} {result['tool']['version']}",
        schema=str(result["schema"]),
        verdict=words.VERDICTS.get(result["summary"]["verdict"], words.UNKNOWN),
        sentence=_sentence(findings),
        remarks=tuple(_remarks(findings, cells, result)),
        tally=tally,
        coverage=_coverage(result["coverage"]),
        spared=tuple(_spared(device) for device in result["without_antivirus"]),
        limits=tuple(str(sentence) for sentence in result["limits"]),
        zones=zones,
        matrix=rows,
        matrix_sentence=matrix_sentence(cells),
        matrix_words=tuple(dict.fromkeys(cell.word for cell in cells)),
        deviations=deviations(cells),
        declared=tuple(cell for cell in cells if cell.word == words.OPEN_AS_DECLARED),
        seen=seen,
        seen_words=seen_words(seen),
        state_words=tuple(word for word, _number in tally),
        steps=first_steps(findings),
        groups=open_groups(findings, generated),
        folded=folded_groups(findings, generated),
        hosts=tuple(_host(host) for host in result["hosts"]),
        waivers=tuple(waiver(item, generated) for item in result["waivers"]),
    )


def plural(number: int, one: str, many: str = "") -> str:
    """``3 checks``, ``1 check``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _tally(findings: Iterable[Document]) -> tuple[tuple[Word, int], ...]:
    numbers: dict[Word, int] = defaultdict(int)
    for finding in findings:
        numbers[words.STATES.get(finding["state"], words.UNKNOWN)] += 1
    order = (*words.STATES.values(), words.UNKNOWN)
    return tuple((word, numbers[word]) for word in order if numbers[word])


def _sentence(findings: Sequence[Document]) -> str:
    judged = [finding for finding in findings if finding["state"] != "not_applicable"]
    failed = [finding for finding in judged if finding["state"] == "fail"]
    if failed:
        worst = next((level for level in words.SEVERITIES if any(f["severity"] == level for f in failed)), "")
        number = sum(finding["severity"] == worst for finding in failed)
        risks = f", {number} of them of {worst} risk" if worst else ""
        return f"{len(failed)} of {plural(len(judged), 'check')} failed{risks}."
    passed = sum(finding["state"] == "pass" for finding in judged)
    if judged and passed == len(judged):
        return f"all {plural(passed, 'check')} passed."
    return f"nothing failed, but only {passed} of {plural(len(judged), 'check')} passed."


def _remarks(findings: Sequence[Document], cells: Sequence[Cell], result: Document) -> Iterable[str]:
    open_pairs = sum(cell.state in ("not enforced", "too open") for cell in cells)
    if open_pairs:
        yield f"Between {open_pairs} of {plural(_pairs(cells), 'pair')} of zones, traffic passes that nobody declared."
    shut = sum(cell.state == "too shut" for cell in cells)
    if shut:
        yield f"Between {plural(shut, 'pair')} of zones, declared connections are blocked: work may stop."
    unknown = sum(finding["state"] in ("error", "not_assessed") for finding in findings)
    if unknown:
        them = "it" if unknown == 1 else "them"
        yield f"{plural(unknown, 'check')} couldn't be judged. Nothing is claimed about {them}."
    unusable = sum(item.get("state") != "active" for item in result["waivers"])
    if unusable:
        yield f"{plural(unusable, 'waiver is', 'waivers are')} expired or unusable."
    unseen = len(result["coverage"]["not_seen"])
    if unseen:
        yield f"{unseen} of {plural(result['coverage']['declared'], 'declared device')} couldn't be reached."


def _pairs(cells: Sequence[Cell]) -> int:
    return sum(cell.source != cell.destination for cell in cells)


def _coverage(coverage: Document) -> Coverage:
    counts = tuple((word, len(coverage[name])) for name, word in words.COVERAGE.items())
    order = {word: place for place, word in enumerate(reversed(list(words.COVERAGE.values())))}
    devices = (
        Device(
            name=str(device["name"]),
            zone=str(device["zone"]),
            managed=bool(device["managed"]),
            how=words.COVERAGE.get(device["how"], words.UNKNOWN),
            reason=str(device.get("reason") or ""),
        )
        for device in coverage["devices"]
    )
    listed = ", ".join(f"{number} {word.word}" for word, number in counts)
    return Coverage(
        sentence=f"Of {plural(coverage['declared'], 'declared device')}: {listed}.",
        counts=counts,
        devices=tuple(sorted(devices, key=lambda device: (order.get(device.how, -1), device.name))),
    )


def _spared(device: Document) -> Spared:
    return Spared(
        name=str(device["name"]),
        forbidden_by=tuple(str(answer) for answer in device["forbidden_by"]),
        instead=tuple(str(answer) for answer in device["instead"]),
        controls=tuple(
            (
                words.STATES.get(one["state"], words.UNKNOWN),
                f"{one['control']} {one['title']}"
                + ("" if one["subject"] == device["name"] else f" ({one['subject']})"),
            )
            for one in device["controls"]
        ),
    )


def _host(host: Document) -> Host:
    controls: dict[str, list[str]] = defaultdict(list)
    for finding in host["findings"]:
        controls[finding["state"]].append(str(finding["control"]))
    parts: dict[str, list[str]] = defaultdict(list)
    for name, status in host["parts"].items():
        parts[str(status)].append(str(name))
    reached = words.REACHED.get(host["reached"], words.UNKNOWN)
    by_state = tuple(
        (words.STATES.get(state, words.UNKNOWN), tuple(sorted(set(controls[state]))))
        for state in sorted(controls, key=_state_place)
    )
    worst = by_state[0][0].key if by_state else "quiet"
    return Host(
        name=str(host["name"]),
        reached=reached,
        reason=str(host.get("reason") or ""),
        tone=reached.key if reached.key != "good" else worst,
        controls=by_state,
        parts=tuple((_PARTS.get(status, status), tuple(sorted(parts[status]))) for status in sorted(parts)),
    )


_PARTS = {"ok": "Read", "absent": "Not on this host", "error": "Couldn't be read"}


def _state_place(state: str) -> int:
    order = list(words.STATES)
    return order.index(state) if state in order else len(order)
