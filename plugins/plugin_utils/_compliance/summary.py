# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result for the screen: the verdict first, then what to mend, in lines that somebody tired can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from .control import SEVERITIES

_WIDTH = 96
_MOST = 12
_VERDICTS = {"pass": "PASSED", "fail": "NOT PASSED", "incomplete": "NOT COMPLETE"}
_STATES = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("error", "broke"),
    ("not_assessed", "not assessed"),
    ("warn", "worth a look"),
    ("waived", "waived"),
    ("manual", "for people"),
    ("not_applicable", "not applicable"),
)


def summary_lines(result: Mapping[str, Any]) -> list[str]:
    """Lines of at most 96 characters from a result document; only names of hosts may make one longer."""
    states = result["summary"]["by_state"]
    counts = ", ".join(f"{states[state]} {words}" for state, words in _STATES if states[state])
    lines = [f"{_VERDICTS[result['summary']['verdict']]}: {result['site']}", f"  Checks: {counts}.", *_coverage(result)]
    lines += _zones(result["reachability"]["cells"])
    failed = [finding for finding in result["findings"] if finding["state"] == "fail"]
    if failed:
        lines += ["", "To mend, the greatest risk first:", *_grouped(failed, "severity")]
    unknown = [finding for finding in result["findings"] if finding["state"] in ("error", "not_assessed")]
    if unknown:
        lines += ["", "Not judged, so nothing is claimed:", *_grouped(unknown, "state")]
    odd = [finding for finding in result["findings"] if finding["state"] == "warn"]
    if odd:
        lines += ["", "Worth a look:", *_grouped(odd, "state")]
    bad = [waiver for waiver in result["waivers"] if waiver["state"] != "active"]
    if bad:
        lines += ["", "Waivers that waive nothing:"]
        lines += [line for waiver in bad for line in _item(f"{waiver['control'] or 'no control'}: {waiver['problem']}")]
    return lines


def _coverage(result: Mapping[str, Any]) -> list[str]:
    coverage = result["coverage"]
    seen = (
        ("on_host", "judged on the host"),
        ("from_network", "from the network"),
        ("only_declared", "only declared"),
        ("not_seen", "not seen"),
    )
    parts = ", ".join(f"{len(coverage[key])} {words}" for key, words in seen if coverage[key])
    lines = [f"  Devices: of {coverage['declared']} declared, {parts or 'none judged'}."]
    away = [host for host in result["hosts"] if host["reached"] != "ok"]
    for host in away[:_MOST]:
        lines += _item(f"{host['name']} wasn't read: {host['reason'] or host['reached']}", "    ")
    return [*lines, *([f"    and {len(away) - _MOST} more hosts"] if len(away) > _MOST else [])]


def _zones(cells: list[Mapping[str, Any]]) -> list[str]:
    numbers: dict[str, int] = defaultdict(int)
    for cell in cells:
        numbers[cell["state"]] += 1
    parts = ", ".join(f"{number} {state}" for state, number in sorted(numbers.items(), key=lambda item: -item[1]))
    return [f"  Ways from zone to zone: {parts}."] if parts else []


def _grouped(findings: list[Mapping[str, Any]], by: str) -> list[str]:
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for finding in findings:
        groups[finding[by], finding["control"], finding["title"]].append(finding["subject"])
    order = sorted(groups.items(), key=lambda item: (_rank(item[0][0]), item[0][1]))
    lines = []
    for (word, control, title), subjects in order:
        named = ", ".join(subjects[:5]) + (f" and {len(subjects) - 5} more" if len(subjects) > 5 else "")
        shown = word.replace("_", " ") if by == "severity" else ""
        lines += _item(f"{shown + ' ' if shown else ''}{control} {title} ({named})")
    return lines


def _rank(word: str) -> int:
    return next((place for place, severity in enumerate(SEVERITIES) if severity == word), len(SEVERITIES))


def _item(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, _WIDTH, initial_indent=f"{indent}- ", subsequent_indent=f"{indent}  ", break_long_words=False)
