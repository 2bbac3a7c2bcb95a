# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan remembers of a store, outside of it: what was found in which group of files, and how far it has come.
Private.

It holds digests and counts, and no names, except while a pass isn't complete for which paths were asked. The file is a
SQLite database: a run that is killed leaves it as it was at the last checkpoint.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.tally import Tally, from_plain
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import make_private_directory
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

FILES, ALL = 1, 2  # how much of a folder is done in this pass: its own files, or everything below it

_FORMAT = 1
_SCHEMA = (
    "CREATE TABLE found (digest BLOB PRIMARY KEY, pass INTEGER NOT NULL, tally TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE folders (folder BLOB PRIMARY KEY, done INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {_FORMAT}",
)
_CHECKPOINT_SECONDS, _CHECKPOINT_ROWS = 2.0, 5000
_KEY_SIZE = _ID_SIZE = 16


class ScanState:
    """Remembers nothing: everything is read, and a run that ends early begins anew."""

    keeps = False

    def __init__(self, most: int, note: str = "") -> None:
        self.most = most
        #: Why nothing is remembered, or why what was can't be used.
        self.note = note
        #: Keeps names of files from being guessed from what stands for them.
        self.key = secrets.token_bytes(_KEY_SIZE)
        #: What the runs of this pass before this one have added up.
        self.tally = Tally(most)
        #: When this pass began, and what the last complete one says of itself.
        self.started = time.time()
        self.last: dict[str, Any] | None = None

    def known(self, digest: bytes) -> Tally | None:
        """What was found in a group of files that looks exactly so."""
        return None

    def remember(self, digest: bytes, tally: Tally) -> None:
        """What was found in a group of files."""

    def done(self, folder: str) -> int:
        """How much of a folder earlier runs of this pass have done: 0, FILES or ALL. Paths are those below the root."""
        return 0

    def mark(self, folder: str, done: int) -> None:
        """So much of a folder is done."""

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return False

    def checkpoint(self, tally: Tally) -> None:
        """Write everything down. I(tally) must be what the marked folders add up to."""

    def finish(self, summary: dict[str, Any]) -> None:
        """The pass is complete: forget what wasn't met in it, and keep what is to be said of it."""

    def close(self) -> None:
        """Let go of the file."""


