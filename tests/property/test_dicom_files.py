"""Whatever the bytes are, a file is judged, in time, without an error, and without a word of what it holds."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from dicom_files import PREAMBLES, dicom, encapsulated, object_stream, part10_files, pdf, pe, reader
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.content import judge_content
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.documents import judge_document
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Elements,
    Syntax,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.header import first_look
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.names import object_id, printable
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import BEGINNING

MUTATED = 5000
_LONGEST = 2.0  # seconds; the slowest real file takes some milliseconds


def mutated(number: int) -> Iterator[bytes]:
    """So many spoilt files, the same ones each time: bits, lengths, pieces lost, repeated, moved and swapped."""
    chance = random.Random(20261127)
    whole = [path.read_bytes() for path in part10_files()]
    whole = [data for data in whole if len(data) < 50_000]
    whole += [
        dicom(),
        pe(),
        dicom(syntax="1.2.840.10008.1.2.1.99"),
        encapsulated(pdf(b"/AA 5 0 R", object_stream(b"x"))),
    ]
    for _number in range(number):
        data = bytearray(chance.choice(whole))
        for _change in range(chance.choice((1, 1, 2, 5, 50))):
            at, size = chance.randrange(len(data) + 1), chance.choice((1, 2, 4, 8, 64, 1024))
            what = chance.randrange(7)
            if what == 0:
                data[at : at + size] = chance.randbytes(size)
            elif what == 1:
                data[at : at + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xfe\xff\0\xe0", b"\xff\xff\xff\x7f")
                )
            elif what == 2:
                del data[at : at + size]
            elif what == 3:
                data[at:at] = data[at : at + size]
            elif what == 4:
                data[at:at] = chance.choice(whole)[132 : 132 + size]
            elif what == 5:
                del data[at:]
            elif at < len(data):
                data[at] ^= 1 << chance.randrange(8)
        yield bytes(data)


def judge(data: bytes) -> list[Finding]:
    look = first_look(data[:BEGINNING], reader(data))
    content = judge_content(reader(data), len(data), lambda _tag, _creator: False)
    assert content.counts.get("followed", 0) + content.counts.get("not_followed", 0) == 1
    return [*([look.finding] if look.finding else []), *content.findings]


def test_five_thousand_spoilt_files() -> None:
    found = 0
    for data in mutated(MUTATED):
        started = time.process_time()
        findings = judge(data)
        assert time.process_time() - started < _LONGEST
        found += len(findings)
        assert all("CANARY" not in finding.says for finding in findings)
    assert found > 100, "some of them are what they were made from"


def test_a_preamble_is_found_whatever_follows() -> None:
    chance = random.Random(7)
    for data in mutated(200):
        for preamble, kind, what in PREAMBLES.values():
            whole = preamble.ljust(128, b"\0") + b"DICM" + chance.randbytes(50) + data
            assert first_look(whole[:BEGINNING], reader(whole)).finding == Finding(kind, what)


@given(st.binary(max_size=2000), st.sampled_from([EXPLICIT_LITTLE, EXPLICIT_BIG, IMPLICIT_LITTLE]))
def test_any_bytes_have_elements_in_order_and_an_end(data: bytes, syntax: Syntax) -> None:
    elements = Elements(reader(data), 0, len(data), syntax)
    before = 0
    for element in elements:
        assert before < element.offset <= len(data)
        assert element.length is None or element.offset + element.length <= len(data)
        before = element.offset
    assert 0 <= elements.position <= len(data)
    assert elements.fault or elements.position == len(data)


@given(
    st.binary(max_size=1000),
    st.sampled_from([b"", b"%PDF-1.7 ", b"<?xml ", b"%PDF-1.7 1 0 obj << /Type /ObjStm >> stream\n"]),
)
def test_any_bytes_are_a_document(data: bytes, start: bytes) -> None:
    whole = start + data
    judge_document(reader(whole), len(whole), "application/pdf")


@given(st.binary(min_size=1, max_size=64).filter(lambda name: b"\0" not in name))
def test_any_name_can_be_printed_and_stands_for_itself(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    assert printable(text).isprintable()
    assert object_id(text, b"key") != object_id(text + "x", b"key")
