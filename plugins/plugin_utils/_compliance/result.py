# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run as values, and as the one plain document that everything else is made from.

Its schema is docs/schemas/compliance-report.schema.json.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .collected import HostRecord
from .control import SEVERITIES
from .judge import STATES, Judgement, State
from .waivers import Waiver

SCHEMA = "pacs-hardening-report/1"
TOOL = "pacs.hardening"
_OPEN: tuple[State, ...] = ("error", "not_assessed")


@dataclass(frozen=True, slots=True)
class Finding:
    """One control on one subject, with the waiver that accepts it if there is one."""

    judgement: Judgement
    waiver: Waiver | None

    def document(self) -> dict[str, Any]:
        """Plain data. What proves nothing in law in force is marked; what nobody has read isn't cited at all."""
        control, facts = self.judgement.control, self.judgement.facts
        return {
            "control": control.id,
            "title": control.title,
            "severity": control.severity,
            "state": self.judgement.state,
            "subject": facts.subject,
            "demand": control.demand,
            "observed": list(self.judgement.observed),
            "expected": control.expected,
            "mend": control.mend,
            "citations": [
                {"text": one.text, "source": one.source, "status": one.status}
                for one in control.citations
                if one.printed
            ],
            "judgeable": control.judgeable,
            "how": control.how,
            # What follows from the declared site rests on no evidence.
            "evidence_sha256": None if control.how == "model" else facts.evidence_sha256,
            "waiver": self.waiver.document() if self.waiver else None,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run found out. ``hosts`` are those of the site by their names in it, in its order."""

    site: str
    generated_at: str
    version: str
    coverage: Mapping[str, Any]
    reachability: Mapping[str, Any]
    seen: tuple[Mapping[str, Any], ...]
    without_antivirus: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...]
    hosts: Mapping[str, HostRecord]
    waivers: tuple[Waiver, ...]
    limits: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``fail`` if anything failed; ``incomplete`` if anything couldn't be judged or waived; else ``pass``."""
        states = {finding.judgement.state for finding in self.findings}
        if "fail" in states:
            return "fail"
        unseen = any(record.reached != "ok" for record in self.hosts.values())
        unusable = any(waiver.state != "active" for waiver in self.waivers)
        return "incomplete" if unseen or unusable or not states or states.intersection(_OPEN) else "pass"

    def failures_from(self, severity: str) -> list[Finding]:
        """What failed at a severity or a worse one."""
        wanted = SEVERITIES[: SEVERITIES.index(next(known for known in SEVERITIES if known == severity)) + 1]
        return [
            one for one in self.findings if one.judgement.state == "fail" and one.judgement.control.severity in wanted
        ]

    def document(self) -> dict[str, Any]:
        """The result document. One report always gives the same one."""
        states = Counter(finding.judgement.state for finding in self.findings)
        failures = Counter(one.judgement.control.severity for one in self.findings if one.judgement.state == "fail")
        by_subject: dict[str, list[dict[str, str]]] = defaultdict(list)
        for finding in self.findings:
            by_subject[finding.judgement.facts.subject].append(
                {"control": finding.judgement.control.id, "state": finding.judgement.state}
            )
        return {
            "schema": SCHEMA,
            "site": self.site,
            "generated_at": self.generated_at,
            "tool": {"name": TOOL, "version": self.version},
            "previous": None,
            "summary": {
                "by_state": {state: states[state] for state in STATES},
                "by_severity_of_failures": {severity: failures[severity] for severity in SEVERITIES},
                "verdict": self.verdict,
            },
            "coverage": dict(self.coverage),
            "reachability": dict(self.reachability),
            "seen": [dict(firewall) for firewall in self.seen],
            "without_antivirus": [dict(device) for device in self.without_antivirus],
            "findings": [finding.document() for finding in self.findings],
            "hosts": [
                {
                    "name": name,
                    "reached": record.reached,
                    "reason": record.reason,
                    "parts": {part: record.parts[part].status for part in record.parts},
                    "findings": by_subject[name],
                }
                for name, record in self.hosts.items()
            ],
            "waivers": [waiver.document() for waiver in self.waivers],
            "limits": list(self.limits),
        }
