"""How stores share the time of a run, and what is told meanwhile; by a clock on which each group of files takes 1 s."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dicom_files import dicom

from ansible_collections.pacs.hardening.plugins.module_utils._io import dicom_files
from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_stores
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import Looker

FOLDERS = 40


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    now, look = [0.0], Looker.look

    def slow(*arguments: Any) -> Any:
        now[0] += 1
        return look(*arguments)

    clock = SimpleNamespace(monotonic=lambda: now[0], time=time.time, time_ns=time.time_ns)
    monkeypatch.setattr(dicom_files, "time", clock)
    monkeypatch.setattr(Looker, "look", slow)
    monkeypatch.setattr(dicom_files, "_SETTLED_NS", 10**18)  # nothing is remembered, however slow this machine is
    # For good, and this process has other tests to run; test_priority.py looks at the real one.
    monkeypatch.setattr(dicom_files, "step_back", lambda: {"processor": True, "disk": True})
    folders = [tmp_path / name for name in ("archive", "import")]
    for folder in folders:
        for number in range(FOLDERS):
            (folder / f"{number}").mkdir(parents=True)
            (folder / f"{number}" / "CANARY^PATIENT").write_bytes(dicom())
    return [str(folder) for folder in folders]


def scan(stores: list[str], seconds: float, told: list[str]) -> list[dict[str, Any]]:
    state = str(Path(stores[0]).parent / "state")
    found: list[dict[str, Any]] = scan_stores(stores, Scan(state_directory=state), seconds, told.append)["stores"]
    return found


def test_each_store_gets_its_share(stores: list[str]) -> None:
    read = [store["progress"]["read"] for store in scan(stores, 20, [])]
    assert read == [10, 10]
    small, large = stores
    for number in range(3, FOLDERS):
        (Path(small) / f"{number}" / "CANARY^PATIENT").unlink()
    read = [store["progress"]["files"] for store in scan([small, large], 20, [])]
    assert read[1] > 20, "what one leaves, another takes"


def test_every_half_minute_it_is_told_how_far_the_run_is(stores: list[str]) -> None:
    told: list[str] = []
    (archive, _import) = scan(stores, 1000, told)
    assert archive["complete"]
    assert told == [f"{store}: 30 files looked at, 30 of them read in this run" for store in stores]
    told.clear()
    scan(stores, 1000, told)
    assert told == [f"{store}: 30 files of about 40 looked at, 30 of them read in this run" for store in stores]
