# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DICOMDIR says: its records, how they hang together, and the files they refer to. Private, pure.

PS3.3, annex F (the records), and PS3.10, 8 (file IDs). Strict where readers could disagree: a record counts only if it
is reached, once, from the first one. It never raises, never recurses and always ends, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import (
    EXPLICIT_LITTLE,
    ITEM,
    Element,
    Elements,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.part10 import part10, syntax_of, uid
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import Reader

#: The name of the file at the root of a medium (PS3.10, 8.6), and its SOP class.
NAME = "DICOMDIR"
_SOP_CLASS = "1.2.840.10008.1.3.10"

#: Limits: bytes of a DICOMDIR, and its elements. A full DVD has some 20,000 images with 40 elements each; what has more
#: is given up after some seconds.
LARGEST = 64 * 1024 * 1024
_MOST = 2_000_000
_LONGEST_FILE_ID = 256
_DICM_AT = 128

_FIRST, _RECORDS = 0x00041200, 0x00041220
_NEXT, _IN_USE, _LOWER, _FILE_ID = 0x00041400, 0x00041410, 0x00041420, 0x00041500
_CLASS, _INSTANCE, _SYNTAX = 0x00041510, 0x00041511, 0x00041512
_INACTIVE = 0


@dataclass(frozen=True)
class Record:
    """A record that refers to a file: the components of its path, and what its header must say, where the record does
    say that. A UID that is none is empty.
    """

    file: tuple[str, ...]
    sop_class: str = ""
    sop_instance: str = ""
    transfer_syntax: str = ""


@dataclass(frozen=True)
class Directory:
    """What was understood. I(unreadable) says in our words why it could not be read, or is empty; I(faults) what is
    wrong with how the records hang together; I(records) are those in use that refer to a file, I(total) counts all.
    """

    records: tuple[Record, ...] = ()
    total: int = 0
    faults: tuple[str, ...] = ()
    unreadable: str = ""
    explicit_little: bool = True


@dataclass
class _Found:
    """A record as it stands in the file."""

    next: int = 0
    lower: int = 0
    in_use: bool = True
    file: tuple[str, ...] = ()
    uids: dict[int, str] = field(default_factory=dict)
    odd: bool = False


def read_directory(read: Reader, size: int) -> Directory:
    """A DICOMDIR of I(size) bytes."""
    if size > LARGEST:
        return Directory(unreadable=f"it is larger than {LARGEST >> 20} MB")
    if read(_DICM_AT, 4) != b"DICM":
        return Directory(unreadable="it is no DICOM file")
    header = part10(read, size)
    if header.sop_class != _SOP_CLASS:
        return Directory(unreadable="its header doesn't say that it is a directory")
    if header.deflated:
        return Directory(unreadable="it is compressed")
    syntax = syntax_of(header, read(header.end, 8))
    elements = Elements(read, header.end, size, syntax, _MOST)
    first, found = _found(elements, read, syntax.little)
    if elements.fault or elements.skipped:
        return Directory(unreadable=elements.fault or "a sequence in it can't be followed", total=len(found))
    if first is None:
        return Directory(unreadable="it doesn't say where its first record is", total=len(found))
    faults: list[str] = []
    reached = list(_reached(first, found, faults))
    if any(record.odd for record in reached):
        faults.append("a file ID that is none")
    if sum(1 for record in found.values() if record.in_use) > sum(1 for record in reached if record.in_use):
        faults.append("records that no other one leads to")
    return Directory(
        records=tuple(
            Record(record.file, *(record.uids.get(tag, "") for tag in (_CLASS, _INSTANCE, _SYNTAX)))
            for record in reached
            if record.in_use and record.file
        ),
        total=len(found),
        faults=tuple(faults),
        explicit_little=syntax == EXPLICIT_LITTLE,
    )


def _found(elements: Elements, read: Reader, little: bool) -> tuple[int | None, dict[int, _Found]]:
    """The offset of the first record, and all records by theirs, which count from the beginning of the file."""
    first: int | None = None
    found: dict[int, _Found] = {}
    record: _Found | None = None
    in_records = False
    for element in elements:
        if not element.depth:
            in_records, record = element.tag == _RECORDS, None
            if element.tag == _FIRST:
                first = _number(element, read, little)
        elif in_records and element.depth == 1:
            if element.tag == ITEM:
                record = found[element.offset - 8] = _Found()
            elif record is not None:
                _note(record, element, read, little)
    return first, found


def _note(record: _Found, element: Element, read: Reader, little: bool) -> None:
    tag = element.tag
    if tag == _NEXT:
        record.next = _number(element, read, little)
    elif tag == _LOWER:
        record.lower = _number(element, read, little)
    elif tag == _IN_USE:
        record.in_use = _number(element, read, little) != _INACTIVE
    elif tag in (_CLASS, _INSTANCE, _SYNTAX):
        record.uids[tag] = uid(read(element.offset, min(element.length or 0, _LONGEST_FILE_ID)))
    elif tag == _FILE_ID and element.length:
        if element.length > _LONGEST_FILE_ID:
            record.odd = True
            return
        text = read(element.offset, element.length).decode("utf-8", "surrogateescape")
        record.file = tuple(part.strip(" \0") for part in text.split("\\"))


def _number(element: Element, read: Reader, little: bool) -> int:
    return int.from_bytes(read(element.offset, min(element.length or 0, 4)), "little" if little else "big")


def _reached(first: int, found: dict[int, _Found], faults: list[str]) -> Iterator[_Found]:
    """Every record that can be reached from the first one, once."""
    waiting, seen = [first], set()
    while waiting:
        offset = waiting.pop()
        if not offset:
            continue
        record = found.get(offset)
        if record is None or offset in seen:
            fault = "an offset that leads to no record" if record is None else "records that lead to each other"
            if fault not in faults:
                faults.append(fault)
            continue
        seen.add(offset)
        yield record
        waiting.append(record.next)
        if record.in_use:
            waiting.append(record.lower)
