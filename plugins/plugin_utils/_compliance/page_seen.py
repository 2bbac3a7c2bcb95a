# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewalls have seen, for the report page: a table for each, what matters most first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._observed.words import ago, plural, times
from . import page_words as words
from .page_time import readable_time
from .page_words import Word

_MODES = {
    "watch": "watches: undeclared connections pass, and are remembered",
    "enforce": "enforces: undeclared connections are refused, and are remembered",
}


@dataclass(frozen=True)
class Line:
    """A row of the table: ``word`` says what became of it."""

    word: Word
    source: str
    destination: str
    service: str
    often: str
    what: str


@dataclass(frozen=True)
class SeenPart:
    """One firewall. ``unused`` is a sentence about declared flows that nobody used, ``names`` are some of them."""

    firewall: str
    sentence: str
    lines: tuple[Line, ...]
    more: int
    doubts: tuple[str, ...]
    unused: str
    names: tuple[str, ...]


def seen_part(firewall: Mapping[str, Any]) -> SeenPart:
    """One entry of the part ``seen`` of a result in words."""
    declared = firewall["declared"]
    unused, every = declared["unused"], declared["used"] + declared["unused"]
    since = f" since {readable_time(str(firewall['since']))}" if firewall["since"] else ""
    return SeenPart(
        firewall=str(firewall["firewall"]),
        sentence=_sentence(firewall),
        lines=tuple(_line(row) for row in firewall["rows"]),
        more=int(firewall["more"]),
        doubts=tuple(str(doubt) for doubt in firewall["doubts"]),
        unused=f"{unused} of {plural(every, 'declared flow')} weren't used{since}" if unused else "",
        names=tuple(str(name) for name in declared["unused_names"]),
    )


def seen_words(parts: tuple[SeenPart, ...]) -> tuple[Word, ...]:
    """The words that the tables use, for the legend, in their order."""
    used = {line.word for part in parts for line in part.lines}
    return tuple(word for word in words.SEEN.values() if word in used)


def _sentence(firewall: Mapping[str, Any]) -> str:
    if firewall["reason"]:
        return f"nothing is known: {firewall['reason']}"
    said = _MODES.get(firewall["mode"], str(firewall["mode"]))
    return said if firewall["rows"] else f"{said}. It has none to tell of"


def _line(row: Mapping[str, Any]) -> Line:
    state, count, idle = str(row["state"]), int(row["count"]), row["idle"]
    often = plural(count, "connection") if state == "open" else times(count)
    last = f", last {ago(idle)}" if idle is not None and state != "open" else ""
    return Line(
        word=words.SEEN.get(f"{state} {row['weight']}", words.UNKNOWN),
        source=str(row["source"]),
        destination=str(row["destination"]),
        service=str(row["service"]),
        often=f"{often}{last}",
        what=str(row["what"]),
    )
