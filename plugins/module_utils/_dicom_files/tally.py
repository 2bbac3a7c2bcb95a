# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan adds up: counts, and findings in bounded number. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import KINDS, SEVERITIES, Finding


class Noted(NamedTuple):
    """A finding and the file it was found in: what stands for it, and its path if that was asked for."""

    finding: Finding
    object: str
    path: str | None = None

    def document(self) -> dict[str, Any]:
        """The finding as it is reported."""
        return {
            "object": self.object,
            "path": self.path,
            "kind": self.finding.kind,
            "severity": self.finding.severity,
            "what": self.finding.what,
            "says": self.finding.says,
        }


@dataclass
class Tally:
    """Counts by name, findings by kind, reasons why files weren't read, and at most I(most) findings of each severity,
    the first ones. The counts go on beyond that.
    """

    most: int
    counts: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    not_read: dict[str, int] = field(default_factory=dict)
    noted: dict[str, list[Noted]] = field(default_factory=dict)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def miss(self, reason: str) -> None:
        """Count a file or folder that could not be read."""
        self.not_read[reason] = self.not_read.get(reason, 0) + 1

    def note(self, noted: Noted) -> None:
        """Count a finding, and keep it if there is room."""
        kind = noted.finding.kind
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self._keep(noted)

    def add(self, other: Tally) -> None:
        """Add all of another one."""
        for mine, its in ((self.counts, other.counts), (self.kinds, other.kinds), (self.not_read, other.not_read)):
            for name, number in its.items():
                mine[name] = mine.get(name, 0) + number
        if other.noted:
            for noted in other.findings():
                self._keep(noted)

    def findings(self) -> list[Noted]:
        """The findings that were kept, the worst first."""
        return [noted for severity in SEVERITIES for noted in self.noted.get(severity, ())]

    def by_severity(self) -> dict[str, int]:
        """How many findings there are of each severity, kept or not."""
        numbers = dict.fromkeys(SEVERITIES, 0)
        for kind, number in self.kinds.items():
            numbers[KINDS[kind].severity] += number
        return numbers

    def plain(self) -> dict[str, Any]:
        """As plain values, for the state; from_plain is the way back."""
        return {
            "counts": self.counts,
            "kinds": self.kinds,
            "not_read": self.not_read,
            "noted": [[one.finding.kind, one.finding.what, one.object, one.path] for one in self.findings()],
        }

    def _keep(self, noted: Noted) -> None:
        kept = self.noted.setdefault(noted.finding.severity, [])
        if len(kept) < self.most:
            kept.append(noted)


def from_plain(value: Mapping[str, Any], most: int) -> Tally:
    """A tally from its plain values. Raises KeyError, TypeError or ValueError where they are none."""
    tally = Tally(most, dict(value["counts"]), dict(value["kinds"]), dict(value["not_read"]))
    for kind, what, name, path in value["noted"]:
        KINDS[kind]  # a state of other rules has other kinds
        tally._keep(Noted(Finding(kind, what), name, path))
    return tally
