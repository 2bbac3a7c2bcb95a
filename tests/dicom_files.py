"""DICOM files made for tests: harmless ones, and ones that are something else too. None of them runs anywhere."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pydicom

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
CT = "1.2.840.10008.5.1.4.1.1.2"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF", b"OD", b"OL", b"OV", b"SV", b"UC", b"UR", b"UV")
UNDEFINED = 0xFFFFFFFF


def part10_files() -> list[Path]:
    """pydicom's own DICOM files: written by many makers' programs, some of them damaged on purpose."""
    folder = Path(pydicom.__file__).parent / "data"
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                if file.read(132)[128:] == b"DICM":
                    found.append(path)
    return found


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """An element in explicit VR, little endian."""
    value += b"\0" * (len(value) % 2) if length is None else b""
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return head + (struct.pack("<HI", 0, size) if vr in _LONG else struct.pack("<H", size)) + value


def item(content: bytes, undefined: bool = False) -> bytes:
    """An item of a sequence."""
    if undefined:
        return struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + content + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def sequence(tag: int, *items: bytes, undefined: bool = False) -> bytes:
    """A sequence of items."""
    content = b"".join(items)
    if undefined:
        return element(tag, b"SQ", content + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), UNDEFINED)
    return element(tag, b"SQ", content)


def header(sop_class: str = CT, instance: str = "1.2.3.4", syntax: str = EXPLICIT) -> bytes:
    """The header behind C(DICM)."""
    elements = (
        element(0x00020001, b"OB", b"\0\1")
        + element(0x00020002, b"UI", sop_class.encode())
        + element(0x00020003, b"UI", instance.encode())
        + element(0x00020010, b"UI", syntax.encode())
    )
    return element(0x00020000, b"UL", struct.pack("<I", len(elements))) + elements


IMAGE = (
    element(0x00080060, b"CS", b"CT")
    + element(0x00100010, b"PN", b"CANARY^PATIENT")
    + sequence(0x00081140, item(element(0x00081150, b"UI", CT.encode())))
    + element(0x7FE00010, b"OW", bytes(range(256)) * 16)
)


def dicom(
    preamble: bytes = b"",
    data_set: bytes = IMAGE,
    sop_class: str = CT,
    instance: str = "1.2.3.4",
    syntax: str = EXPLICIT,
) -> bytes:
    """A whole DICOM file."""
    if syntax == DEFLATED:
        deflater = zlib.compressobj(wbits=-15)
        data_set = deflater.compress(data_set) + deflater.flush()
    return preamble.ljust(128, b"\0") + b"DICM" + header(sop_class, instance, syntax) + data_set


def encapsulated(document: bytes, media_type: bytes = b"application/pdf", sop_class: str = PDF) -> bytes:
    """A DICOM file that holds a document."""
    held = element(0x00420011, b"OB", document) + element(0x00420012, b"LO", media_type)
    return dicom(data_set=element(0x00080060, b"CS", b"DOC") + held, sop_class=sop_class)


def pdf(catalog: bytes = b"", objects: bytes = b"") -> bytes:
    """A document of one page; I(catalog) goes into its first dictionary."""
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>\nendobj\n"
        b"4 0 obj\n<< /Length 11 >>\nstream\n/JS /Launch\nendstream\nendobj\n"
        + objects
        + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"
    )


def object_stream(text: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    """Objects of a PDF in a compressed stream."""
    data = zlib.compress(text)
    return b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter %s /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (
        filters,
        len(data),
        data,
    )


def reader(data: bytes) -> Callable[[int, int], bytes]:
    """Reads of these bytes as a file gives them."""
    return lambda offset, size: data[offset : offset + size]


def pe(reach: int = 0x170) -> bytes:
    """A DICOM file that Windows takes for a program: the PE header stands in its data set, where the preamble says."""
    start = b"MZ" + b"\0" * 0x3A + struct.pack("<I", reach)
    whole = dicom(start, element(0x00090010, b"LO", b"X") + element(0x00091001, b"OB", b"\0" * 0x400) + IMAGE)
    assert len(whole) > reach + 4 > 0x3C
    return whole[:reach] + b"PE\0\0" + whole[reach + 4 :]


ELF = b"\x7fELF\x02\x01\x01\0" + b"\0" * 8 + struct.pack("<HHI", 2, 62, 1)
MACH_O = struct.pack("<IIII", 0xFEEDFACF, 0x01000007, 3, 2)
MACH_O_FAT = struct.pack(">IIII", 0xCAFEBABE, 2, 0x01000007, 3)
#: Preambles that are something else, with the kind and the word by which each must be found.
PREAMBLES: Mapping[str, tuple[bytes, str, str]] = {
    "elf": (ELF, "preamble_program", "elf"),
    "elf whose identification only Linux takes": (b"\x7fELF" + b"\0" * 12 + b"\x02\0\x3e\0", "preamble_program", "elf"),
    "elf's first bytes only": (b"\x7fELF", "preamble_stub", "elf"),
    "mach-o": (MACH_O, "preamble_program", "mach_o"),
    "mach-o, big endian, 32 bits": (struct.pack(">IIII", 0xFEEDFACE, 18, 0, 6), "preamble_program", "mach_o"),
    "mach-o, fat": (MACH_O_FAT, "preamble_program", "mach_o_fat"),
    "java class": (struct.pack(">IHH", 0xCAFEBABE, 0, 61), "preamble_program", "java_class"),
    "mz without more": (b"MZ\x90\0", "preamble_stub", "mz"),
    "mz that leads nowhere": (b"MZ" + b"\0" * 0x3A + b"\xff\xff\xff\x7f", "preamble_stub", "mz"),
    "shell script": (b"#!/bin/sh\necho no\nexit\n", "preamble_script", "shebang"),
    "php": (b"<?php echo 1; ?>", "preamble_script", "markup"),
    "html application": (b"\xef\xbb\xbf \n<HTA:APPLICATION>", "preamble_script", "markup"),
    "batch file": (b"@echo off\r\ngoto x\r\n", "preamble_script", "markup"),
    "windows shortcut": (b"L\0\0\0\x01\x14\x02\0", "preamble_program", "windows_shortcut"),
    "webassembly": (b"\0asm\x01\0\0\0", "preamble_program", "wasm"),
    "zip": (b"PK\x03\x04\x14\0", "preamble_archive", "zip"),
    "rar": (b"Rar!\x1a\x07\x01\0", "preamble_archive", "rar"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\x04", "preamble_archive", "7z"),
    "gzip": (b"\x1f\x8b\x08\0", "preamble_archive", "gzip"),
    "cab": (b"MSCF\0\0\0\0", "preamble_archive", "cab"),
    "pdf": (b"%PDF-1.7\n", "preamble_document", "pdf"),
    "pdf further on": (b"\0" * 100 + b"%PDF-1.7\n", "preamble_document", "pdf"),
    "office document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "preamble_document", "ole2"),
}
#: Preambles that are nobody's business.
HARMLESS: Mapping[str, bytes] = {
    "empty": b"",
    "tiff": b"II*\0\x08\0\0\0",
    "tiff, big endian": b"MM\0*\0\0\0\x08",
    "bigtiff": b"II+\0\x08\0\0\0",
    "bigtiff, big endian": b"MM\0+\0\x08\0\0",
    "a single byte, as some DICOMDIR writers leave": b"\0" * 17 + b"\x01",
    "text": b"Acme Medical, made with Acme 1.0",
    "bzip2's first letters": b"BZhang Medical Systems",
}
