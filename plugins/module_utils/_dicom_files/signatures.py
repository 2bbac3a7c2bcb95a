# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognise programs, scripts, archives and documents by how they begin. Private, pure.

Numbers are from the formats' own descriptions: PE (Microsoft), ELF (System V ABI), Mach-O (Apple's loader.h and fat.h),
ZIP (APPNOTE 4.3.7, 4.3.16), RAR, 7z. Python 3.9.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

#: Gives at most that many bytes from that offset on; fewer, or none, at the end. Offsets count from where the thing
#: that is judged begins.
Reader = Callable[[int, int], bytes]

PROGRAM, STUB, SCRIPT, ARCHIVE, DOCUMENT = "program", "stub", "script", "archive", "document"

#: How many bytes of a beginning are looked at.
BEGINNING = 512

_ARCHIVES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
    (b"!<arch>\n", "ar"),
    (b"xar!", "xar"),
)
_DOCUMENTS = ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"), (b"{\\rtf", "rtf"))
#: What interpreters and browsers take for their own, in any case, after white space or a byte order mark.
_MARKUP = (b"<?php", b"<script", b"<html", b"<!doctype html", b"<hta:", b"<job", b"<package>", b"<svg", b"@echo ")
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_SHORTCUT, _WASM, _DEX = b"L\0\0\0\x01\x14\x02\0", b"\0asm", b"dex\n"
_BEGINNINGS = (
    *(magic for magic, _name in _ARCHIVES + _DOCUMENTS),
    *(b"MZ", b"ZM", b"\x7fELF", *_MACH_O, *_FAT, _SHORTCUT, _DEX, b"#!", b"\xef\xbb\xbf"),
    *_MARKUP,
    *(b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x0c"),
)
#: Most beginnings are dismissed by their first byte; that of WASM is a zero, as most are.
_FIRST_BYTES = frozenset(magic[:1] for magic in _BEGINNINGS)
_OLDEST_JAVA = 45  # major version of a class file; no fat file has as many parts
_DOS_SUCCESSORS = (b"NE", b"LE", b"LX")
_LARGEST_COMMENT = 65535
_END_RECORD = struct.Struct("<4sHHHHIIH")


@dataclass(frozen=True)
class Signature:
    """What begins like this: a group (one of those above) and the format's name."""

    group: str
    name: str


def signature(head: bytes, read: Reader) -> Signature | None:
    """What these first bytes (up to BEGINNING) are the beginning of; None for nothing known. At most one more read."""
    if head[:1] in _FIRST_BYTES or head.startswith(_WASM):
        found = _program(head, read) or _script(head) or _container(head)
        if found:
            return found
    return _anywhere(head)


def _program(head: bytes, read: Reader) -> Signature | None:
    start = head[:4]
    if start[:2] in (b"MZ", b"ZM"):
        return _mz(head, read)
    if start == b"\x7fELF":
        # Linux looks at the type, not at the bytes of the identification; others look at those.
        valid = len(head) >= 20 and (
            (head[4] in (1, 2) and head[5] in (1, 2) and head[6] == 1) or 2 in head[16:18] or 3 in head[16:18]
        )
        return Signature(PROGRAM if valid else STUB, "elf")
    if start in _MACH_O and len(head) >= 16:
        order = ">" if start[0] == 0xFE else "<"
        filetype = struct.unpack_from(f"{order}I", head, 12)[0]
        return Signature(PROGRAM if 1 <= filetype <= 16 else STUB, "mach_o")
    if start in _FAT and len(head) >= 8:
        count = struct.unpack_from(">I", head, 4)[0]
        if 1 <= count < _OLDEST_JAVA:
            return Signature(PROGRAM, "mach_o_fat")
        return Signature(PROGRAM if count & 0xFFFF >= _OLDEST_JAVA else STUB, "java_class")
    if head[:8] == _SHORTCUT:
        return Signature(PROGRAM, "windows_shortcut")
    if start == _WASM:
        return Signature(PROGRAM, "wasm")
    if start == _DEX:
        return Signature(PROGRAM, "dex")
    return None


def _mz(head: bytes, read: Reader) -> Signature:
    """A PE program if its header can be reached; else something that only DOS would start."""
    if len(head) >= 0x40:
        at = struct.unpack_from("<I", head, 0x3C)[0]
        header = head[at : at + 4] if at + 4 <= len(head) else read(at, 4)
        if header == b"PE\0\0":
            return Signature(PROGRAM, "pe")
        if at and header[:2] in _DOS_SUCCESSORS:
            return Signature(PROGRAM, "ne")
    return Signature(STUB, "mz")


def _script(head: bytes) -> Signature | None:
    if head[:2] == b"#!":
        return Signature(SCRIPT, "shebang")
    text = head[:64]
    if text[:3] == b"\xef\xbb\xbf":
        text = text[3:]
    if text.lstrip().lower().startswith(_MARKUP):
        return Signature(SCRIPT, "markup")
    return None


def _container(head: bytes) -> Signature | None:
    for magic, name in _ARCHIVES:
        if head.startswith(magic) and (name != "bzip2" or head[4:7] == b"1AY"):
            return Signature(ARCHIVE, name)
    for magic, name in _DOCUMENTS:
        if head.startswith(magic):
            return Signature(DOCUMENT, name)
    return None


def _anywhere(head: bytes) -> Signature | None:
    """Formats that may begin with anything."""
    if head[257:262] == b"ustar":
        return Signature(ARCHIVE, "tar")
    if b"%PDF-" in head:  # readers look for it in the first 1,024 bytes
        return Signature(DOCUMENT, "pdf")
    return None


def ends_as_zip(size: int, read: Reader) -> bool:
    """Whether programs that open ZIP archives would open these I(size) bytes as one: they look for the end record from
    the end, whatever stands before, so that an archive may hide behind anything.
    """
    length = min(size, _END_RECORD.size + _LARGEST_COMMENT)
    tail = read(size - length, length)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END_RECORD.size <= len(tail):
            _magic, _disk, _start, here, total, directory, offset, comment = _END_RECORD.unpack_from(tail, at)
            position = size - length + at
            # Archives put behind something else may count offsets from their own beginning.
            if here == total and total and at + _END_RECORD.size + comment <= len(tail) and directory <= position:
                first = position - directory
                if offset <= first and read(first, 4) == b"PK\x01\x02":
                    return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False
