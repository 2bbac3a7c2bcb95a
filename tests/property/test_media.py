"""Whatever a DICOMDIR holds, it is read in time and without an error, and a medium with it is judged."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest
from dicom_files import reader
from hypothesis import given
from hypothesis import strategies as st
from judged_media import judge
from media import write_medium

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.dicomdir import Directory, read_directory
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.names import is_file_id, odd

MUTATED = 2000
_ITEM = b"\xfe\xff\0\xe0"
_LONGEST = 2.0  # seconds; a clean one of this size takes some milliseconds


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_medium(tmp_path_factory.mktemp("media") / "clean")


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Bits, numbers, pieces lost, repeated and moved; offsets that lead elsewhere."""
    changed = bytearray(data)
    for _change in range(chance.choice((1, 1, 2, 5, 50))):
        at, size = chance.randrange(132, len(changed)), chance.choice((1, 2, 4, 8, 64, 1024))
        what = chance.choice((0, 1, 2, 3, 4, 5, 5))
        if what == 0:
            changed[at : at + size] = chance.randbytes(size)
        elif what == 1:
            changed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xfe\xff\0\xe0"))
        elif what == 2:
            del changed[at : at + size]
        elif what == 3:
            changed[at:at] = changed[at : at + size]
        elif what == 4:
            changed[at] ^= 1 << chance.randrange(8)
        else:
            found = changed.find(bytes.fromhex(chance.choice(("04000014554c0400", "04002014554c0400"))), at)
            if found >= 0:
                record = changed.find(_ITEM, chance.randrange(len(changed)))
                elsewhere = chance.choice((record, chance.randrange(len(changed))))
                changed[found + 8 : found + 12] = max(elsewhere, 0).to_bytes(4, "little")
        if len(changed) <= 133:
            break
    return bytes(changed)


def read(data: bytes) -> Directory:
    started = time.process_time()
    found = read_directory(reader(data), len(data))
    assert time.process_time() - started < _LONGEST
    assert len(found.records) <= found.total
    assert not (found.unreadable and found.records)
    assert all(text.isascii() and text.isprintable() for text in (*found.faults, found.unreadable))
    return found


def test_two_thousand_spoilt_directories(medium: Path) -> None:
    chance = random.Random(20261127)
    data = (medium / "DICOMDIR").read_bytes()
    outcomes: Counter[str] = Counter()
    for _number in range(MUTATED):
        found = read(spoilt(data, chance))
        outcomes.update([found.unreadable, *found.faults])
    assert len(outcomes) >= 6, outcomes
    assert outcomes["records that lead to each other"] > 20
    assert outcomes["an offset that leads to no record"] > 20


def test_media_with_spoilt_directories(medium: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    data = (medium / "DICOMDIR").read_bytes()
    copy = Path(shutil.copytree(medium, tmp_path / "medium"))
    verdicts: Counter[str] = Counter()
    for _number in range(50):
        (copy / "DICOMDIR").write_bytes(spoilt(data, chance))
        verdicts[judge(copy)["verdict"]] += 1
    assert set(verdicts) <= {"import", "quarantine"}
    assert verdicts["quarantine"] > 10, "some spoil nothing that matters"


@given(st.binary(max_size=2000))
def test_any_bytes_behind_a_header_are_read(data: bytes) -> None:
    head = b"\0" * 128 + b"DICM" + b"\x02\0\x02\0UI\x14\0" + b"1.2.840.10008.1.3.10"
    read(head + data)


@given(st.lists(st.text(max_size=20), max_size=10).map(tuple))
def test_a_file_id_leads_nowhere_else(file: tuple[str, ...]) -> None:
    if is_file_id(file):
        path = "/".join(file)
        assert ".." not in file and not path.startswith("/") and path == "/".join(Path(path).parts)
        assert path.isascii() and path.isprintable()


@given(st.text())
def test_any_name_is_judged(name: str) -> None:
    assert odd(name).isascii()
