# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a medium: may it be imported, and what of it. Private, pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.dicomdir import Record
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.evidence import (
    NOT_ASSESSED,
    File,
    Finding,
    Medium,
    is_directory_file,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.kinds import NOTED, TOLERABLE
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.names import is_file_id, odd, starts_by_itself

IMPORT, QUARANTINE = "import", "quarantine"


@dataclass(frozen=True)
class Judgement:
    """The verdict: IMPORT, QUARANTINE or NOT_ASSESSED; the findings for which it is that, those that were tolerated,
    and those that are only said; what could not be judged, a sentence each; and the paths that may be copied.
    """

    verdict: str
    reasons: tuple[Finding, ...]
    tolerated: tuple[Finding, ...]
    noted: tuple[Finding, ...]
    not_assessed: tuple[str, ...]
    copies: tuple[str, ...]


def judge(medium: Medium, tolerate: Collection[str] = (), without_antivirus: bool = False) -> Judgement:
    """Judge what was seen. Kinds in I(tolerate) don't matter in files that aren't copied. I(without_antivirus): whether
    a medium may be imported that no virus scanner has looked at.
    """
    named, found = _named(medium)
    found += medium.other
    found += [Finding(kind, what, file.digest, file.path in named) for file in medium.files for kind, what in _of(file)]
    if medium.whole:
        strangers = (file for file in medium.files if file.header is not None and file.path not in named)
        found += [Finding("not_referenced", digest=file.digest) for file in strangers]
    reasons, tolerated, noted = [], [], []
    for finding in found:
        effect = finding.rule.effect
        if effect == NOTED:
            noted.append(finding)
        elif effect == TOLERABLE and finding.kind in tolerate and not finding.referenced:
            tolerated.append(finding)
        else:
            reasons.append(finding)
    missing = _not_assessed(medium, without_antivirus)
    verdict = QUARANTINE if reasons else NOT_ASSESSED if missing else IMPORT
    return Judgement(
        verdict,
        tuple(reasons),
        tuple(tolerated),
        tuple(noted),
        tuple(missing),
        tuple(sorted(named)) if verdict == IMPORT else (),
    )


def _of(file: File) -> list[tuple[str, str]]:
    """What is wrong with a file by itself: what was found in it, and its name."""
    name = file.path.rpartition("/")[2]
    found = list(file.found)
    if starts_by_itself(name):
        found.append(("autorun", name.lower()))
    why = odd(name)
    if why:
        found.append(("odd_name", why))
    return found


def _named(medium: Medium) -> tuple[set[str], list[Finding]]:
    """The paths of the DICOMDIR and of all that it names, and where both contradict each other."""
    names = {file.path for file in medium.files if is_directory_file(file.path)}
    if not medium.whole:
        return names, []  # what isn't there may be what wasn't looked at
    if not names:
        return names, [Finding("directory_missing")]
    if medium.directory is None:
        return names, []  # it could not be read, which is said elsewhere
    directory, found = medium.directory, []
    if directory.unreadable:
        found.append(Finding("directory_unreadable", directory.unreadable))
    found += [Finding("directory_inconsistent", fault) for fault in directory.faults]
    if not directory.explicit_little:
        found.append(Finding("directory_syntax"))
    if not directory.unreadable and not directory.records:
        found.append(Finding("directory_inconsistent", "it names no file"))
    files = {file.path: file for file in medium.files}
    clashes = Counter(path.upper() for path in files)
    found += [Finding("name_clash") for number in clashes.values() if number > 1]
    anyhow = {path.upper(): path for path in files if clashes[path.upper()] == 1}
    named = set(names)
    for record in directory.records:
        path = _path(record, files, anyhow)
        if not is_file_id(record.file):
            found.append(Finding("reference_odd"))
        elif path is None:
            found.append(Finding("reference_missing"))
        else:
            named.add(path)
            found += _differences(record, files[path])
    return named, found


def _path(record: Record, files: Mapping[str, File], anyhow: Mapping[str, str]) -> str | None:
    path = "/".join(record.file)
    return path if path in files else anyhow.get(path.upper())


def _differences(record: Record, file: File) -> list[Finding]:
    header = file.header
    if file.unread:
        return []
    if header is None:
        return [Finding("reference_other", digest=file.digest, referenced=True)]
    pairs = (
        (record.sop_instance, header.sop_instance, "SOP instance"),
        (record.sop_class, header.sop_class, "SOP class"),
        (record.transfer_syntax, header.transfer_syntax, "transfer syntax"),
    )
    for said, is_, what in pairs:
        if said and said != is_:
            return [Finding("reference_differs", what, file.digest, referenced=True)]
    return []


def _not_assessed(medium: Medium, without_antivirus: bool) -> list[str]:
    """What could not be judged, and what for."""
    missing = [medium.stopped] if medium.stopped else []
    unread: Sequence[str] = [*medium.not_read, *(file.unread for file in medium.files if file.unread)]
    for why, number in sorted(Counter(unread).items()):
        missing.append(f"{number} {'file or folder' if number == 1 else 'files or folders'} could not be read: {why}")
    if medium.antivirus.status == NOT_ASSESSED and not without_antivirus:
        missing.append(f"no virus scanner has judged it: {medium.antivirus.reason}")
    return missing
