# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and times in words that somebody tired can read."""

from __future__ import annotations

from datetime import datetime

_UNITS = ((86400, "day"), (3600, "h"), (60, "min"))
#: A unit is used from twice its length on: "90 min" says more than "1 h".
_FROM = 2


def times(count: int) -> str:
    """``once``, ``12 times``."""
    return "once" if count == 1 else f"{count} times"


def span(seconds: float) -> str:
    """``40 s``, ``3 min``, ``5 days``: rounded down, in one unit."""
    for length, unit in _UNITS:
        if seconds >= _FROM * length:
            number = int(seconds // length)
            return f"{number} {unit}s" if unit == "day" else f"{number} {unit}"
    return f"{max(0, int(seconds))} s"


def ago(seconds: float | None) -> str:
    """``3 min ago``; nothing where it isn't known."""
    return "" if seconds is None else f"{span(seconds)} ago"


def moment(when: datetime) -> str:
    """To the minute, in UTC."""
    return when.strftime("%Y-%m-%d %H:%M UTC")


def plural(count: int, noun: str) -> str:
    """``1 connection``, ``2 connections``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
