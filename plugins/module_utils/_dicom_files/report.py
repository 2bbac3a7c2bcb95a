# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a scanned store. Private, pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.tally import Tally

#: What is always counted, be it none.
COUNTS = (
    *("files", "folders", "symbolic_links", "special_files"),
    *("dicom", "without_header", "not_dicom", "empty", "tiff_preambles", "other_preambles"),
    *("followed", "not_followed", "truncated", "padded", "documents", "private_payloads", "private_unknown"),
)


def tally_document(tally: Tally, most: int) -> dict[str, Any]:
    """Counts and findings, the worst first and at most I(most)."""
    kept = tally.findings()[:most]
    return {
        "counts": {**dict.fromkeys(COUNTS, 0), **tally.counts},
        "not_read": tally.not_read,
        "findings": [noted.document() for noted in kept],
        "findings_left_out": sum(tally.kinds.values()) - len(kept),
        "by_kind": tally.kinds,
        "by_severity": tally.by_severity(),
    }


def summary(tally: Tally, complete: bool, before: int | None) -> str:
    """The result in a line. I(before): how many files the last complete pass saw."""
    files = tally.counts.get("files", 0)
    found = ", ".join(f"{number} {severity}" for severity, number in tally.by_severity().items() if number)
    missed = sum(tally.not_read.values())
    words = [f"{files} files"]
    if not complete:
        of = f" of about {before}" if before and before > files else ""
        words = [f"{files} files{of} so far, not complete: run it again to go on"]
    words.append(f"findings: {found}" if found else "nothing found")
    if missed:
        words.append(f"{missed} could not be read")
    return "; ".join(words)
