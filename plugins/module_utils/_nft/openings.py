# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of openings that were made at the host's console with C(pacs-firewall open). Private, pure.

One JSON object a line, written by the host tool: I(what) is C(opened), C(closed) (by a person, or a restart) or
C(failed); an opening without a C(closed) after it ended by itself at I(until). Times are the host's wall clock, in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

_WHAT = ("opened", "closed", "failed")


@dataclass(frozen=True)
class OpeningRecord:
    """One line of the record: who did I(what), when and why."""

    at: str
    what: str
    until: str
    by: str
    reason: str


def parse_openings(text: str) -> list[OpeningRecord]:
    """The records, oldest first. A line that was cut short, by a power cut or a full disk, is left out."""
    found = []
    for line in text.splitlines():
        try:
            raw = json.loads(line)
            record = OpeningRecord(**raw)
        except (ValueError, TypeError, RecursionError):
            continue
        if record.what in _WHAT and all(isinstance(value, str) for value in raw.values()):
            found.append(record)
    return found


def last_opening(records: Sequence[OpeningRecord]) -> OpeningRecord | None:
    """The opening that the newest record tells of, None if that was closed, or failed."""
    return records[-1] if records and records[-1].what == "opened" else None
