# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a DICOM file (file meta information, PS3.10, 7.1) and where its data set begins. Private, pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    VRS,
    Elements,
    Syntax,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import Reader

_START = 132
_LONGEST_UID = 64
_UID = re.compile(rb"[0-9.]+")
DEFLATED = "1.2.840.10008.1.2.1.99"
_SYNTAXES = {"1.2.840.10008.1.2": IMPLICIT_LITTLE, "1.2.840.10008.1.2.2": EXPLICIT_BIG}
_MOST = 64  # elements of a header
_WANTED = {0x00020002: "sop_class", 0x00020003: "sop_instance", 0x00020010: "transfer_syntax"}


@dataclass(frozen=True)
class Part10:
    """What the header says: UIDs, empty where it doesn't say them or they are none, and the offset behind it."""

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    end: int

    @property
    def deflated(self) -> bool:
        return self.transfer_syntax == DEFLATED


def part10(read: Reader, size: int) -> Part10:
    """The header of a file of I(size) bytes with C(DICM) at its place. It is always in explicit VR, little endian."""
    found = dict.fromkeys(_WANTED.values(), "")
    elements = Elements(read, _START, size, EXPLICIT_LITTLE, _MOST)
    end = _START
    for element in elements:
        if element.tag >> 16 != 2 or element.length is None or element.depth:
            break
        if element.tag in _WANTED and element.length <= _LONGEST_UID + 1:
            found[_WANTED[element.tag]] = uid(read(element.offset, element.length))
        end = element.offset + element.length
    return Part10(end=end, **found)


def uid(value: bytes) -> str:
    """A UID, empty if the value is none: whatever else stands there must not come into a report."""
    stripped = value.rstrip(b"\0 ")
    return stripped.decode("ascii") if len(stripped) <= _LONGEST_UID and _UID.fullmatch(stripped) else ""


def syntax_of(header: Part10, start: bytes) -> Syntax:
    """How the data set is written: what the header says, unless its first eight bytes show something else."""
    if start[4:6] not in VRS:
        return IMPLICIT_LITTLE
    declared = _SYNTAXES.get(header.transfer_syntax, EXPLICIT_LITTLE) if header.transfer_syntax else None
    if declared in (EXPLICIT_LITTLE, EXPLICIT_BIG):
        return declared
    return EXPLICIT_BIG if start[:1] == b"\0" else EXPLICIT_LITTLE
