# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as people read them. The clock is never asked: everything is told from the report's own time."""

from __future__ import annotations

from datetime import UTC, datetime

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def readable_time(text: str) -> str:
    """``2026-11-23T08:12:05Z`` as ``23 November 2026, 08:12 UTC``, a date alone as a date, other text as it is."""
    moment = _moment(text)
    if moment is None:
        return text
    day = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return day if len(text) == len("2026-11-23") else f"{day}, {moment:%H:%M} UTC"


def remaining(until: str, now: str) -> str:
    """``22 days left``, ``expired 146 days ago``; empty if either isn't a time."""
    end, start = _moment(until), _moment(now)
    if end is None or start is None:
        return ""
    days = (end.date() - start.date()).days
    if days == 0:
        return "today"
    count = f"{abs(days)} {'day' if abs(days) == 1 else 'days'}"
    return f"{count} left" if days > 0 else f"{count} ago"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