class KeptState(ScanState):
    """Remembers in a file. Raises HardeningError where that can't be kept, and Damaged where it can't be understood."""

    keeps = True

    def __init__(self, path: str, most: int, writable: bool = True) -> None:
        super().__init__(most)
        self._path = path
        self.keeps = writable
        self._before = "", Tally(most)
        self._found: list[tuple[bytes, int, str]] = []
        self._met: list[tuple[int, bytes]] = []
        self._folders: list[tuple[str, int]] = []
        self._written = time.monotonic()
        with _understood(path):
            self._database = _opened(path) if writable else _read_only(path)
            facts = {name: json.loads(value) for name, value in self._database.execute("SELECT name, value FROM facts")}
            self.key = bytes.fromhex(facts["key"]) if "key" in facts else self.key
            self.last = facts.get("last")
            self._pass = int(facts.get("pass", 1))
            #: Only a run that writes can go on with what an earlier one began.
            self._resumes = writable and "started" in facts
            if self._resumes:
                self.started = float(facts["started"])
                self.tally = from_plain(facts["tally"], most)

    def known(self, digest: bytes) -> Tally | None:
        with _understood(self._path):
            row = self._database.execute("SELECT tally FROM found WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                return None
            if self.keeps:
                self._met.append((self._pass, digest))
            (text,) = row
            # Most groups come to the same: nothing but so many images.
            if text == self._before[0]:
                return self._before[1]
            found = from_plain(json.loads(text), self.most)
            if not found.noted:
                self._before = text, found
            return found

    def remember(self, digest: bytes, tally: Tally) -> None:
        if self.keeps:
            self._found.append((digest, self._pass, json.dumps(tally.plain(), separators=(",", ":"))))

    def done(self, folder: str) -> int:
        if not self._resumes:
            return 0
        with _understood(self._path):
            row = self._database.execute("SELECT done FROM folders WHERE folder = ?", (self._id(folder),)).fetchone()
            return int(row[0]) if row else 0

    def mark(self, folder: str, done: int) -> None:
        if self.keeps:
            self._folders.append((folder, done))

    def due(self) -> bool:
        rows = len(self._found) + len(self._met) + len(self._folders)
        return rows >= _CHECKPOINT_ROWS or time.monotonic() - self._written >= _CHECKPOINT_SECONDS

    def checkpoint(self, tally: Tally) -> None:
        if self.keeps:
            self._write({"key": self.key.hex(), "pass": self._pass, "started": self.started, "tally": tally.plain()})

    def finish(self, summary: dict[str, Any]) -> None:
        if self.keeps:
            self._write({"key": self.key.hex(), "pass": self._pass + 1, "last": summary}, complete=True)

    def close(self) -> None:
        self._database.close()

    def _id(self, folder: str) -> bytes:
        """What stands for a folder; its path isn't written down."""
        path = folder.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(path, key=self.key, digest_size=_ID_SIZE).digest()

    def _write(self, facts: dict[str, Any], complete: bool = False) -> None:
        """One transaction: all of it is written, or nothing."""
        with _understood(self._path):
            write = self._database.executemany
            write("INSERT OR REPLACE INTO found VALUES (?, ?, ?)", self._found)
            write("UPDATE found SET pass = ? WHERE digest = ?", self._met)
            if not complete:
                marks = [(self._id(folder), done) for folder, done in self._folders]
                write("INSERT OR REPLACE INTO folders VALUES (?, ?)", marks)
            write("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, json.dumps(facts[name])) for name in facts])
            if complete:
                write("DELETE FROM found WHERE pass < ?", [(self._pass,)])
                write("DELETE FROM facts WHERE name = ?", [("started",), ("tally",)])
                self._database.execute("DELETE FROM folders")
            self._database.execute("COMMIT")
            self._database.execute("BEGIN IMMEDIATE")
        self._found, self._met, self._folders = [], [], []
        self._written = time.monotonic()


class Damaged(Exception):
    """The file holds something else than what was written to it."""


def kept_state(path: str, most: int, writable: bool) -> ScanState:
    """The state in that file, made if need be; an empty one if the file isn't there and may not be made."""
    if not writable and not os.path.exists(path):
        return ScanState(most)
    if not writable and os.path.exists(_journal(path)):
        return ScanState(most, "an earlier scan was interrupted while it wrote; one outside check mode mends that")
    try:
        return KeptState(path, most, writable)
    except Damaged:
        if not writable:
            return ScanState(most, "what earlier scans remembered can't be understood")
    discard(path)
    state = KeptState(path, most)
    state.note = "what earlier scans remembered couldn't be understood; everything was read anew"
    return state


def discard(path: str) -> None:
    """Forget everything."""
    for name in (path, _journal(path)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _journal(path: str) -> str:
    """Where SQLite keeps what it needs to undo a write that was interrupted."""
    return f"{path}-journal"


@contextlib.contextmanager
def _understood(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc):
            raise HardeningError("another scan of the same store is running on this host; wait until it ends") from exc
        raise HardeningError(f"{path}: {exc}; free some space, or name another state_directory") from exc
    except (sqlite3.DatabaseError, KeyError, TypeError, ValueError, AttributeError) as exc:
        raise Damaged from exc


def _opened(path: str) -> sqlite3.Connection:
    make_private_directory(os.path.dirname(path))
    database = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("BEGIN IMMEDIATE")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _FORMAT):
        database.close()
        raise ValueError("another format")
    if not version:
        for statement in _SCHEMA:
            database.execute(statement)
    return database


def _read_only(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", timeout=0.2, isolation_level=None, uri=True)
