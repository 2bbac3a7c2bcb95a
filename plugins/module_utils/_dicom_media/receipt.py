# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receipt of a judged medium, for people and for programs: counts, hashes and kinds, nothing of patients. Private,
pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.evidence import (
    ASSESSED,
    NOT_ASSESSED,
    Finding,
    Medium,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.judgement import (
    IMPORT,
    QUARANTINE,
    Judgement,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.kinds import KINDS

VERSION = 1
#: Of files with the same finding, so many are named by their hash.
_MOST_OBJECTS = 20
_SHOWN_OBJECTS = 3


@dataclass(frozen=True)
class About:
    """What a receipt says beyond what was seen: whose it is. I(label) is what people call the medium."""

    host: str
    label: str
    judged: datetime


def receipt(medium: Medium, judgement: Judgement, about: About) -> dict[str, Any]:
    """The receipt as plain values. C(copied) is filled in by who copies."""
    directory = medium.directory
    return {
        "receipt": VERSION,
        "host": about.host,
        "label": about.label,
        "judged": about.judged.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "medium": {
            "digest": medium.digest,
            "files": len(medium.files),
            "folders": medium.folders,
            "bytes": sum(file.size for file in medium.files),
            "dicom": sum(1 for file in medium.files if file.header is not None),
            "records": directory.total if directory else 0,
            "referenced": len(directory.records) if directory else 0,
            "filesystem": medium.filesystem or None,
            "mounted_without": list(medium.mounted_without),
        },
        "verdict": judgement.verdict,
        "reasons": _grouped(judgement.reasons),
        "tolerated": _grouped(judgement.tolerated),
        "noted": _grouped(judgement.noted),
        "not_assessed": list(judgement.not_assessed),
        "antivirus": {
            "status": medium.antivirus.status,
            "reason": medium.antivirus.reason or None,
            **dict(medium.antivirus.facts),
        },
        "copied": None,
    }


def _grouped(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    worst_first = list(KINDS)
    groups: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, finding.what), []).append(finding.digest)
    return [
        {
            "kind": kind,
            "what": what,
            "says": Finding(kind, what).says,
            "count": len(digests),
            "sha256": sorted({digest for digest in digests if digest})[:_MOST_OBJECTS],
        }
        for (kind, what), digests in sorted(
            groups.items(), key=lambda group: (worst_first.index(group[0][0]), group[0])
        )
    ]


_VERDICTS = {
    IMPORT: "IMPORT: nothing speaks against it.",
    QUARANTINE: "QUARANTINE: nothing of it may be imported.",
    NOT_ASSESSED: "NOT ASSESSED: it could not be judged whole, so nothing of it may be imported.",
}


def text(document: Mapping[str, Any]) -> str:
    """The receipt for people."""
    medium, copied = document["medium"], document["copied"]
    name = f"Medium {document['label']}" if document["label"] else "Medium"
    lines = [
        f"{name}, judged on {document['host']}, {document['judged']}",
        f"Verdict: {_VERDICTS[document['verdict']]}",
        "",
    ]
    for title, entries in (
        ("Why:", document["reasons"]),
        ("Not judged:", document["not_assessed"]),
        ("Tolerated, and not copied:", document["tolerated"]),
        ("Also seen:", document["noted"]),
    ):
        if entries:
            lines += [title, *(f"  - {_entry(entry)}" for entry in entries), ""]
    lines += [
        "Looked at:",
        f"  {medium['files']} files ({medium['dicom']} DICOM), {medium['folders']} folders, {medium['bytes']:,} bytes",
        f"  DICOMDIR: {medium['records']} records, which name {medium['referenced']} files",
        f"  Virus scanner: {_antivirus(document['antivirus'])}",
        f"  Mounted: {_mounted(medium)}",
        f"  SHA-256 of it all: {medium['digest']}",
        "",
        f"Copied: {copied['files']} files, {copied['bytes']:,} bytes, to {copied['to']}"
        if copied
        else "Copied: nothing.",
        "Nothing was written to the medium.",
    ]
    return "\n".join(lines) + "\n"


def _entry(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    digests = entry["sha256"]
    hashes = "".join(f"\n      SHA-256 {digest}" for digest in digests[:_SHOWN_OBJECTS])
    more = entry["count"] - _SHOWN_OBJECTS
    return f"{entry['count']} x {entry['says']}{hashes}" + (f"\n      and {more} more" if digests and more > 0 else "")


def _antivirus(antivirus: Mapping[str, Any]) -> str:
    if antivirus["status"] != ASSESSED:
        return f"not judged: {antivirus['reason']}"
    dated = antivirus["signatures_dated"]
    signatures = f"signatures of {dated}" if dated else "signatures without a date"
    return f"{antivirus['engine']}, {signatures}, {antivirus['scanned']} files"


def _mounted(medium: Mapping[str, Any]) -> str:
    if not medium["filesystem"]:
        return "not known"
    lacks = medium["mounted_without"]
    return f"{medium['filesystem']}, " + (f"without {', '.join(lacks)}" if lacks else "ro, noexec, nosuid, nodev")
