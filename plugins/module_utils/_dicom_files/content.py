# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deep look into a DICOM file: what its data set carries, and what lies behind its end. Private, pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.documents import judge_document
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import (
    EXPLICIT_LITTLE,
    PIXEL_DATA,
    TOO_LONG,
    Element,
    Elements,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.part10 import Part10, part10, syntax_of
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import (
    ARCHIVE,
    BEGINNING,
    PROGRAM,
    SCRIPT,
    Reader,
    ends_as_zip,
    signature,
)

#: Whether a private element, given by its tag and its creator, is one that its maker's documents describe.
Known = Callable[[int, str], bool]

#: How much of a deflated data set is kept and looked into, and how far it is inflated at most.
INFLATED_KEPT, INFLATED_MOST = 16 * 1024 * 1024, 64 * 1024 * 1024
_BOMB_RATIO = 200
_PIECE = 64 * 1024

_DOCUMENT, _MEDIA_TYPE, _PADDING = 0x00420011, 0x00420012, 0xFFFCFFFC
_IMAGE = 0x7FE00008  # float pixel data; double float and pixel data follow
_MAY_HOLD_ANYTHING = (b"OB", b"UN", b"OW", b"")
_SMALLEST_PAYLOAD = 64
#: Private values of at least this size are asked for in the dictionary.
_LARGE_PAYLOAD = 1024
_LONGEST_TEXT = 64


@dataclass
class Content:
    """What was found, and counts: C(followed) files (their whole structure was understood) or C(not_followed) ones,
    C(truncated) and C(padded) ones, C(documents), C(private_payloads) and, of those, C(private_unknown).
    """

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1


def judge_content(read: Reader, size: int, known: Known | None = None) -> Content:
    """Look into a DICOM file of I(size) bytes. Without I(known), private elements are judged by what they hold only."""
    content = Content()
    header = part10(read, size)
    if header.deflated:
        _deflated(read, size, header, known, content)
    else:
        elements = Elements(read, header.end, size, syntax_of(header, read(header.end, 8)))
        image = _carried(elements, read, known, content)
        _end(elements, read, size, image, content)
    if not any(finding.what == "zip" for finding in content.findings) and ends_as_zip(size, read):
        content.findings.append(Finding("trailing_archive", "zip"))
    return content


def _deflated(read: Reader, size: int, header: Part10, known: Known | None, content: Content) -> None:
    """PS3.5, A.5: everything behind the header is one deflated stream, in explicit VR, little endian."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    kept, total, checksum, position = bytearray(), 0, 0, header.end
    try:
        while not inflater.eof and total <= INFLATED_MOST:
            data = inflater.unconsumed_tail
            if not data:
                data = read(position, _PIECE)
                position += len(data)
                if not data:
                    break
            piece = inflater.decompress(data, _PIECE * 16)
            total += len(piece)
            checksum = zlib.crc32(piece, checksum)
            kept += piece[: INFLATED_KEPT - len(kept)]
    except zlib.error:
        content.add("not_followed")
        return
    if total > INFLATED_MOST and total > _BOMB_RATIO * (position - header.end):
        content.findings.append(Finding("deflate_bomb", f"more than {INFLATED_MOST >> 20} MB"))
    whole, data = inflater.eof and total == len(kept), bytes(kept)
    elements = Elements(lambda offset, length: data[offset : offset + length], 0, len(data), EXPLICIT_LITTLE)
    _carried(elements, elements.read, known, content)
    understood = whole and not elements.fault and not elements.skipped
    if inflater.eof:
        behind = position - len(inflater.unused_data)
        # Some writers add what ends a gzip stream (RFC 1952).
        if read(behind, 8) == struct.pack("<II", checksum, total):
            behind += 8
        if behind < size:
            understood = _explained(read, behind, size, True, content) and understood
    content.add("followed" if understood else "not_followed")


def _carried(elements: Elements, read: Reader, known: Known | None, content: Content) -> bool:
    """Judge documents and private payloads; True if there is an image."""
    document: Element | None = None
    declared, image = "", False
    creators: dict[tuple[int, int], str] = {}
    for element in elements:
        tag, length = element.tag, element.length
        if tag & 0x10000:
            if not length or tag >> 16 == 0xFFFF:
                continue
            if 0x10 <= tag & 0xFFFF <= 0xFF:
                if known:
                    creators[tag >> 16, tag & 0xFF] = _text(read, element)
            elif length >= _SMALLEST_PAYLOAD and element.vr in _MAY_HOLD_ANYTHING:
                _payload(element, read, known, creators, content)
        elif tag == _DOCUMENT and length:
            document = element
        elif tag == _MEDIA_TYPE and length:
            declared = _text(read, element)
        elif tag == _PADDING and length:
            _signed(_part(read, element.offset, length), "trailing", content)
        elif tag >= _IMAGE and not element.depth and tag <= PIXEL_DATA:
            image = True
    if document is not None and document.length:
        content.add("documents")
        reader = _part(read, document.offset, document.length)
        content.findings += judge_document(reader, document.length, declared)
    return image


def _payload(
    element: Element, read: Reader, known: Known | None, creators: dict[tuple[int, int], str], content: Content
) -> None:
    length = element.length or 0
    _signed(_part(read, element.offset, length), "private", content)
    if length < _LARGE_PAYLOAD:
        return
    content.add("private_payloads")
    if known:
        creator = creators.get((element.tag >> 16, element.tag >> 8 & 0xFF), "")
        if not creator or not known(element.tag, creator):
            content.add("private_unknown")


def _signed(read: Reader, where: str, content: Content) -> bool:
    """Note a program, a script or an archive that begins here; documents and bare stubs may be anything."""
    found = signature(read(0, BEGINNING), read)
    if found is None or found.group not in (PROGRAM, SCRIPT, ARCHIVE):
        return False
    if found.group == ARCHIVE:
        if where == "private" and found.name not in ("zip", "rar", "7z", "cab"):
            return False  # makers compress what they keep for themselves, and use text of their own
        content.findings.append(Finding(f"{where}_archive", found.name))
        return True
    if where == "private" and found.name == "markup":
        return False
    content.findings.append(Finding(f"{where}_program", found.name))
    return True


def _end(elements: Elements, read: Reader, size: int, image: bool, content: Content) -> None:
    """What lies behind the end of the data set."""
    understood = not elements.skipped and not elements.inside
    if elements.fault and not elements.inside and elements.position < size:
        if not image and elements.fault == TOO_LONG:
            content.add("truncated")
        understood = _explained(read, elements.position, size, image, content) and understood
    content.add("followed" if understood else "not_followed")


def _explained(read: Reader, at: int, size: int, image: bool, content: Content) -> bool:
    """Judge the bytes that aren't part of the data set; False where they may be, and weren't understood."""
    reader = _part(read, at, size - at)
    if size - at <= 2 or not (reader(0, _PIECE) + read(max(at, size - _PIECE), _PIECE)).strip(b"\0"):
        content.add("padded")
    elif _signed(reader, "trailing", content):
        pass
    elif image and not ends_as_zip(size, read):
        content.findings.append(Finding("trailing_data", f"{size - at} bytes"))
    else:
        return image
    return True


def _text(read: Reader, element: Element) -> str:
    """A short text of the data set, for comparisons; it is never returned."""
    length = element.length or 0
    return read(element.offset, length).decode("ascii", "replace").strip(" \0") if length <= _LONGEST_TEXT else ""


def _part(read: Reader, start: int, length: int) -> Reader:
    """The reader of a part of the file."""

    def reader(offset: int, count: int) -> bytes:
        count = min(count, length - offset)
        return read(start + offset, count) if offset >= 0 and count > 0 else b""

    return reader
