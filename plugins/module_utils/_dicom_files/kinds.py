# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be found in an image store, an import folder or on a medium, and how bad it is. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Counts up whenever a file may be judged differently: what was remembered under other rules is not used.
RULES = 1

HIGH, MEDIUM, LOW = "high", "medium", "low"
SEVERITIES = (HIGH, MEDIUM, LOW)


@dataclass(frozen=True)
class Kind:
    """One kind of finding: its severity, and in one sentence what was found. ``{what}`` stands for its detail."""

    severity: str
    says: str


KINDS: Mapping[str, Kind] = {
    # A DICOM file whose first 128 bytes, which DICOM leaves to anybody (PS3.10, 7.1), make it something else too.
    "preamble_program": Kind(HIGH, "a DICOM file that is a program, too ({what})"),
    "preamble_script": Kind(HIGH, "a DICOM file that is a script, too ({what})"),
    "preamble_archive": Kind(HIGH, "a DICOM file that is an archive, too ({what})"),
    "preamble_stub": Kind(MEDIUM, "a DICOM file that begins like a program, without the rest of one ({what})"),
    "preamble_document": Kind(MEDIUM, "a DICOM file that is a document, too ({what})"),
    # A file that isn't DICOM.
    "program": Kind(HIGH, "a program ({what})"),
    "script": Kind(HIGH, "a script ({what})"),
    "archive": Kind(MEDIUM, "an archive, whose content was not looked at ({what})"),
    "not_dicom": Kind(LOW, "a file that isn't DICOM ({what})"),
    # Any file.
    "program_name": Kind(HIGH, "a file whose name makes a desktop run it ({what})"),
    "executable_bit": Kind(MEDIUM, "a file with permission to be executed"),
    # The content of a DICOM file.
    "document_active": Kind(HIGH, "an encapsulated document that acts by itself ({what})"),
    "document_program": Kind(HIGH, "an encapsulated document that is a program, a script or an archive ({what})"),
    "document_carries": Kind(MEDIUM, "an encapsulated document that carries or opens something else ({what})"),
    "document_hidden": Kind(MEDIUM, "an encapsulated document that can't be looked into ({what})"),
    "document_other": Kind(MEDIUM, "an encapsulated document that isn't what it is declared as ({what})"),
    "private_program": Kind(HIGH, "a private element that holds a program or a script ({what})"),
    "private_archive": Kind(MEDIUM, "a private element that holds an archive ({what})"),
    "trailing_program": Kind(HIGH, "a program or a script after the end of the data set ({what})"),
    "trailing_archive": Kind(HIGH, "an archive at the end of the data set, or after it ({what})"),
    "trailing_data": Kind(MEDIUM, "bytes after the end of the data set that nothing explains ({what})"),
    "deflate_bomb": Kind(HIGH, "a compressed data set that grows beyond all measure ({what})"),
}


@dataclass(frozen=True)
class Finding:
    """Something found in one file. ``what`` is a word or a number of our own, never anything that was read."""

    kind: str
    what: str = ""

    @property
    def severity(self) -> str:
        return KINDS[self.kind].severity

    @property
    def says(self) -> str:
        """The finding in words."""
        return KINDS[self.kind].says.format(what=self.what)
