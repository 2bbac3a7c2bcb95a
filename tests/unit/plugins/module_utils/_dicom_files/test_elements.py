"""The walk through a data set, against pydicom on real files, and against what a hostile writer may do."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import pydicom
import pytest
from dicom_files import CT, EXPLICIT, IMPLICIT, UNDEFINED, dicom, element, header, item, part10_files, reader, sequence
from pydicom.dataset import Dataset

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.elements import (
    DEEPEST,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    ITEM,
    Elements,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.part10 import part10, syntax_of, uid

# Damaged on purpose: pydicom reads on where the walk stops, or keeps what it doesn't understand as it is.
DAMAGED = {"MR_truncated.dcm", "rtplan_truncated.dcm", "DICOMDIR-nooffset"}


def walk(data: bytes, syntax: tuple[bool, bool] = EXPLICIT_LITTLE) -> Elements:
    elements = Elements(reader(data), 0, len(data), syntax)  # type: ignore[arg-type]
    elements.seen = list(elements)  # type: ignore[attr-defined]
    return elements


def tags_of(dataset: Dataset) -> list[int]:
    """Every element with those of its sequences, in order."""
    found: list[int] = []
    for one in dataset:
        found.append(int(one.tag))
        if one.VR == "SQ":
            for part in one.value:
                found.append(ITEM)
                found += tags_of(part)
    return found


@pytest.mark.parametrize("path", part10_files(), ids=lambda path: path.name)
def test_the_same_elements_as_pydicom(path: Path) -> None:
    data = path.read_bytes()
    read = reader(data)
    found = part10(read, len(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pydicom.dcmread(path)
        meta = theirs.file_meta
        assert found.transfer_syntax == str(meta.get("TransferSyntaxUID", ""))
        assert found.sop_class == str(meta.get("MediaStorageSOPClassUID", ""))
        assert found.sop_instance == str(meta.get("MediaStorageSOPInstanceUID", ""))
        if found.deflated or path.name in DAMAGED:
            return
        elements = Elements(read, found.end, len(data), syntax_of(found, data[found.end : found.end + 8]))
        mine = list(elements)
        assert (elements.fault, elements.skipped, elements.position) == ("", 0, len(data))
        # pydicom keeps a repeated element once, sorts, and leaves some sequences of unknown representation closed.
        assert sorted({one.tag for one in mine if not one.depth}) == [int(one.tag) for one in theirs]
        assert {one.tag for one in mine} >= set(tags_of(theirs))


@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_within_sequences(undefined: bool) -> None:
    inner = sequence(0x00091002, item(element(0x00080060, b"CS", b"CT"), undefined), undefined=undefined)
    elements = walk(sequence(0x00081140, item(inner, undefined), item(b"", undefined), undefined=undefined))
    assert elements.fault == ""
    assert [(one.tag, one.depth) for one in elements.seen] == [  # type: ignore[attr-defined]
        (0x00081140, 0),
        (ITEM, 1),
        (0x00091002, 1),
        (ITEM, 2),
        (0x00080060, 2),
        (ITEM, 1),
    ]


def test_a_sequence_of_unknown_representation_is_written_in_implicit_vr() -> None:
    hidden = struct.pack("<HHI", 0x0008, 0x0060, 2) + b"CT"
    content = struct.pack("<HHI", 0xFFFE, 0xE000, len(hidden)) + hidden + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    elements = walk(element(0x00091001, b"UN", content, UNDEFINED) + element(0x00100020, b"LO", b"1"))
    assert [one.tag for one in elements.seen] == [0x00091001, ITEM, 0x00080060, 0x00100020]  # type: ignore[attr-defined]


def test_compressed_pixel_data_is_passed_over_fragment_by_fragment() -> None:
    fragments = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, size) + b"\xff" * size for size in (0, 20000, 8))
    data = element(0x7FE00010, b"OB", fragments + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), UNDEFINED)
    elements = walk(data + element(0xFFFCFFFC, b"OB", b"\0\0"))
    assert (elements.fault, elements.position) == ("", len(elements.read(0, 1 << 20)))


def test_a_sequence_that_makes_no_sense_is_passed_over_if_its_length_is_known() -> None:
    broken = element(0x00081140, b"SQ", b"no item is here")
    elements = walk(broken + element(0x00100020, b"LO", b"1"))
    assert (elements.fault, elements.skipped) == ("", 1)
    assert [one.tag for one in elements.seen] == [0x00081140, 0x00100020]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (element(0x00080060, b"CS", b"CT") + b"\x10\0", "middle of an element"),
        (element(0x00080060, b"XX", b"CT"), "no known value representation"),
        (element(0x00080060, b"CS", b"CT", 4), "longer than what is left"),
        (element(0x00080060, b"UT", b"CT", UNDEFINED), "doesn't say its length"),
        (struct.pack("<HHI", 0xFFFE, 0xE00D, 0), "nothing to delimit"),
        (element(0x7FE00010, b"OW", b"\0\0") + element(0x00080060, b"CS", b"CT"), "goes on after its end"),
        (
            element(0x00081140, b"SQ", struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED), UNDEFINED) * (DEEPEST + 2),
            "too deep",
        ),
    ],
)
def test_where_it_stops_and_why(data: bytes, fault: str) -> None:
    elements = walk(data)
    assert fault in elements.fault
    assert elements.position < len(data)


def test_it_ends_also_where_elements_go_on_for_ever() -> None:
    endless = element(0x00090010, b"LO", b"")
    elements = Elements(lambda offset, size: (endless * 1024)[offset % 8 :][:size], 0, 1 << 60, EXPLICIT_LITTLE, 5000)
    assert len(list(elements)) == 5000
    assert "too many" in elements.fault


def test_what_the_header_says_wrongly_is_seen_in_the_data_set() -> None:
    implicit = struct.pack("<HHI", 0x0008, 0x0060, 2) + b"CT"
    for syntax, data, expected in (
        (EXPLICIT, implicit, IMPLICIT_LITTLE),
        (IMPLICIT, element(0x00080060, b"CS", b"CT"), EXPLICIT_LITTLE),
        (IMPLICIT, implicit, IMPLICIT_LITTLE),
    ):
        whole = dicom(data_set=data, syntax=syntax)
        found = part10(reader(whole), len(whole))
        assert syntax_of(found, whole[found.end : found.end + 8]) == expected


def test_a_header_that_never_ends_or_is_not_there() -> None:
    for data in (b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + header()[:40]):
        assert part10(reader(data), len(data)).transfer_syntax == ""
    assert part10(reader(dicom()), len(dicom())).sop_class == CT


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"1.2.3\0", "1.2.3"), (b"1.2.3 ", "1.2.3"), (b"", ""), (b"CANARY^PATIENT", ""), (b"1" * 65, "")],
)
def test_a_uid_is_a_uid_or_nothing(value: bytes, expected: str) -> None:
    assert uid(value) == expected
