"""The deep look: payloads in private elements, and whatever lies behind the end."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from dicom_files import (
    DEFLATED,
    ELF,
    IMAGE,
    MACH_O,
    UNDEFINED,
    dicom,
    element,
    encapsulated,
    item,
    part10_files,
    pdf,
    reader,
    sequence,
)

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.content import (
    INFLATED_MOST,
    Content,
    Known,
    judge_content,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import private_dictionary

CREATOR = element(0x00090010, b"LO", b"ACME 1.0")


def judge(data: bytes, known: Known | None = None) -> Content:
    return judge_content(reader(data), len(data), known)


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a" * 100)
    return file.getvalue()


def private(value: bytes, vr: bytes = b"OB") -> bytes:
    return dicom(data_set=CREATOR + element(0x00091001, vr, value) + IMAGE)


def test_no_alarm_on_real_files() -> None:
    counts: dict[str, int] = {}
    for path in part10_files():
        found = judge(path.read_bytes(), private_dictionary())
        assert found.findings == [], path
        for name, number in found.counts.items():
            counts[name] = counts.get(name, 0) + number
    assert counts == {"followed": 185, "not_followed": 3, "truncated": 2, "private_payloads": 3}


def test_a_plain_image() -> None:
    assert judge(dicom()) == Content([], {"followed": 1})
    assert judge(dicom(syntax=DEFLATED)) == Content([], {"followed": 1})


PE = b"MZ" + b"\0" * 0x3A + struct.pack("<I", 0x2000) + b"\0" * 0x2000
PE = PE[:0x2000] + b"PE\0\0" + PE[0x2004:]


@pytest.mark.parametrize(
    ("value", "finding"),
    [
        (PE, Finding("private_program", "pe")),
        (ELF.ljust(100, b"\0"), Finding("private_program", "elf")),
        (MACH_O.ljust(100, b"\0"), Finding("private_program", "mach_o")),
        (b"#!/bin/sh\n".ljust(100), Finding("private_program", "shebang")),
        (a_zip(), Finding("private_archive", "zip")),
        (b"7z\xbc\xaf\x27\x1c".ljust(100, b"\0"), Finding("private_archive", "7z")),
    ],
)
@pytest.mark.parametrize("vr", [b"OB", b"UN", b"OW"])
def test_a_private_payload(value: bytes, finding: Finding, vr: bytes) -> None:
    assert judge(private(value, vr)).findings == [finding]


def test_a_private_payload_in_a_sequence_of_a_deflated_data_set() -> None:
    hidden = sequence(0x00091002, item(CREATOR + element(0x00091003, b"UN", PE), True), undefined=True)
    found = judge(dicom(data_set=CREATOR + hidden + IMAGE, syntax=DEFLATED))
    assert found.findings == [Finding("private_program", "pe")]


@pytest.mark.parametrize(
    "value", [b"\x1f\x8b\x08\0" * 100, b"<html><script>" * 20, b"MZ" * 100, b"MZ", b"%PDF-1.7" * 20, b"\0" * 4096]
)
def test_what_makers_keep_for_themselves_is_no_alarm(value: bytes) -> None:
    assert judge(private(value)).findings == []


def test_private_elements_are_compared_with_the_dictionary() -> None:
    known = private_dictionary()
    assert known is not None
    large = b"x" * 2048
    siemens = element(0x00290010, b"LO", b"SIEMENS CSA HEADER") + element(0x00291010, b"OB", large)
    assert judge(dicom(data_set=siemens), known).counts == {"followed": 1, "private_payloads": 1}
    for stranger in (private(large), dicom(data_set=element(0x00291010, b"OB", large))):
        assert judge(stranger, known).counts == {"followed": 1, "private_payloads": 1, "private_unknown": 1}
    assert "private_unknown" not in judge(private(large)).counts


@pytest.mark.parametrize(
    ("behind", "finding"),
    [
        (PE, Finding("trailing_program", "pe")),
        (ELF, Finding("trailing_program", "elf")),
        (b"#!/bin/sh\n", Finding("trailing_program", "shebang")),
        (a_zip(), Finding("trailing_archive", "zip")),
        (b"Rar!\x1a\x07\0", Finding("trailing_archive", "rar")),
        (b"junk" * 25 + a_zip(), Finding("trailing_archive", "zip")),
        (b"secret message, 100 bytes".ljust(100), Finding("trailing_data", "100 bytes")),
    ],
)
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", DEFLATED])
def test_what_lies_behind_the_end(behind: bytes, finding: Finding, syntax: str) -> None:
    found = judge(dicom(syntax=syntax) + behind)
    assert found.findings == [finding]
    assert found.counts == {"followed": 1}


def test_padding_behind_the_end_is_no_alarm() -> None:
    for data in (dicom() + b"\0" * 5000, dicom() + b"\n", dicom(syntax=DEFLATED) + b"\0"):
        assert judge(data) == Content([], {"followed": 1, "padded": 1})
    assert judge(dicom(data_set=IMAGE + element(0xFFFCFFFC, b"OB", b"\0" * 100))).findings == []


def test_padding_that_is_none() -> None:
    found = judge(dicom(data_set=IMAGE + element(0xFFFCFFFC, b"OB", PE)))
    assert found.findings == [Finding("trailing_program", "pe")]


def test_an_archive_at_the_end_of_the_pixels() -> None:
    pixels = element(0x7FE00010, b"OW", b"\0" * 1000 + a_zip() + b"\0" * 0)
    assert judge(dicom(data_set=pixels)).findings == [Finding("trailing_archive", "zip")]
    assert zipfile.is_zipfile(io.BytesIO(dicom(data_set=pixels)))


def test_the_words_of_an_archive_alone_are_no_archive() -> None:
    for words in (b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, b"PK\x05\x06" + b"\0" * 18, b"PK\x01\x02PK\x05\x06" * 9):
        assert judge(dicom(data_set=element(0x7FE00010, b"OW", b"\0" * 100 + words))).findings == []


def test_a_file_that_is_cut_short_is_no_alarm() -> None:
    for size in range(133, len(dicom()), 7):
        found = judge(dicom()[:size])
        assert found.findings == []
        assert found.counts.get("followed", 0) + found.counts.get("not_followed", 0) == 1


def test_a_deflate_bomb_is_found_before_it_goes_off() -> None:
    deflater = zlib.compressobj(9, wbits=-15)
    pieces = [deflater.compress(b"\0" * (1 << 20)) for _megabyte in range(4 * INFLATED_MOST >> 20)]
    bomb = b"".join(pieces) + deflater.flush()
    data = dicom(data_set=b"", syntax=DEFLATED).rpartition(b"\x03\0")[0] + bomb
    found = judge(data)
    assert found.findings == [Finding("deflate_bomb", "more than 64 MB")]
    assert found.counts == {"not_followed": 1}


def test_nonsense_that_calls_itself_deflated() -> None:
    data = dicom(data_set=b"", syntax=DEFLATED).rpartition(b"\x03\0")[0] + b"\xff" * 1000
    assert judge(data) == Content([], {"not_followed": 1})


def test_a_document_is_judged_where_it_stands() -> None:
    assert judge(encapsulated(pdf())) == Content([], {"followed": 1, "documents": 1})
    found = judge(encapsulated(pdf(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")))
    assert Finding("document_active", "javascript") in found.findings
    nested = dicom(data_set=sequence(0x00081140, item(element(0x00420011, b"OB", PE))))
    assert judge(nested).findings == [Finding("document_program", "pe")]


def test_an_undefined_length_that_never_ends() -> None:
    assert judge(dicom(data_set=element(0x7FE00010, b"OB", b"\0" * 100, UNDEFINED))).counts == {"not_followed": 1}
