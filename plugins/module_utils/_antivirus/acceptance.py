# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a scanner slows a device more than was agreed, and what is kept of that. Private, pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "pacs-hardening-antivirus-acceptance/1"
RECORD = "/var/lib/pacs-hardening/antivirus/acceptance.json"
#: While this file is there, the scanner on access doesn't start: its unit asks for it.
RETREAT = "/var/lib/pacs-hardening/antivirus/scan-only"
RATES = ("write", "open", "read", "images")

Round = Mapping[str, Any]


def place_document(directory: str, without: Sequence[Round], with_it: Sequence[Round]) -> dict[str, Any]:
    """What was measured in one directory, in rounds with the scanner and without it, in files a second.

    Of each rate the best round counts: whatever else the host does makes a round slower, never faster.
    """
    best = {name: (_best(without, name), _best(with_it, name)) for name in RATES}
    known = {name: pair for name, pair in best.items() if None not in pair}
    return {
        "directory": directory,
        "without": {name: _rounded(pair[0]) for name, pair in known.items()},
        "with": {name: _rounded(pair[1]) for name, pair in known.items()},
        "ratios": {name: _rounded(pair[1] / pair[0]) for name, pair in known.items()},
        "refused": max((one["refused"] for one in with_it), default=0),
    }


def faults_of(places: Sequence[Mapping[str, Any]], limit: float) -> list[str]:
    """Why the scanner can't be accepted, a sentence each; none where it can."""
    found = []
    for place in places:
        if place["refused"]:
            found.append(f"{place['refused']} images in {place['directory']} can't be opened under it.")
        for name, ratio in place["ratios"].items():
            if ratio < limit:
                found.append(
                    f"{place['directory']}: {name} is {ratio:g} of what it is without it, and {limit:g} was declared."
                )
    return found


def parse_record(text: str | None) -> dict[str, Any] | None:
    """What was kept; None where it is nothing of that kind."""
    try:
        document = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("schema") == SCHEMA else None


def _best(rounds: Sequence[Round], name: str) -> Any:
    values = [one[name] for one in rounds if one[name] is not None]
    return max(values) if values else None


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
