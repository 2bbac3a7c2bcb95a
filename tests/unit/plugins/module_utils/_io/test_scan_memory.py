"""A scan's memory doesn't grow with the store: neither with files in a folder, nor with folders, nor with findings."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from dicom_files import ELF, dicom

from ansible_collections.pacs.hardening.plugins.module_utils._io import scan_state, tree
from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store

FEW, MANY = 200, 1000  # files: half of them in one folder, the others in one each
_FOR_COUNTS = 15_000  # bytes; a row of one file takes more than 300


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held at once is bounded; with small bounds, few files show whether it is."""
    monkeypatch.setattr(tree, "LARGEST_GROUP", 32)
    monkeypatch.setattr(scan_state, "_CHECKPOINT_ROWS", 20)


def peak(store: Path) -> int:
    """Bytes at the highest point of a first pass."""
    scan = Scan(state_directory=f"{store}-state", findings=10)
    tracemalloc.start()
    try:
        found = scan_store(str(store), scan, time.monotonic() + 600)
        assert found["complete"] and found["by_severity"]["high"] == found["counts"]["files"]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_five_times_the_files_take_no_more_memory(tmp_path: Path) -> None:
    data = dicom(ELF)
    peaks: list[int] = []
    for number in (FEW, FEW, MANY):  # the first one also pays for what is imported
        store = tmp_path / f"store{len(peaks)}"
        for image in range(number):
            folder = store / ("flat" if image < number // 2 else f"{image}")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"IM{image}").write_bytes(data)
        peaks.append(peak(store))
    assert peaks[2] < peaks[1] + _FOR_COUNTS, peaks
