"""A DICOMDIR as it is read: against pydicom, on real ones; and what is wrong with crafted ones."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_files import dicom, element, item, reader, sequence
from pydicom.fileset import FileSet

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.dicomdir import (
    LARGEST,
    Directory,
    read_directory,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.names import is_file_id

TESTS = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_RECORDS_AT = 132 + len(dicom(data_set=b"", sop_class=DIRECTORY_CLASS)[132:]) + 12  # what stands before the sequence


def read(data: bytes) -> Directory:
    return read_directory(reader(data), len(data))


def record(following: int = 0, lower: int = 0, in_use: int = 0xFFFF, file: bytes = b"IM1", more: bytes = b"") -> bytes:
    return item(
        element(0x00041400, b"UL", struct.pack("<I", following))
        + element(0x00041410, b"US", struct.pack("<H", in_use))
        + element(0x00041420, b"UL", struct.pack("<I", lower))
        + element(0x00041430, b"CS", b"IMAGE")
        + (element(0x00041500, b"CS", file) if file else b"")
        + more
    )


def directory(*records: bytes, first: int | None = None) -> bytes:
    start = element(0x00041200, b"UL", struct.pack("<I", at_record(0) if first is None else first))
    return dicom(data_set=start + sequence(0x00041220, *records), sop_class=DIRECTORY_CLASS)


def at_record(number: int, size: int = len(record())) -> int:
    """Where the record of that number begins, if all before it are like the usual one."""
    return _RECORDS_AT + 12 + number * size


@pytest.mark.parametrize(
    "name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered", "TINY_ALPHA/DICOMDIR"]
)
def test_as_pydicom_reads_it(name: str) -> None:
    path = TESTS / name
    found = read(path.read_bytes())
    assert (found.unreadable, found.faults) == ("", ())
    wanted: list[tuple[Any, str]] = [
        (one.ReferencedFileID, one.ReferencedSOPInstanceUIDInFile)
        for one in pydicom.dcmread(path).DirectoryRecordSequence
        if "ReferencedFileID" in one and one.ReferencedFileID
    ]
    assert sorted((one.file, one.sop_instance) for one in found.records) == sorted(
        ((file,) if isinstance(file, str) else tuple(file), uid) for file, uid in wanted
    )
    assert found.explicit_little == (name not in ("DICOMDIR-bigEnd", "DICOMDIR-implicit"))


def test_as_pydicom_writes_it(tmp_path: Path) -> None:
    FileSet(TESTS / "DICOMDIR").copy(tmp_path)
    found = read((tmp_path / "DICOMDIR").read_bytes())
    assert len(found.records) == 31
    for one in found.records:
        header = pydicom.filereader.read_file_meta_info(tmp_path.joinpath(*one.file))
        assert one.sop_class == header.MediaStorageSOPClassUID
        assert one.sop_instance == header.MediaStorageSOPInstanceUID
        assert one.transfer_syntax == header.TransferSyntaxUID


def test_records_in_a_row_and_below_each_other() -> None:
    found = read(
        directory(record(following=at_record(1)), record(lower=at_record(2), file=b"IM2"), record(file=b"A\\IM3"))
    )
    assert (found.faults, found.unreadable) == ((), "")
    assert [one.file for one in found.records] == [("IM1",), ("IM2",), ("A", "IM3")]


FAULTS = [
    ([record(following=at_record(1)), record(following=at_record(0))], "records that lead to each other"),
    ([record(following=at_record(0))], "records that lead to each other"),
    ([record(lower=at_record(1)), record(following=at_record(1))], "records that lead to each other"),
    ([record(following=7)], "an offset that leads to no record"),
    ([record(lower=at_record(0) + 2)], "an offset that leads to no record"),
    ([record(), record()], "records that no other one leads to"),
    ([record(file=b"A" * 300)], "a file ID that is none"),
]


@pytest.mark.parametrize(("records", "fault"), FAULTS)
def test_records_that_do_not_hang_together(records: list[bytes], fault: str) -> None:
    assert read(directory(*records)).faults == (fault,)


def test_a_record_that_is_not_in_use_is_passed_over() -> None:
    found = read(directory(record(following=at_record(1), in_use=0), record(file=b"IM2"), record(in_use=0)))
    assert ([one.file for one in found.records], found.faults) == ([("IM2",)], ())


def test_what_lies_below_one_that_is_not_in_use_is_not_reached() -> None:
    found = read(directory(record(lower=at_record(1), in_use=0), record(file=b"IM2")))
    assert (found.records, found.faults) == ((), ("records that no other one leads to",))


def test_a_long_chain_is_no_deep_one() -> None:
    records = [record(following=at_record(number + 1)) for number in range(20_000)]
    found = read(directory(*records, record()))
    assert (len(found.records), found.faults) == (20_001, ())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no DICOM file"),
        (dicom(), "its header doesn't say that it is a directory"),
        (dicom(sop_class=DIRECTORY_CLASS), "it doesn't say where its first record is"),
        (dicom(sop_class=DIRECTORY_CLASS, syntax="1.2.840.10008.1.2.1.99"), "it is compressed"),
        (directory(record())[:-6], "a value is longer than what is left"),
        ((TESTS / "DICOMDIR-nooffset").read_bytes(), "a sequence in it can't be followed"),
    ],
)
def test_what_can_not_be_read(data: bytes, why: str) -> None:
    found = read(data)
    assert (found.unreadable, found.records) == (why, ())


def test_a_giant_is_not_read() -> None:
    assert "larger than" in read_directory(lambda _offset, _length: b"", LARGEST + 1).unreadable


@pytest.mark.parametrize(
    ("file", "right"),
    [
        (("IM1",), True),
        (("DICOM", "PAT_1", "im-1.dcm"), True),
        (("..", "etc"), False),
        ((".",), False),
        (("A", ""), False),
        (("/etc", "passwd"), False),
        (("A/B",), False),
        (("A\0B",), False),
        (("IM\n1",), False),
        (("C:",), False),
        (("A",) * 9, False),
    ],
)
def test_what_may_be_a_file_id(file: tuple[str, ...], right: bool) -> None:
    assert is_file_id(file) is right
