"""A store as it is scanned: what is found, what is never opened, what is remembered, and what is never said."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dicom_files import ELF, PREAMBLES, dicom, element, encapsulated, part10_files, pdf

from ansible_collections.pacs.hardening.plugins.module_utils._io import dicom_files
from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import MOST_OF_GROUP, Looker
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

PATIENT = "CANARY^PATIENT"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes devices, or becomes somebody else")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are believed to be settled at once; one test looks at what happens otherwise."""
    monkeypatch.setattr(dicom_files, "_SETTLED_NS", -1)


def scan(store: Path, seconds: float = 60, **options: Any) -> dict[str, Any]:
    options.setdefault("state_directory", str(store.parent / "state"))
    return scan_store(str(store), Scan(**options), time.monotonic() + seconds)


def fill(store: Path, folders: int = 3, files: int = 4) -> None:
    for number in range(folders):
        (store / f"{number}").mkdir()
        for image in range(files):
            (store / f"{number}" / f"IM{image}").write_bytes(dicom())


def kinds(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["kind"], finding["what"]) for finding in document["findings"]]


def test_an_ordinary_store(store: Path) -> None:
    fill(store)
    document = scan(store)
    assert (document["status"], document["complete"], document["findings"]) == ("assessed", True, [])
    counts = {name: number for name, number in document["counts"].items() if number}
    assert counts == {"files": 12, "folders": 4, "dicom": 12}
    assert document["summary"] == "12 files; nothing found"


def test_no_alarm_on_real_files(store: Path) -> None:
    for number, path in enumerate(part10_files()):
        (store / f"IM{number}").write_bytes(path.read_bytes())
    for deep in (False, True):
        document = scan(store, deep=deep)
        assert (document["findings"], document["counts"]["dicom"]) == ([], 188)


@pytest.mark.parametrize("name", PREAMBLES)
def test_every_crafted_preamble_is_found(store: Path, name: str) -> None:
    preamble, kind, what = PREAMBLES[name]
    fill(store)
    (store / "1" / "IM0001").write_bytes(dicom(preamble))
    assert kinds(scan(store)) == [(kind, what)]


def test_files_that_are_not_images(store: Path) -> None:
    (store / "a").write_bytes(ELF)
    (store / "b").write_text("hello", encoding="utf-8")
    (store / "c").write_bytes(b"PK\x03\x04")
    (store / "d").touch()
    (store / "e.dcm.LNK").write_bytes(dicom())
    (store / "f").write_bytes(element(0x00080005, b"CS", b"ISO_IR 100"))
    (store / "g").write_bytes(dicom())
    (store / "g").chmod(0o755)
    document = scan(store)
    assert sorted(kinds(document)) == [
        ("archive", "zip"),
        ("executable_bit", ""),
        ("not_dicom", "unknown"),
        ("program", "elf"),
        ("program_name", "lnk"),
    ]
    assert document["by_severity"] == {"high": 2, "medium": 2, "low": 1}
    counts = {name: number for name, number in document["counts"].items() if number}
    assert counts == {"files": 7, "folders": 1, "dicom": 2, "without_header": 1, "not_dicom": 3, "empty": 1}


def test_a_document_is_found_without_a_deep_look_where_the_header_says_so(store: Path) -> None:
    (store / "a").write_bytes(encapsulated(pdf(b"/OpenAction << /S /Launch >>")))
    (store / "b").write_bytes(encapsulated(pdf(b"/OpenAction << /S /Launch >>"), sop_class="1.2.840.10008.5.1.4.1.1.2"))
    assert scan(store)["by_kind"] == {"document_active": 1, "document_carries": 1}
    assert scan(store, deep=True)["by_kind"] == {"document_active": 2, "document_carries": 2}


def test_a_deep_look_finds_what_a_quick_one_does_not(store: Path) -> None:
    (store / "a").write_bytes(dicom() + b"#!/bin/sh\n")
    assert scan(store)["findings"] == []
    assert kinds(scan(store, deep=True)) == [("trailing_program", "shebang")]
    assert scan(store)["findings"] == [], "each depth remembers for itself"


