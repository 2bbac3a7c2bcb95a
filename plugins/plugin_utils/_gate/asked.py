# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What vantage points answered before a change and after it, and what the difference says.

Only what worked before can show that a change broke something. What was broken before is told, and blamed on nobody;
a vantage point that couldn't be reached before shows nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...module_utils._evidence.parts import one_line
from .probe_results import ProbeResult, read_results

OPEN, SKIPPED = "open", "skipped"


@dataclass(frozen=True, slots=True)
class Asked:
    """One vantage point: whether it was reached (and why not), what was tried (texts by id), and what came of it."""

    vantage: str
    reached: bool
    reason: str
    texts: Mapping[str, str]
    results: Mapping[str, ProbeResult]
    left_out: int = 0

    def works(self, probe: str) -> bool:
        """Whether that connection was made, and answered."""
        result = self.results.get(probe)
        return result is not None and result.outcome == OPEN

    def detail(self, probe: str) -> str:
        """What happened instead."""
        result = self.results.get(probe)
        return result.detail if result else "nothing is known about it"


@dataclass(frozen=True, slots=True)
class Compared:
    """Sentences, each about one connection or vantage point. ``lost`` and ``cut`` speak against the change."""

    lost: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    working: int = 0
    mended: tuple[str, ...] = ()
    broken_before: tuple[str, ...] = ()
    unasked: tuple[str, ...] = field(default=())


def read_asked(value: object) -> tuple[Asked, ...]:
    """The vantage points from the results of the action clinical_gate_probe; whatever isn't one is left out."""
    items = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else ()
    return tuple(_asked(item) for item in items if isinstance(item, Mapping) and isinstance(item.get("vantage"), str))


def _asked(item: Mapping[str, object]) -> Asked:
    probes, left_out = item.get("probes"), item.get("left_out")
    texts = {
        str(probe["id"]): one_line(str(probe.get("text", probe["id"])))
        for probe in (probes if isinstance(probes, Sequence) else ())
        if isinstance(probe, Mapping) and "id" in probe
    }
    return Asked(
        one_line(str(item["vantage"])),
        item.get("reached") is True,
        one_line(str(item.get("reason") or "")),
        texts,
        read_results(item.get("results")),
        left_out if isinstance(left_out, int) else 0,
    )


def worth_repeating(before: Mapping[str, ProbeResult]) -> set[str]:
    """Ids of the probes to repeat after the change. A peer that took the connection and then hung is left in peace,
    and what wasn't asked before would show nothing.
    """
    return {name for name, result in before.items() if not result.hung and result.outcome != SKIPPED}


def lost_ids(before: Mapping[str, ProbeResult], after: Mapping[str, ProbeResult]) -> set[str]:
    """Ids of the probes that worked before and don't any more."""
    return {
        name
        for name, result in before.items()
        if result.outcome == OPEN and (name not in after or after[name].outcome != OPEN)
    }


def compare(before: Iterable[Asked], after: Iterable[Asked]) -> Compared:
    """Hold what works after the change against what worked before it."""
    later = {asked.vantage: asked for asked in after}
    lost, cut, mended, broken, unasked = [], [], [], [], []
    working = 0
    for asked in before:
        now = later.get(asked.vantage)
        if not asked.reached:
            unasked.append(f"nothing was tried from {asked.vantage}, which can't be reached: {asked.reason}")
            continue
        if asked.left_out:
            unasked.append(f"{asked.left_out} declared connections from {asked.vantage} are beyond what is tried")
        if now is None or not now.reached:
            reason = now.reason if now else "nothing is known about it"
            cut.append(f"{asked.vantage} could be reached before the change, and can't be any more: {reason}")
            continue
        gone = lost_ids(asked.results, now.results)
        for name, text in asked.texts.items():
            if name in gone:
                lost.append(f"{text} worked before the change, and doesn't any more: {now.detail(name)}")
            elif asked.works(name):
                working += 1
            elif now.works(name):
                mended.append(f"{text} works now; before the change it didn't ({asked.detail(name)})")
            else:
                broken.append(f"{text} doesn't work, and didn't before the change either ({asked.detail(name)})")
    return Compared(tuple(lost), tuple(cut), working, tuple(mended), tuple(broken), tuple(unasked))
