# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be wrong with a medium, beyond what may be wrong with a file, and what follows from it. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files import kinds as files

#: What follows: the medium is quarantined; it is, unless somebody tolerates the kind and the file isn't copied; it is
#: only said.
QUARANTINES, TOLERABLE, NOTED = "quarantines", "tolerable", "noted"


@dataclass(frozen=True)
class Kind:
    """One kind of finding: what follows, and in words what was found. C({what}) stands for its detail."""

    effect: str
    says: str


_OF_FILES: Mapping[str, str] = {
    # What isn't named by the directory is never copied, so a viewer program that comes along may be tolerated.
    "program": TOLERABLE,
    "script": TOLERABLE,
    "archive": TOLERABLE,
    "program_name": TOLERABLE,
    "not_dicom": NOTED,
    # A copy never has it.
    "executable_bit": NOTED,
}

#: The worst first, as receipts list them.
KINDS: Mapping[str, Kind] = {
    "infected": Kind(QUARANTINES, "a file in which the virus scanner found something ({what})"),
    **{name: Kind(_OF_FILES.get(name, QUARANTINES), kind.says) for name, kind in files.KINDS.items()},
    "autorun": Kind(TOLERABLE, "a file by which a desktop starts programs when the medium is put in ({what})"),
    "symbolic_link": Kind(QUARANTINES, "a symbolic link"),
    "special_file": Kind(QUARANTINES, "a device, a pipe or a socket"),
    "odd_name": Kind(QUARANTINES, "a name that shows something else than it is ({what})"),
    "name_clash": Kind(QUARANTINES, "names that differ in capitals only"),
    "other_mount": Kind(QUARANTINES, "another file system is mounted inside the medium"),
    "directory_missing": Kind(QUARANTINES, "no DICOMDIR"),
    "directory_unreadable": Kind(QUARANTINES, "a DICOMDIR that can't be read: {what}"),
    "directory_inconsistent": Kind(QUARANTINES, "a DICOMDIR that contradicts itself: {what}"),
    "directory_syntax": Kind(NOTED, "a DICOMDIR that isn't written in explicit VR, little endian, as it must be"),
    "reference_missing": Kind(QUARANTINES, "a file that the DICOMDIR names and the medium doesn't have"),
    "reference_odd": Kind(QUARANTINES, "a file ID in the DICOMDIR that is no path on a medium"),
    "reference_other": Kind(QUARANTINES, "a file that the DICOMDIR names and that is no DICOM file"),
    "reference_differs": Kind(QUARANTINES, "a file that isn't the one that the DICOMDIR names: another {what}"),
    "not_referenced": Kind(TOLERABLE, "a DICOM file that the DICOMDIR doesn't name"),
    "too_many_files": Kind(QUARANTINES, "more files and folders than the limit of {what}"),
    "too_large": Kind(QUARANTINES, "more data than the limit of {what}"),
    "too_deep": Kind(QUARANTINES, "folders that lie too deep in each other"),
    "changed": Kind(QUARANTINES, "what was copied isn't what was judged: the medium changes while it is read"),
}

#: What an import may be allowed to leave behind.
TOLERABLE_KINDS = tuple(sorted(name for name, kind in KINDS.items() if kind.effect == TOLERABLE))
