# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linter and the audits say: one finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .lint_rules import Level


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an exclusion, profile, directory or option: by which rule, its risk, and how to mend it."""

    rule: str
    level: Level
    subject: str
    place: str
    problem: str
    risk: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: '{self.subject}' {self.problem}. {self.risk} {self.remedy}"

    def document(self) -> dict[str, Any]:
        """Plain data, with the whole as one text."""
        keys = ("rule", "level", "subject", "place", "problem", "risk", "remedy")
        return {**{key: getattr(self, key) for key in keys}, "text": str(self)}
