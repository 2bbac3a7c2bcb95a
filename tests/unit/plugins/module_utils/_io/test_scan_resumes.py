"""A pass that takes several runs, or whose runs are killed, comes to the same result as one that takes one."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dicom_files import ELF, dicom

from ansible_collections.pacs.hardening.plugins.module_utils._io import dicom_files, scan_state, tree
from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import Looker

FOLDERS, FILES = 40, 3
RESULT = ("counts", "by_kind", "by_severity", "not_read", "findings_left_out")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders in folders, findings here and there, and files that nobody can read."""
    monkeypatch.setattr(dicom_files, "_SETTLED_NS", -1)
    root = tmp_path / "store"
    for number in range(FOLDERS):
        folder = root / f"{number % 7}" / f"{number}"
        folder.mkdir(parents=True)
        for image in range(FILES):
            (folder / f"IM{image}").write_bytes(dicom(ELF if number % 10 == image else b""))
        (folder / "link").symlink_to("nowhere")
    (root / "note").write_text("x", encoding="utf-8")
    return root


def scan(store: Path, seconds: float = 60, name: str = "state", **options: Any) -> dict[str, Any]:
    return scan_store(str(store), Scan(state_directory=str(store.parent / name), **options), time.monotonic() + seconds)


def run_to_the_end(store: Path, **options: Any) -> Iterator[dict[str, Any]]:
    """The documents of runs that have no time at all, up to the one that completes the pass."""
    for _run in range(FOLDERS * 6):
        document = scan(store, seconds=-1, **options)
        yield document
        if document["complete"]:
            return
    raise AssertionError("it never ends")


def result(document: dict[str, Any]) -> dict[str, Any]:
    assert document["complete"]
    return {name: document[name] for name in RESULT}


@pytest.fixture
def expected(store: Path) -> dict[str, Any]:
    at_once = result(scan(store, name="at once"))
    assert at_once["counts"]["files"] == FOLDERS * FILES + 1
    assert at_once["counts"]["symbolic_links"] == FOLDERS
    assert at_once["by_kind"] == {"preamble_program": 12, "not_dicom": 1}
    return at_once


def test_each_run_gets_further_however_short_it_is(store: Path, expected: dict[str, Any]) -> None:
    runs = list(run_to_the_end(store, show_paths=True))
    assert len(runs) > FOLDERS
    assert all("run it again" in run["summary"] for run in runs[:-1])
    document = runs[-1]
    assert result(document) == expected
    assert {finding["path"] is None for finding in document["findings"]} == {False}
    (state,) = (store.parent / "state").iterdir()
    with sqlite3.connect(state) as database:
        assert [name for (name,) in database.execute("SELECT name FROM facts ORDER BY name")] == ["key", "last", "pass"]
    again = scan(store)
    assert result(again) == expected
    assert again["progress"]["read"] == 0


def test_a_pass_says_how_many_files_there_may_be(store: Path) -> None:
    scan(store)
    (store / "new").write_bytes(dicom())
    assert f"of about {FOLDERS * FILES + 1}" in scan(store, seconds=-1)["summary"]


def killed_after(groups: int, store: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Scan in a process of its own that is killed when it begins to look at one group more; False if it came to the
    end.
    """
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = [groups]
    look = Looker.look

    def counted(self: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return look(self, *arguments)

    try:
        monkeypatch.setattr(Looker, "look", counted)
        scan(store)
    finally:
        os._exit(0)


@pytest.mark.parametrize("groups", [1, 7, 25, 40])
def test_a_run_that_is_killed(
    store: Path, expected: dict[str, Any], groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two checkpoints of many."""
    monkeypatch.setattr(scan_state, "_CHECKPOINT_ROWS", 5)
    assert killed_after(groups, store, monkeypatch)
    document = scan(store)
    assert result(document) == expected
    if groups > 10:
        assert document["progress"]["read"] < FOLDERS * FILES, "what was done before is not done again"


def test_killed_again_and_again(store: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_state, "_CHECKPOINT_ROWS", 3)
    deaths = 0
    while killed_after(4, store, monkeypatch):
        deaths += 1
        assert deaths < 100
    assert deaths > 3
    assert result(scan(store)) == expected


def test_check_mode_after_a_run_that_was_killed_while_it_wrote(store: Path, expected: dict[str, Any]) -> None:
    scan(store)
    (state,) = (store.parent / "state").iterdir()
    child = os.fork()
    if not child:
        database = sqlite3.connect(state, isolation_level=None)
        database.execute("PRAGMA cache_size = 5")
        database.execute("BEGIN IMMEDIATE")
        rows = [(os.urandom(16), 1, "x" * 300) for _row in range(2000)]
        database.executemany("INSERT INTO found VALUES (?, ?, ?)", rows)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    before = {path: path.read_bytes() for path in state.parent.iterdir()}
    assert len(before) == 2, "what undoes the write lies beside it"

    document = scan(store, writable=False)
    assert result(document) == expected and "interrupted" in document["note"]
    assert {path: path.read_bytes() for path in state.parent.iterdir()} == before

    document = scan(store)
    assert result(document) == expected
    assert (document["note"], document["progress"]["read"]) == (None, 0)


def test_folders_that_are_done_are_not_even_listed_again(store: Path) -> None:
    for document in run_to_the_end(store):
        assert document["progress"]["read"] + document["progress"]["unchanged"] <= 2 * FILES


def test_a_folder_that_cannot_be_opened_is_counted_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = tree.open_folder

    def shut(path: str, above: int | None = None) -> int:
        if path == "13":
            raise PermissionError(13, "Permission denied")
        return really(path, above)

    monkeypatch.setattr(tree, "open_folder", shut)
    *_others, document = run_to_the_end(store)
    assert document["not_read"] == {"not_permitted": 1}
    assert document["counts"]["files"] == (FOLDERS - 1) * FILES + 1
