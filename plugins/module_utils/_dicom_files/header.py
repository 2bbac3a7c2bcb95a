# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first look at a file: its first bytes, and seldom one more read. Private, pure.

A DICOM file (PS3.10, 7.1) begins with 128 bytes that anybody may use, and C(DICM). Programs that hide there are known
as CVE-2019-11687. A TIFF header there is what the preamble was made for.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import VRS
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import (
    ARCHIVE,
    BEGINNING,
    PROGRAM,
    SCRIPT,
    Reader,
    signature,
)

# How nearly every DICOM file begins, so that millions are dismissed by three comparisons: an empty preamble, and the
# SOP class as third element of the header.
_PLAIN, _SOP_CLASS = b"\0" * 128 + b"DICM", b"\x02\0\x02\0UI"
# The SOP classes of encapsulated documents (PS3.4, B.5); they look the same in every header.
_ENCAPSULATED = b"1.2.840.10008.5.1.4.1.1.104."

DICOM, WITHOUT_HEADER, OTHER, EMPTY = "dicom", "without_header", "other", "empty"
NO_PREAMBLE, TIFF, UNKNOWN = "none", "tiff", "unknown"

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Look:
    """What the beginning says. ``content``: DICOM, a DICOM data set WITHOUT_HEADER, EMPTY or OTHER; ``preamble`` of a
    DICOM file: NO_PREAMBLE (zeros), TIFF or UNKNOWN.
    """

    content: str
    preamble: str = NO_PREAMBLE
    finding: Finding | None = None


# What is said of nearly all files is said with the same values.
_PLAIN_LOOK, _TIFF_LOOK, _UNKNOWN_LOOK = Look(DICOM), Look(DICOM, TIFF), Look(DICOM, UNKNOWN)


def is_plain(head: bytes) -> bool:
    """Whether these first bytes are of a DICOM file with nothing in its preamble and, by its header, no document in it.
    False may be anything.
    """
    return head[:132] == _PLAIN and head[158:164] == _SOP_CLASS and head[166:194] != _ENCAPSULATED


def may_encapsulate(head: bytes) -> bool:
    """Whether the header in these first bytes may be that of an encapsulated document."""
    return _ENCAPSULATED in head


def first_look(head: bytes, read: Reader) -> Look:
    """Judge the first BEGINNING bytes of a file; I(read) gives others of it."""
    if head[128:132] == b"DICM":
        return _preamble(head, read)
    if not head:
        return Look(EMPTY)
    found = signature(head, read)
    if found and found.group in (PROGRAM, SCRIPT, ARCHIVE):
        return Look(OTHER, finding=Finding(found.group, found.name))
    if is_data_set(head):
        return Look(WITHOUT_HEADER)
    return Look(OTHER, finding=Finding("not_dicom", found.name if found else "unknown"))


def _preamble(head: bytes, read: Reader) -> Look:
    if head.startswith(_TIFF):
        return _TIFF_LOOK
    if head.startswith(_PLAIN):
        return _PLAIN_LOOK
    # What stands behind DICM is DICOM's; what a PE header may reach isn't bounded.
    found = signature(head[:128], read)
    return Look(DICOM, UNKNOWN, Finding(f"preamble_{found.group}", found.name)) if found else _UNKNOWN_LOOK


def is_data_set(head: bytes) -> bool:
    """Whether these bytes begin a data set without preamble and header: ACR-NEMA files, and some toolkits' output."""
    if len(head) < 8:
        return False
    for order in ("little", "big"):
        group = int.from_bytes(head[0:2], order)
        element = int.from_bytes(head[2:4], order)
        if group not in (0x0002, 0x0004, 0x0008) or element > 0x2000:
            continue
        if head[4:6] in VRS:
            return True
        length = int.from_bytes(head[4:8], order)
        if order == "little" and length <= BEGINNING:
            return True
    return False