class TestWhatIsNeverOpened:
    @needs_root
    def test_links_pipes_and_devices(self, store: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "program").write_bytes(ELF)
        (store / "folder").symlink_to(outside)
        (store / "file").symlink_to(outside / "program")
        os.mkfifo(store / "pipe")
        os.mknod(store / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        document = scan(store)
        assert document["findings"] == []
        counts = {name: number for name, number in document["counts"].items() if number}
        assert counts == {"folders": 1, "symbolic_links": 2, "special_files": 2}

    def test_the_store_itself_may_be_a_link(self, store: Path, tmp_path: Path) -> None:
        fill(store)
        (tmp_path / "link").symlink_to(store)
        assert scan(tmp_path / "link")["counts"]["files"] == 12

    @needs_root
    def test_reading_leaves_no_trace(self, store: Path) -> None:
        fill(store, 1, 1)
        image = store / "0" / "IM0"
        os.utime(image, (1, 1))
        scan(store, deep=True)
        assert image.stat().st_atime == 1

    def test_a_file_that_becomes_a_pipe_or_vanishes_while_it_is_listed(
        self, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(store, 1, 3)
        look = Looker.look

        def meanwhile(self: Any, folder: int, path: str, rows: Any) -> Any:
            for name, become in (("IM0", os.mkfifo), ("IM1", None), ("IM2", lambda path: os.symlink("/etc", path))):
                place = store / path / name
                if place.is_file():
                    place.unlink()
                    if become:
                        become(place)
            return look(self, folder, path, rows)

        monkeypatch.setattr(Looker, "look", meanwhile)
        assert scan(store)["not_read"] == {"changed_meanwhile": 2, "vanished": 1}

    @needs_root
    def test_what_may_not_be_read(self, store: Path, tmp_path: Path) -> None:
        """As somebody who is not root: that needs a process of its own."""
        fill(store)
        (store / "1").chmod(0)
        (store / "2" / "IM0").chmod(0)
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
        document = as_nobody(lambda: scan(store, state_directory=None))
        assert document["not_read"] == {"not_permitted": 2}
        assert document["counts"]["files"] == 8
        assert document["summary"] == "8 files; nothing found; 2 could not be read"
        (store.parent / "shut").mkdir(mode=0)
        assert as_nobody(lambda: scan(store.parent / "shut", state_directory=None))["status"] == "not_assessed"


def as_nobody(work: Any) -> Any:
    """What a work returns that runs as an ordinary user."""
    mine, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(theirs, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(mine) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text)


class TestNames:
    NAMES = (f"{PATIENT}\n1970".encode(), b"\xff\xfe\xe9" + PATIENT.encode(), b" ", b"-rf", b"\x1b[2J")

    @pytest.fixture
    def strange(self, store: Path) -> Path:
        for name in self.NAMES:
            folder = os.fsencode(store) + b"/" + name
            os.mkdir(folder)
            with open(folder + b"/" + name, "wb") as file:
                file.write(dicom(ELF))
        return store

    def test_any_name_is_read_and_none_is_said(self, strange: Path) -> None:
        document = scan(strange, deep=True)
        assert kinds(document) == [("preamble_program", "elf")] * len(self.NAMES)
        assert len({finding["object"] for finding in document["findings"]}) == len(self.NAMES)
        assert {finding["path"] for finding in document["findings"]} == {None}
        assert "CANARY" not in json.dumps(document)

    def test_the_state_holds_no_name(self, strange: Path) -> None:
        scan(strange)
        scan(strange, show_paths=True)
        for file in (strange.parent / "state").iterdir():
            assert b"CANARY" not in file.read_bytes()
        assert stat.S_IMODE((strange.parent / "state").stat().st_mode) == 0o700

    def test_paths_come_if_they_are_asked_for_also_of_what_was_known_before(self, strange: Path) -> None:
        first, second = scan(strange), scan(strange, show_paths=True)
        assert second["progress"]["read"] == 0
        shown = {finding["path"] for finding in second["findings"]}
        assert f"{PATIENT}\\n1970/{PATIENT}\\n1970" in shown
        assert f"\\xff\\xfe\\xe9{PATIENT}/\\xff\\xfe\\xe9{PATIENT}" in shown
        assert all(path.isprintable() for path in shown)
        assert [finding["object"] for finding in first["findings"]] == [
            finding["object"] for finding in second["findings"]
        ]

    def test_what_stands_for_a_file_cannot_be_guessed_from_its_name(self, strange: Path) -> None:
        here = scan(strange)["findings"][0]["object"]
        there = scan(strange, state_directory=str(strange.parent / "other"))["findings"][0]["object"]
        assert here != there


class TestWhatIsRemembered:
    @pytest.fixture
    def scanned(self, store: Path) -> Iterator[Path]:
        fill(store)
        (store / "1" / "bad").write_bytes(dicom(ELF))
        assert scan(store)["progress"]["read"] == 13
        yield store

    def test_nothing_is_read_again(self, scanned: Path) -> None:
        first, second = scan(scanned), scan(scanned)
        for document in (first, second):
            assert (document["progress"]["read"], document["progress"]["unchanged"]) == (0, 13)
            assert document["progress"]["files_of_last_pass"] == 13
            assert kinds(document) == [("preamble_program", "elf")]
        assert first["counts"] == second["counts"]

    def test_an_edit_in_place_with_its_times_put_back(self, scanned: Path) -> None:
        image = scanned / "2" / "IM1"
        before = image.stat()
        with image.open("r+b") as file:
            file.write(ELF)
        os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = image.stat()
        assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
        document = scan(scanned)
        assert document["by_kind"] == {"preamble_program": 2}
        assert document["progress"]["read"] < 13
        assert scan(scanned)["by_kind"] == {"preamble_program": 2}

    def test_a_file_that_takes_the_place_of_another(self, scanned: Path) -> None:
        image, other = scanned / "2" / "IM1", scanned.parent / "other"
        before = image.stat()
        other.write_bytes(dicom(ELF))
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(image)
        assert image.stat().st_size == before.st_size
        assert scan(scanned)["by_kind"] == {"preamble_program": 2}

    def test_a_file_more_a_file_less_another_name_another_mode(self, scanned: Path) -> None:
        (scanned / "0" / "new").write_bytes(dicom())
        assert scan(scanned)["counts"]["files"] == 14
        (scanned / "1" / "bad").unlink()
        document = scan(scanned)
        assert (document["counts"]["files"], document["findings"]) == (13, [])
        (scanned / "2" / "IM0").rename(scanned / "2" / "IM0.exe")
        (scanned / "2" / "IM1").chmod(0o755)
        assert scan(scanned)["by_kind"] == {"program_name": 1, "executable_bit": 1}

    def test_what_is_gone_is_forgotten(self, scanned: Path) -> None:
        for number in range(20):
            (scanned / "0" / "new").write_bytes(dicom() + b"\0" * number)
            scan(scanned)
        (state,) = (scanned.parent / "state").iterdir()
        with sqlite3.connect(state) as database:
            assert database.execute("SELECT count(*) FROM found").fetchone()[0] <= 6
            assert database.execute("SELECT count(*) FROM folders").fetchone()[0] == 0

    def test_a_file_that_was_just_written_to_is_not_believed(
        self, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dicom_files, "_SETTLED_NS", 3_000_000_000)
        fill(store)
        scan(store)
        assert scan(store)["progress"]["read"] == 12

    def test_other_rules_believe_nothing(self, scanned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dicom_files, "RULES", 0)
        assert scan(scanned)["progress"]["read"] == 13

    def test_without_a_state_everything_is_read(self, scanned: Path) -> None:
        assert scan(scanned, state_directory=None)["progress"]["read"] == 13

    def test_in_check_mode_it_is_used_and_not_written(self, scanned: Path) -> None:
        (state,) = (scanned.parent / "state").iterdir()
        (scanned / "0" / "new").write_bytes(dicom())
        before = state.read_bytes()
        document = scan(scanned, writable=False)
        assert document["complete"] and document["progress"]["unchanged"] > 0
        assert state.read_bytes() == before
        assert [path.name for path in state.parent.iterdir()] == [state.name]
        document = scan(scanned, writable=False, state_directory=str(scanned.parent / "none"))
        assert document["complete"] and not (scanned.parent / "none").exists()

    @pytest.mark.parametrize("content", [b"", b"nonsense" * 1000, None])
    def test_a_damaged_state_is_begun_anew(self, scanned: Path, content: bytes | None) -> None:
        (state,) = (scanned.parent / "state").iterdir()
        if content is None:
            content = state.read_bytes()[:4096] + b"\xff" * 4096 * 4
        state.write_bytes(content)
        document = scan(scanned)
        assert (document["complete"], document["counts"]["files"]) == (True, 13)
        assert content == b"" or "read anew" in document["note"]
        assert scan(scanned)["progress"]["read"] == 0

    def test_a_state_of_another_version_is_begun_anew(self, scanned: Path) -> None:
        (state,) = (scanned.parent / "state").iterdir()
        with sqlite3.connect(state) as database:
            database.execute("PRAGMA user_version = 99")
        assert "read anew" in scan(scanned)["note"]

    def test_two_scans_at_once(self, scanned: Path) -> None:
        (state,) = (scanned.parent / "state").iterdir()
        other = sqlite3.connect(state, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HardeningError, match="another scan"):
            scan(scanned)
        other.close()
        assert scan(scanned)["complete"]


def test_the_state_may_not_lie_in_the_store(store: Path) -> None:
    for inside in (store, store / "state", store / "a" / ".." / "state"):
        with pytest.raises(HardeningError, match="lies in the store"):
            scan(store, state_directory=str(inside))
    assert list(store.iterdir()) == []
    assert scan(store, state_directory=f"{store}-state")["complete"]


def test_a_store_that_is_not_there_or_no_folder(store: Path) -> None:
    (store / "file").touch()
    for path in (store / "none", store / "file"):
        document = scan(path)
        assert (document["status"], document["complete"]) == ("not_assessed", False)
        assert document["reason"] == "there is no such folder"


def test_findings_are_bounded_and_all_are_counted(store: Path) -> None:
    for number in range(50):
        (store / f"a{number}").write_text("x", encoding="utf-8")
    for number in range(5):
        (store / f"b{number}").write_bytes(dicom(ELF))
    document = scan(store, findings=8)
    assert [finding["severity"] for finding in document["findings"]] == ["high"] * 5 + ["low"] * 3
    assert (document["findings_left_out"], document["by_kind"]) == (47, {"not_dicom": 50, "preamble_program": 5})
    listed = len(scan(store, findings=10_000)["findings"])
    assert 5 + MOST_OF_GROUP <= listed <= 55
    assert scan(store, findings=0)["findings_left_out"] == 55


def test_mounts_are_said(store: Path) -> None:
    (mount, *_others) = scan(store)["mounts"]
    assert str(store).startswith(mount["point"])
    assert set(mount["lacks"]) <= {"noexec", "nosuid", "nodev"}


def test_a_tree_deeper_than_the_walk(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.pacs.hardening.plugins.module_utils._io.tree.DEEPEST", 5)
    folder = store
    for number in range(10):
        (folder / "IM0").write_bytes(dicom())
        folder = folder / str(number)
        folder.mkdir()
    document = scan(store)
    assert (document["counts"]["files"], document["not_read"]) == (5, {"too_deep": 1})
