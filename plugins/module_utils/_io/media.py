# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a medium, and import it if it may be: what the modules call. Private."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.evidence import Finding, Medium
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.judgement import (
    IMPORT,
    QUARANTINE,
    Judgement,
    judge,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.receipt import About, receipt, text
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd_scan import Scanner, find_scanner
from ansible_collections.pacs.hardening.plugins.module_utils._io.medium import Limits, look_at_medium
from ansible_collections.pacs.hardening.plugins.module_utils._io.medium_copy import Landing, check_landing, copy_to
from ansible_collections.pacs.hardening.plugins.module_utils._io.receipts import keep_receipt, kept_receipt, short
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_GIGABYTE = 1024**3


@dataclass(frozen=True)
class Wanted:
    """How a medium is judged: as the options of the modules say."""

    medium: str
    label: str
    tolerate: Collection[str]
    without_antivirus: bool
    limits: Limits
    socket: str
    configuration: str
    signature_days: int


@dataclass(frozen=True)
class _Judged:
    medium: Medium
    judgement: Judgement
    document: dict[str, Any]


def wanted(options: Mapping[str, Any]) -> Wanted:
    """From the options of a module."""
    return Wanted(
        medium=options["medium"],
        label=options["label"],
        tolerate=options["tolerate"],
        without_antivirus=options["without_antivirus"],
        limits=Limits(options["files_limit"], options["size_limit"] * _GIGABYTE, options["time_limit"]),
        socket=options["antivirus_socket"],
        configuration=options["antivirus_configuration"],
        signature_days=options["antivirus_days"],
    )


def judged(how: Wanted) -> dict[str, Any]:
    """The return values of C(dicom_media_info), without C(changed). Raises HardeningError."""
    return _returned(_judged(how, *_scanner(how)).document)


def imported(how: Wanted, landing: Landing, receipts: str, check: bool) -> dict[str, Any]:
    """The return values of C(dicom_media_import). In check mode nothing is written, and C(changed) says what would be.
    Raises HardeningError.
    """
    check_landing(landing, how.medium)
    scanner, no_scanner = _scanner(how)
    found = _judged(how, scanner, no_scanner)
    before = kept_receipt(receipts, found.medium.digest, found.judgement.verdict)
    if before is not None or check:
        return {**_returned(found.document), "changed": before is None, "receipt_file": before}
    document = found.document
    if found.judgement.verdict == IMPORT:
        document = _copied(found, how, landing, scanner, no_scanner)
    return {**_returned(document), "changed": True, "receipt_file": keep_receipt(receipts, document)}


def _scanner(how: Wanted) -> tuple[Scanner | None, str]:
    if not how.socket:
        return None, "none is named"
    try:
        now = datetime.now(timezone.utc)
        return find_scanner(how.socket, how.configuration, how.signature_days, now), ""
    except HardeningError as exc:
        return None, str(exc)


def _judged(how: Wanted, scanner: Scanner | None, no_scanner: str) -> _Judged:
    medium = look_at_medium(how.medium, how.limits, scanner, no_scanner)
    judgement = judge(medium, how.tolerate, how.without_antivirus)
    about = About(os.uname().nodename, how.label, datetime.now(timezone.utc))
    return _Judged(medium, judgement, receipt(medium, judgement, about))


def _copied(found: _Judged, how: Wanted, landing: Landing, scanner: Scanner | None, no_scanner: str) -> dict[str, Any]:
    """The receipt after copying."""
    first = {file.path: file.digest for file in found.medium.files}

    def again(staging: str) -> str:
        second = _judged(replace(how, medium=staging), scanner, no_scanner)
        same = all(first[file.path] == file.digest for file in second.medium.files)
        return "" if same and second.judgement.verdict == IMPORT else "changed"

    name = f"medium-{short(found.medium.digest)}"
    target, why = copy_to(landing, name, how.medium, found.judgement.copies, again)
    if why:
        finding = Finding(why)
        changed = replace(found.judgement, verdict=QUARANTINE, reasons=(finding,), copies=())
        about = About(os.uname().nodename, how.label, datetime.now(timezone.utc))
        return receipt(found.medium, changed, about)
    sizes = {file.path: file.size for file in found.medium.files}
    copies = found.judgement.copies
    return {
        **found.document,
        "copied": {"to": target, "files": len(copies), "bytes": sum(sizes[path] for path in copies)},
    }


def _returned(document: dict[str, Any]) -> dict[str, Any]:
    return {"verdict": document["verdict"], "receipt": document, "text": text(document)}
