# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of probes, as typed values; what isn't a result of network_evidence_info is left out, and so is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...module_utils._evidence.parts import one_line

OUTCOMES = ("open", "refused", "timeout", "unreachable", "error", "skipped")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of one probe. ``connected``: a connection stood, whatever became of it."""

    id: str
    outcome: str
    detail: str
    connected: bool = False

    @property
    def hung(self) -> bool:
        """Whether a peer took the connection and then said nothing. (A connection that never stood is cheap.)"""
        return self.outcome == "timeout" and self.connected


def read_results(value: object) -> dict[str, ProbeResult]:
    """The results of one vantage point by the ids of the probes."""
    found: dict[str, ProbeResult] = {}
    for item in value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else ():
        if isinstance(item, Mapping) and isinstance(item.get("id"), str) and item.get("outcome") in OUTCOMES:
            detail = item.get("detail")
            result = ProbeResult(
                item["id"],
                str(item["outcome"]),
                one_line(detail) if isinstance(detail, str) else "",
                item.get("connected") is True,
            )
            found[result.id] = result
    return found
