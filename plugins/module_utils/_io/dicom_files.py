# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan an image store or an import folder, as far as a run's time goes. Private."""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.content import Known
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import RULES
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.names import object_id, printable
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.report import summary, tally_document
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.tally import Tally
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import (
    Mount,
    mount_of,
    mounts_below,
    parse_mounts,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import Looker, private_dictionary
from ansible_collections.pacs.hardening.plugins.module_utils._io.priority import step_back
from ansible_collections.pacs.hardening.plugins.module_utils._io.scan_state import (
    ALL,
    FILES,
    Damaged,
    ScanState,
    discard,
    kept_state,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.tree import Row, open_folder, reason, walk
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

ASSESSED, NOT_ASSESSED = "assessed", "not_assessed"

#: A file that was written to so shortly before it was looked at may be written to again without its times showing it.
_SETTLED_NS = 3_000_000_000
_TELL_SECONDS = 30.0
_DIGEST_SIZE = 16


@dataclass(frozen=True)
class Scan:
    """How to scan. Without I(state_directory) nothing is remembered; with it, but not I(writable), it is only read."""

    deep: bool = False
    show_paths: bool = False
    findings: int = 100
    state_directory: str | None = None
    writable: bool = True


class _OutOfTime(Exception):
    """The run's time is over."""


@dataclass(frozen=True)
class _Place:
    """A store: its path without links, how it is mounted, and what else is mounted below."""

    path: str
    mount: Mount | None
    below: tuple[Mount, ...]

    @property
    def mounts(self) -> list[Mount]:
        return [*([self.mount] if self.mount else []), *self.below]


def scan_stores(paths: Sequence[str], scan: Scan, seconds: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """The return values of C(dicom_files_info), without C(changed). This process steps back for others, for good."""
    for path in paths:
        _refuse_state_inside(os.path.realpath(path), scan)
    known = private_dictionary() if scan.deep else None
    missing = "pydicom isn't installed for this host's Python" if scan.deep else "only a deep look does"
    priority = step_back()
    deadline = time.monotonic() + seconds
    stores = []
    for number, path in enumerate(paths):
        # Each gets its share of the time that is left, so that a large one doesn't keep a small one waiting for days.
        now = time.monotonic()
        stores.append(scan_store(path, scan, now + (deadline - now) / (len(paths) - number), tell, known))
    return {
        # A store that can't be opened isn't made better by another run.
        "complete": all(store["complete"] or store["status"] == NOT_ASSESSED for store in stores),
        "priority": priority,
        "private_dictionary": {
            "status": ASSESSED if known else NOT_ASSESSED,
            "reason": None if known else missing,
        },
        "stores": stores,
    }


def scan_store(
    path: str,
    scan: Scan,
    deadline: float,
    tell: Callable[[str], None] = lambda text: None,
    known: Known | None = None,
) -> dict[str, Any]:
    """Go on with the pass over the folder I(path), or begin one, until I(deadline) by the monotonic clock; at least one
    more group of files is looked at. I(tell) is told now and then how far it is. Raises HardeningError.
    """
    begun = time.monotonic()
    place = _place(path)
    try:
        root = open_folder(place.path)
    except OSError as exc:
        return _not_assessed(path, exc)
    try:
        state = _state(place.path, scan)
        try:
            run = _Run(place, scan, state, deadline, tell, known)
            complete = run.walk(root)
        except Damaged:
            state.close()
            discard(_state_path(place.path, scan))
            state = _state(place.path, scan)
            state.note = "what earlier scans remembered couldn't be understood; everything was read anew"
            run = _Run(place, scan, state, deadline, tell, known)
            complete = run.walk(root)
        finally:
            state.close()
    finally:
        os.close(root)
    return {"path": path, "status": ASSESSED, "reason": None, **run.document(complete, time.monotonic() - begun)}


def _not_assessed(path: str, error: OSError) -> dict[str, Any]:
    gone = isinstance(error, (FileNotFoundError, NotADirectoryError))
    why = "there is no such folder" if gone else f"it can't be opened ({reason(error)})"
    return {"path": path, "status": NOT_ASSESSED, "reason": why, "complete": False, "summary": f"not assessed: {why}"}


def _place(path: str) -> _Place:
    real = os.path.realpath(path)
    mounts: list[Mount] = []
    with contextlib.suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = parse_mounts(file.read())
    return _Place(real, mount_of(mounts, real), tuple(mounts_below(mounts, real)))


def _state_path(place: str, scan: Scan) -> str:
    """A file for each store and depth: a deep scan and a quick one may take turns."""
    name = hashlib.sha256(f"{place}\0{scan.deep}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{scan.state_directory}/{name}.sqlite3"


def _state(place: str, scan: Scan) -> ScanState:
    if scan.state_directory is None:
        return ScanState(scan.findings)
    _refuse_state_inside(place, scan)
    return kept_state(_state_path(place, scan), scan.findings, scan.writable)


def _refuse_state_inside(place: str, scan: Scan) -> None:
    if scan.state_directory is None:
        return
    directory = os.path.realpath(scan.state_directory)
    if f"{directory}/".startswith("/" if place == "/" else f"{place}/"):
        raise HardeningError(
            f"state_directory {scan.state_directory} lies in the store {place}; name one outside of what is scanned"
        )


class _Run:
    """One run of a pass: the visitor of the walk."""

    def __init__(
        self,
        place: _Place,
        scan: Scan,
        state: ScanState,
        deadline: float,
        tell: Callable[[str], None],
        known: Known | None,
    ) -> None:
        self._place, self._scan, self._state, self._deadline, self._tell = place, scan, state, deadline, tell
        self._looker = Looker(state.key, scan.deep, scan.show_paths, known)
        self._rules = f"{RULES} {known is not None}\0".encode()
        #: What the folders that are done add up to, and what the one at hand does so far.
        self._done, self._folder = state.tally, Tally(scan.findings)
        self._mounts = {os.path.relpath(mount.point, place.path): mount for mount in place.below}
        self._wants_files = True
        self._read = self._remembered = 0
        self._moved = False
        self._finished: float | None = None
        self._told = time.monotonic()
        self._on(place.mount)

    def walk(self, root: int) -> bool:
        """True if the pass is complete."""
        try:
            walk(root, self)
        except _OutOfTime:
            self._state.checkpoint(self._done)
            return False
        self._done.add(self._folder)
        self._folder = Tally(self._scan.findings)
        self._finished = time.time()
        self._state.finish({"files": self._done.counts.get("files", 0), "finished": self._finished})
        return True

    def enter(self, path: str) -> bool:
        if self._mounts:
            mount = self._mounts.get(path)
            if mount is not None and not mount.holds_files:
                return False
            self._on(mount_of(self._place.mounts, os.path.join(self._place.path, path)))
        self._stop_in_time()
        done = self._state.done(path)
        self._wants_files = done != FILES
        return done != ALL

    def wants_files(self, path: str) -> bool:
        return self._wants_files

    def files(self, folder: int, path: str, rows: list[Row]) -> None:
        digest = self._digest(path, rows)
        found = self._state.known(digest)
        if found is None:
            now = time.time_ns()
            found = self._looker.look(folder, path, rows)
            self._read += len(rows)
            if not found.not_read and max(row[5] for row in rows) < now - _SETTLED_NS:
                self._state.remember(digest, found)
                self._moved = True
        else:
            self._remembered += len(rows)
        self._folder.add(self._looker.named(found, path, rows))
        self._pause()

    def other(self, what: str) -> None:
        self._folder.count(what)

    def missed(self, why: str, folder: str | None = None) -> None:
        if folder is None:
            self._folder.miss(why)
        else:
            self._done.miss(why)
            self._state.mark(folder, ALL)

    def files_done(self, path: str) -> None:
        self._folder.count("folders")
        self._done.add(self._folder)
        self._folder = Tally(self._scan.findings)
        self._state.mark(path, FILES)
        self._moved = True

    def leave(self, path: str) -> None:
        self._state.mark(path, ALL)

    def document(self, complete: bool, seconds: float) -> dict[str, Any]:
        """What is to be said of the store."""
        whole = Tally(self._scan.findings)
        whole.add(self._done)
        whole.add(self._folder)
        before = (self._state.last or {}).get("files")
        ended = self._finished or (self._state.last or {}).get("finished")
        return {
            "complete": complete,
            "summary": summary(whole, complete, before),
            "note": self._state.note or None,
            "progress": {
                "started": _utc(self._state.started),
                "last_complete": None if ended is None else _utc(ended),
                "seconds": round(seconds, 3),
                "files": whole.counts.get("files", 0),
                "files_of_last_pass": before,
                "read": self._read,
                "unchanged": self._remembered,
            },
            **tally_document(whole, self._scan.findings),
            "mounts": None if self._place.mount is None else [self._mount(one) for one in self._place.mounts],
        }

    def _mount(self, mount: Mount) -> dict[str, Any]:
        """A mount; one that lies below the store is a folder of it, and spoken of like a file."""
        point = mount.point
        if mount is not self._place.mount and not self._scan.show_paths:
            point = object_id(os.path.relpath(point, self._place.path), self._state.key)
        return {"point": printable(point), "filesystem": mount.filesystem, "lacks": list(mount.lacks)}

    def _on(self, mount: Mount | None) -> None:
        self._looker.permissions = mount is None or mount.keeps_permissions

    def _digest(self, path: str, rows: list[Row]) -> bytes:
        """Of all by which an edit of these files would show, and of the rules by which they are judged."""
        text = hashlib.blake2b(self._rules, digest_size=_DIGEST_SIZE)
        text.update(path.encode("utf-8", "surrogateescape"))
        text.update(marshal.dumps((self._looker.permissions, rows), 2))
        return text.digest()

    def _pause(self) -> None:
        """Between two groups: write down, tell, and see whether there is time left."""
        if self._state.due():
            self._state.checkpoint(self._done)
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._tell(self._progress())
        self._stop_in_time()

    def _progress(self) -> str:
        before = (self._state.last or {}).get("files")
        number = self._done.counts.get("files", 0) + self._folder.counts.get("files", 0)
        of = f" of about {before}" if before else ""
        return f"{self._place.path}: {number} files{of} looked at, {self._read} of them read in this run"

    def _stop_in_time(self) -> None:
        """Stop if the time is over, but not before the next run has less to do than this one had."""
        if self._moved and time.monotonic() >= self._deadline:
            raise _OutOfTime


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
