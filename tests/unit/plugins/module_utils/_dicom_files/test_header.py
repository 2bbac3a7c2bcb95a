"""The first look: what hides in a preamble is found, and what belongs there is left alone."""

from __future__ import annotations

import pytest
from dicom_files import HARMLESS, IMAGE, PDF, PREAMBLES, dicom, part10_files, pe, reader

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.header import (
    DICOM,
    EMPTY,
    OTHER,
    WITHOUT_HEADER,
    Look,
    first_look,
    is_plain,
    may_encapsulate,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import KINDS, Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import BEGINNING


def look(data: bytes) -> Look:
    return first_look(data[:BEGINNING], reader(data))


@pytest.mark.parametrize("name", PREAMBLES)
def test_what_a_preamble_hides_is_found(name: str) -> None:
    preamble, kind, what = PREAMBLES[name]
    data = dicom(preamble)
    assert look(data).finding == Finding(kind, what)
    assert not is_plain(data[:BEGINNING])
    assert what in Finding(kind, what).says


@pytest.mark.parametrize("reach", [0x44, 0x84, 0x170, 0x300, 0x1000])
def test_a_pe_header_is_found_wherever_the_preamble_leads(reach: int) -> None:
    data = pe(reach)
    assert look(data).finding == Finding("preamble_program", "pe")
    assert look(data[:reach] + b"PF" + data[reach + 2 :]).finding == Finding("preamble_stub", "mz")


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_preamble_is_left_alone(name: str) -> None:
    found = look(dicom(HARMLESS[name]))
    assert (found.content, found.finding) == (DICOM, None)


def test_no_alarm_on_real_files() -> None:
    files = part10_files()
    assert len(files) == 188
    looks = [look(path.read_bytes()) for path in files]
    assert [one.finding for one in looks if one.finding] == []
    assert {one.content for one in looks} == {DICOM}
    assert [one.preamble for one in looks].count("tiff") == 9
    assert [one.preamble for one in looks].count("unknown") == 9


def test_plain_is_said_of_most_real_files_and_of_no_other() -> None:
    heads = [path.read_bytes()[:BEGINNING] for path in part10_files()]
    assert sum(is_plain(head) for head in heads) > 160
    for head in heads:
        if is_plain(head):
            assert first_look(head, reader(head)) == Look(DICOM)
    document = dicom(sop_class=PDF)[:BEGINNING]
    assert not is_plain(document) and may_encapsulate(document)
    assert is_plain(dicom()[:BEGINNING]) and not may_encapsulate(dicom()[:BEGINNING])


@pytest.mark.parametrize(
    ("data", "content", "finding"),
    [
        (b"", EMPTY, None),
        (b"\x7fELF\x02\x01\x01\0" + b"\0" * 12, OTHER, Finding("program", "elf")),
        (b"#!/bin/sh\n", OTHER, Finding("script", "shebang")),
        (b"<html><script>", OTHER, Finding("script", "markup")),
        (b"PK\x03\x04", OTHER, Finding("archive", "zip")),
        (b"\0" * 257 + b"ustar\x0000", OTHER, Finding("archive", "tar")),
        (b"BZh91AY&SY", OTHER, Finding("archive", "bzip2")),
        (b"MZ" + b"\0" * 100, OTHER, Finding("not_dicom", "mz")),
        (b"%PDF-1.4", OTHER, Finding("not_dicom", "pdf")),
        (b"{\\rtf1", OTHER, Finding("not_dicom", "rtf")),
        (b"hello", OTHER, Finding("not_dicom", "unknown")),
        (b"\0" * 127 + b"DICM", OTHER, Finding("not_dicom", "unknown")),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", WITHOUT_HEADER, None),
        (b"\0\x08\0\x05CS\0\x0aISO_IR 100", WITHOUT_HEADER, None),
        (b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100", WITHOUT_HEADER, None),
        (b"\x08\0\x05\0", OTHER, Finding("not_dicom", "unknown")),
    ],
)
def test_a_file_that_is_not_dicom(data: bytes, content: str, finding: Finding | None) -> None:
    assert look(data) == Look(content, finding=finding)


def test_a_program_that_is_no_dicom_file_is_found_by_its_far_header() -> None:
    data = pe(0x300)
    assert look(data[:128] + b"XXXX" + data[132:]).finding == Finding("program", "pe")


def test_every_kind_speaks() -> None:
    for kind in KINDS:
        assert "{" not in Finding(kind, "x").says


def test_an_image_without_preamble_is_a_data_set() -> None:
    assert look(IMAGE).content == WITHOUT_HEADER
