# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an encapsulated document does by itself: PDF (ISO 32000), CDA and other XML. Private, pure.

Only words of the document's own grammar are looked for. In a PDF an action is a dictionary; it stands in plain sight or
in an object stream, never in the stream of a page or an image, whose compressed bytes may look like anything.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import (
    ARCHIVE,
    PROGRAM,
    SCRIPT,
    STUB,
    Reader,
    signature,
)

#: Longer documents are looked at up to here, and said to be longer.
LONGEST = 16 * 1024 * 1024
_PDF_WITHIN = 1024
#: Object streams of one document are inflated to this much altogether, and this many ways to open it are followed.
_INFLATED_MOST = 16 * 1024 * 1024
_FOLLOWED_MOST = 20

_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_END_OF_NAME = rb"(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
_PDF_ACTIVE = {
    b"JavaScript": "javascript",
    b"JS": "javascript",
    b"Launch": "launch",
    b"ImportData": "import_data",
    b"SubmitForm": "submit_form",
    b"RichMedia": "rich_media",
    b"XFA": "xfa",
}
_PDF_CARRIES = {b"EmbeddedFile": "embedded_file", b"EmbeddedFiles": "embedded_file", b"GoToE": "embedded_file"}
_PDF_WORDS = re.compile(rb"/(" + b"|".join(sorted({**_PDF_ACTIVE, **_PDF_CARRIES})) + rb")" + _END_OF_NAME)
_PDF_OPENS = re.compile(rb"/(OpenAction|AA)" + _END_OF_NAME + rb"\s*(.{0,200})", re.DOTALL)
_REFERENCE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+R")
_GO_TO = re.compile(rb"/S\s*/GoTo" + _END_OF_NAME)
_OBJECT_STREAM = re.compile(rb"/ObjStm" + _END_OF_NAME)
_ENCRYPT = re.compile(rb"/Encrypt" + _END_OF_NAME)
_FLATE_ONLY = re.compile(rb"/Filter\s*\[?\s*/(?:FlateDecode|Fl)" + _END_OF_NAME + rb"(?!\s*/(?:LZW|ASCII|Run|Crypt))")
_FILTER = re.compile(rb"/Filter" + _END_OF_NAME)
_STREAM = re.compile(rb"(?<=>)\s*stream\r?\n")

_XML_ACTIVE = ((b"<script", "script"), (b"javascript:", "javascript"))
_XML_CARRIES = ((b"<!entity", "entity"),)
_STYLE_ELSEWHERE = re.compile(rb"<\?xml-stylesheet[^>]{0,200}href\s*=\s*[\"'](?:[a-z]+:)?//", re.IGNORECASE)


def judge_document(read: Reader, length: int, declared: str) -> list[Finding]:
    """What is wrong with a document of I(length) bytes that is I(declared) as that media type."""
    head = read(0, _PDF_WITHIN)
    if b"%PDF-" in head:
        found = _pdf(read(0, min(length, LONGEST)))
    else:
        begins = signature(head, read)
        if begins and begins.group in (PROGRAM, STUB, SCRIPT, ARCHIVE):
            return [Finding("document_program", begins.name)]
        if declared.lower() == "application/pdf":
            return [Finding("document_other", "no PDF")]
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        found = _xml(read(0, min(length, LONGEST))) if start.startswith(b"<") else []
    if length > LONGEST:
        found.append(Finding("document_hidden", f"longer than {LONGEST >> 20} MB"))
    return found


def _pdf(data: bytes) -> list[Finding]:
    found: dict[str, Finding] = {}

    def add(kind: str, what: str) -> None:
        found.setdefault(f"{kind} {what}", Finding(kind, what))

    outside, streams = _split(data)
    _look_for_words(outside, outside, add)
    encrypted, left = bool(_ENCRYPT.search(outside)), _INFLATED_MOST
    for dictionary, start, end in streams:
        if not _OBJECT_STREAM.search(dictionary):
            continue
        if encrypted:
            add("document_hidden", "encrypted")
            break
        text = _inflated(dictionary, data[start:end], left)
        if text is None:
            add("document_hidden", "objects in a stream that can't be read")
            continue
        left -= len(text)
        _look_for_words(_plain_names(text), outside, add)
    return list(found.values())


def _look_for_words(text: bytes, outside: bytes, add: Callable[[str, str], None]) -> None:
    for match in _PDF_WORDS.finditer(text):
        word = match[1]
        if word in _PDF_ACTIVE:
            add("document_active", _PDF_ACTIVE[word])
        else:
            add("document_carries", _PDF_CARRIES[word])
    for number, match in enumerate(_PDF_OPENS.finditer(text)):
        if match[1] == b"AA":
            add("document_carries", "additional_action")
        elif number >= _FOLLOWED_MOST or not _goes_to_page(match[2], outside):
            add("document_carries", "open_action")


def _split(data: bytes) -> tuple[bytes, list[tuple[bytes, int, int]]]:
    """What stands outside streams, with plain names, and each stream: the end of its dictionary, its first offset and
    the one behind it.
    """
    pieces, streams, position = [], [], 0
    while (match := _STREAM.search(data, position)) is not None:
        end = data.find(b"endstream", match.end())
        if end < 0:
            break
        piece = _plain_names(data[position : match.start()])
        pieces.append(piece)
        streams.append((piece[max(piece.rfind(b"obj"), 0) :], match.end(), end))
        position = end + len(b"endstream")
    pieces.append(_plain_names(data[position:]))
    return b"\n".join(pieces), streams


def _plain_names(text: bytes) -> bytes:
    """Names may be written with hexadecimal digits: C(/J#61vaScript)."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), text)


def _inflated(dictionary: bytes, data: bytes, most: int) -> bytes | None:
    """The text of an object stream; None where it is longer, or written in a way that isn't read here."""
    if not _FILTER.search(dictionary):
        return data
    if most <= 0 or not _FLATE_ONLY.search(dictionary):
        return None
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, most)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail else text


def _goes_to_page(value: bytes, outside: bytes) -> bool:
    """Whether what is done on opening is only to show a page: a destination, or an action that goes to one."""
    reference = _REFERENCE.match(value)
    if reference:
        pattern = rb"(?<!\d)" + reference[1] + rb"\s+" + reference[2] + rb"\s+obj\s*(.{0,200})"
        target = re.search(pattern, outside, re.DOTALL)
        if target is None:
            return False
        value = target[1]
    return value.startswith(b"[") or (value.startswith(b"<<") and bool(_GO_TO.search(value.split(b">>")[0])))


def _xml(data: bytes) -> list[Finding]:
    text = data.lower().replace(b"\0", b"")  # UTF-16 becomes readable enough
    found = [Finding("document_active", name) for word, name in _XML_ACTIVE if word in text]
    found += [Finding("document_carries", name) for word, name in _XML_CARRIES if word in text]
    if _STYLE_ELSEWHERE.search(text):
        found.append(Finding("document_carries", "stylesheet from elsewhere"))
    return found
