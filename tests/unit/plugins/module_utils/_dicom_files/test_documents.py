"""Encapsulated documents: what acts by itself is found, wherever in it, and ordinary ones are left alone."""

from __future__ import annotations

import time

import pytest
from dicom_files import object_stream, pdf, reader

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.documents import LONGEST, judge_document
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding


def judge(data: bytes, declared: str = "application/pdf") -> list[Finding]:
    return judge_document(reader(data), len(data), declared)


ORDINARY = [
    b"",
    b"/OpenAction [3 0 R /Fit]",
    b"/OpenAction << /S /GoTo /D [3 0 R /FitH 0] >>",
    b"/OpenAction 5 0 R",
    b"/Names << /Dests 6 0 R >> /URI << /Base (http://example.org) >>",
    b"/JSON (x) /LaunchPad (x) /XFAN (x)",
]


@pytest.mark.parametrize("catalog", ORDINARY)
def test_an_ordinary_document(catalog: bytes) -> None:
    assert judge(pdf(catalog, b"5 0 obj\n[3 0 R /Fit]\nendobj\n")) == []
    assert judge(pdf(catalog, b"5 0 obj\n<< /S /GoTo /D [3 0 R /Fit] >>\nendobj\n" + object_stream(b"5 0 << >>"))) == []


@pytest.mark.parametrize(
    ("catalog", "expected"),
    [
        (b"/OpenAction << /S /JavaScript /JS 5 0 R >>", {"javascript", "open_action"}),
        (b"/OpenAction << /S /J#61vaScript /#4a#53 5 0 R >>", {"javascript", "open_action"}),
        (b"/Names << /JavaScript 5 0 R >>", {"javascript"}),
        (b"/OpenAction << /S /Launch /F (cmd.exe) >>", {"launch", "open_action"}),
        (b"/AA << /O << /S /SubmitForm /F (http://x) >> >>", {"submit_form", "additional_action"}),
        (b"/AcroForm << /XFA 5 0 R >>", {"xfa"}),
        (b"/Names << /EmbeddedFiles 5 0 R >>", {"embedded_file"}),
        (b"/OpenAction 7 0 R", {"open_action"}),
        (b"/OpenAction 6 0 R", {"open_action"}),
        (b"/Extra << /Subtype/RichMedia>>", {"rich_media"}),
    ],
)
def test_what_a_document_does(catalog: bytes, expected: set[str]) -> None:
    objects = b"6 0 obj\n<< /S /Named /N /Print >>\nendobj\n"
    assert {one.what for one in judge(pdf(catalog, objects))} == expected
    assert {one.what for one in judge(b"\0" * 900 + pdf(catalog, objects))} == expected


def test_what_it_does_out_of_a_compressed_stream() -> None:
    text = b"5 0 << /S /JavaScript /JS (x) >>"
    for filters in (b"/FlateDecode", b"[/FlateDecode]", b"/Fl#61teDecode"):
        assert judge(pdf(b"", object_stream(text, filters))) == [Finding("document_active", "javascript")]


def test_what_cannot_be_looked_into_is_said() -> None:
    hidden = Finding("document_hidden", "objects in a stream that can't be read")
    assert judge(pdf(b"", object_stream(b"x", b"/LZWDecode"))) == [hidden]
    assert judge(pdf(b"", object_stream(b"x", b"[/FlateDecode /ASCIIHexDecode]"))) == [hidden]
    assert judge(pdf(b"", object_stream(b"x").replace(b"x\x9c", b"??"))) == [hidden]
    assert judge(pdf(b"", object_stream(b"\0" * (LONGEST + 1)))) == [hidden]
    assert judge(pdf(b"/Encrypt 8 0 R", object_stream(b"x"))) == [Finding("document_hidden", "encrypted")]
    assert judge(pdf(b"", b"%" + b" " * LONGEST)) == [Finding("document_hidden", "longer than 16 MB")]


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (b"\x7fELF\x02\x01\x01\0" + b"\0" * 12, "application/pdf", [Finding("document_program", "elf")]),
        (b"MZ" + b"\0" * 80, "model/stl", [Finding("document_program", "mz")]),
        (b"PK\x03\x04", "application/pdf", [Finding("document_program", "zip")]),
        (b"hello", "application/pdf", [Finding("document_other", "no PDF")]),
        (b"solid x", "model/stl", []),
        (b"\0" * 84, "model/stl", []),
        (b"", "", []),
        (b"<?xml version='1.0'?><ClinicalDocument/>", "text/xml", []),
        (b"<?xml-stylesheet href='CDA.xsl'?><ClinicalDocument/>", "text/xml", []),
        (
            b"<?xml-stylesheet type='text/xsl' href=\"http://x/CDA.xsl\"?><ClinicalDocument/>",
            "text/xml",
            [Finding("document_carries", "stylesheet from elsewhere")],
        ),
        (b"\xef\xbb\xbf <a><SCRIPT>x", "text/xml", [Finding("document_active", "script")]),
        ("\ufeff<a href='javascript:x'>".encode(), "text/xml", [Finding("document_active", "javascript")]),
        (
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
            "text/xml",
            [Finding("document_carries", "entity")],
        ),
    ],
)
def test_other_documents(data: bytes, declared: str, expected: list[Finding]) -> None:
    assert judge(data, declared) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7" + b"/OpenAction 1 0 R " * 100_000,
        b"%PDF-1.7" + b"/AA<<" * 200_000,
        b"%PDF-1.7" + object_stream(b"\0" * 8_000_000) * 200,
        b"%PDF-1.7" + b"> stream\n" * 200_000,
        b"%PDF-1.7" + b"> stream\nendstream obj" * 100_000,
        b"<?xml-stylesheet " * 200_000,
    ],
    ids=["openaction", "aa", "streams", "endless", "obj", "xml"],
)
def test_no_document_takes_long(data: bytes) -> None:
    started = time.process_time()
    judge(data)
    assert time.process_time() - started < 5
