# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control: what is demanded, of whom, which facts it needs, and how a failure is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "high", "medium", "low"]
SubjectKind = Literal["site", "firewall", "device", "host"]
How = Literal["host", "network", "model"]
Judgeable = Literal["full", "partial", "manual"]
Source = Literal["read", "partial", "general"]
Status = Literal["in-force", "proposed"]

#: The worst first.
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
SUBJECTS: tuple[SubjectKind, ...] = ("site", "firewall", "device", "host")
HOWS: tuple[How, ...] = ("host", "network", "model")
JUDGEABLE: tuple[Judgeable, ...] = ("full", "partial", "manual")
SOURCES: tuple[Source, ...] = ("read", "partial", "general")
STATUSES: tuple[Status, ...] = ("in-force", "proposed")

#: Facts below this name are about the report itself, and exist only once everything else has been judged.
REPORT = "report"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a demand comes from. ``source`` says how much of the text was read before it was cited here."""

    text: str
    source: Source
    status: Status

    @property
    def printed(self) -> bool:
        """What is known from general knowledge only never appears in a report."""
        return self.source != "general"


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that must yield true or false, and the facts without which it isn't evaluated."""

    needs: tuple[str, ...]
    expression: str


@dataclass(frozen=True, slots=True)
class Control:
    """One control. ``observed`` is an expression for what is shown: a text, or a list of texts. Where what is demanded
    holds, ``warns`` says whether it deserves a look all the same.

    ``subject`` says what it is judged of: the site, each firewall, each device, or each host that Ansible may log in
    to. ``how`` says where the facts come from.
    """

    id: str
    title: str
    severity: Severity
    subject: SubjectKind
    how: How
    demand: str
    expected: str
    judgeable: Judgeable
    applies: Condition | None
    demanded: Condition
    warns: Condition | None
    observed: str
    mend: str
    citations: tuple[Citation, ...]

    @property
    def about_the_report(self) -> bool:
        """Whether it is judged last, of the report itself."""
        return any(path == REPORT or path.startswith(f"{REPORT}.") for path in self.demanded.needs)
