"""The walk tells of each file what the kernel does, and any difference in that makes a scan read it again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from dicom_files import dicom

from ansible_collections.pacs.hardening.plugins.module_utils._io import dicom_files, tree
from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store

FIELDS = ("name", "mode", "inode", "size", "time of content", "time of inode")


class Seen:
    """A visitor that wants everything and notes files only."""

    def __init__(self) -> None:
        self.rows: dict[str, tree.Row] = {}

    def enter(self, path: str) -> bool:
        return True

    def wants_files(self, path: str) -> bool:
        return True

    def files(self, folder: int, path: str, rows: list[tree.Row]) -> None:
        self.rows |= {f"{path}/{row[0]}": row for row in rows}

    def other(self, what: str) -> None: ...

    def missed(self, why: str, folder: str | None = None) -> None: ...

    def files_done(self, path: str) -> None: ...

    def leave(self, path: str) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for number in range(3):
        folder = tmp_path / "store" / f"{number}"
        folder.mkdir(parents=True)
        (folder / "IM0").write_bytes(dicom() + b"\0" * number)
        os.utime(folder / "IM0", ns=(0, 1_000_000_007 * number))
    return tmp_path / "store"


def test_a_file_is_shown_as_the_kernel_tells_it(store: Path) -> None:
    seen, root = Seen(), tree.open_folder(str(store))
    try:
        tree.walk(root, seen)
    finally:
        os.close(root)
    told = {str(path.relative_to(store)): path.stat() for path in store.rglob("IM0")}
    assert len(told) == 3
    assert seen.rows == {
        path: ("IM0", one.st_mode, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
        for path, one in told.items()
    }


@pytest.mark.parametrize("field", FIELDS)
def test_any_difference_makes_it_be_read_again(store: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setattr(dicom_files, "_SETTLED_NS", -1)
    place = FIELDS.index(field)

    def read() -> Any:
        found = scan_store(str(store), Scan(state_directory=f"{store}-state"), time.monotonic() + 60)
        return found["progress"]["read"]

    def differently(root: int, visitor: Any) -> None:
        files = visitor.files

        def altered(folder: int, path: str, rows: list[Any]) -> None:
            (row,) = rows
            value = row[place] + (1 if place else ".old")
            files(folder, path, [(*row[:place], value, *row[place + 1 :])] if path == "1" else rows)

        visitor.files = altered
        tree.walk(root, visitor)

    assert (read(), read()) == (3, 0)
    monkeypatch.setattr(dicom_files, "walk", differently)
    assert read() == 1
