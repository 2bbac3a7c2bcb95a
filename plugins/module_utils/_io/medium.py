# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at all of a mounted medium without writing to it, following a link, or opening anything but files. Private."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections import Counter
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.mounts import (
    Mount,
    mount_of,
    mounts_below,
    parse_mounts,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.part10 import part10
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.tally import Tally
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.dicomdir import (
    LARGEST,
    Directory,
    read_directory,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.evidence import (
    ASSESSED,
    NOT_ASSESSED,
    File,
    Finding,
    Medium,
    Part,
    is_directory_file,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.names import odd
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd_scan import Scanner
from ansible_collections.pacs.hardening.plugins.module_utils._io.looker import Looker
from ansible_collections.pacs.hardening.plugins.module_utils._io.tree import (
    Row,
    file_flags,
    open_folder,
    open_traceably,
    reader,
    reason,
    walk,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_PIECE = 1024 * 1024
_READ_ONLY = "ro"
_MAGIC, _MAGIC_AT = b"DICM", 128
_WORDS = {"vanished": "it vanished", "not_permitted": "not permitted", "input_output_error": "input/output error"}


@dataclass(frozen=True)
class Limits:
    """How much is looked at: files and folders, bytes altogether, seconds."""

    files: int
    size: int
    seconds: float


class _Stop(Exception):
    """Nothing more is looked at. With a finding that is the medium's fault; else the text says why."""

    def __init__(self, why: str, finding: Finding | None = None) -> None:
        super().__init__(why)
        self.finding = finding


def look_at_medium(path: str, limits: Limits, scanner: Scanner | None, no_scanner: str = "") -> Medium:
    """All that is on the medium mounted at, or copied to, I(path). Without a scanner, I(no_scanner) says why there is
    none. Raises HardeningError where I(path) is no folder.
    """
    if os.path.islink(path):
        raise HardeningError(f"{path} is a symbolic link; name the folder that it leads to")
    real = os.path.realpath(path)
    try:
        root = open_folder(real)
    except OSError as exc:
        raise HardeningError(f"{path} can't be opened: {exc.strerror}; mount the medium there first") from exc
    try:
        mounts: list[Mount] = []
        with (
            contextlib.suppress(OSError),
            open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as f,
        ):
            mounts = parse_mounts(f.read())
        survey = _Survey(mount_of(mounts, real), limits, scanner)
        # What is mounted inside isn't of the medium, and isn't looked into.
        inside = [Finding("other_mount") for _mount in mounts_below(mounts, real)]
        return survey.medium(survey.walk(root) if not inside else "", inside, no_scanner)
    finally:
        os.close(root)


class _Survey:
    """The visitor of the walk."""

    def __init__(self, mount: Mount | None, limits: Limits, scanner: Scanner | None) -> None:
        self._mount, self._limits, self._scanner = mount, limits, scanner
        self._deadline = time.monotonic() + limits.seconds
        self._looker = Looker(b"", deep=True, show_paths=False)
        self._looker.permissions = mount is None or mount.keeps_permissions
        self._flags = file_flags()
        self._files: list[File] = []
        self._found: list[Finding] = []
        self._not_read: list[str] = []
        self._unscanned: Counter[str] = Counter()
        self._directory: Directory | None = None
        self._folders = self._size = 0
        self._whole = True

    def walk(self, root: int) -> str:
        """Look at everything. Says why not all was looked at, if that isn't the medium's fault."""
        try:
            walk(root, self)
        except _Stop as stop:
            self._whole = False
            if stop.finding is None:
                return str(stop)
            self._found.append(stop.finding)
        return ""

    def medium(self, stopped: str, inside: list[Finding], no_scanner: str) -> Medium:
        """What was seen."""
        mount = self._mount
        lacks = () if mount is None else (*(() if _READ_ONLY in mount.options else (_READ_ONLY,)), *mount.lacks)
        return Medium(
            files=self._files,
            folders=self._folders,
            directory=self._directory,
            antivirus=self._antivirus(no_scanner),
            other=[*inside, *self._found],
            not_read=self._not_read,
            stopped=stopped,
            whole=self._whole and not inside and not self._not_read,
            filesystem="" if mount is None else mount.kind,
            mounted_without=lacks,
        )

    def enter(self, path: str) -> bool:
        self._folders += 1
        self._within(0, 0)
        why = odd(path.rpartition("/")[2])
        if why:
            self._found.append(Finding("odd_name", why))
        return True

    def wants_files(self, path: str) -> bool:
        return True

    def files(self, folder: int, path: str, rows: list[Row]) -> None:
        self._within(len(rows), sum(row[3] for row in rows))
        for row in rows:
            self._in_time()
            self._files.append(self._file(folder, path, row))

    def other(self, what: str) -> None:
        self._found.append(Finding("symbolic_link" if what == "symbolic_links" else "special_file"))
        self._within(len(self._found), 0)

    def missed(self, why: str, folder: str | None = None) -> None:
        if why == "too_deep":
            self._found.append(Finding("too_deep"))
        else:
            self._not_read.append(_WORDS.get(why, why))

    def files_done(self, path: str) -> None:
        self._in_time()

    def leave(self, path: str) -> None:
        self._in_time()

    def _within(self, entries: int, size: int) -> None:
        """Stop where a limit is passed by so many entries and bytes more."""
        limits = self._limits
        self._size += size
        if len(self._files) + self._folders + entries > limits.files:
            raise _Stop("", Finding("too_many_files", str(limits.files)))
        if self._size > limits.size:
            raise _Stop("", Finding("too_large", f"{limits.size} bytes"))
        self._in_time()

    def _in_time(self) -> None:
        if time.monotonic() >= self._deadline:
            raise _Stop(f"not all of it could be looked at within {self._limits.seconds:g} s; raise time_limit")

    def _file(self, folder: int, path: str, row: Row) -> File:
        name, size = row[0], row[3]
        whole = f"{path}/{name}" if path else name
        try:
            try:
                descriptor = os.open(name, self._flags, dir_fd=folder)
            except PermissionError:
                descriptor = open_traceably(name, folder, self._flags)
        except OSError as exc:
            return File(whole, size, unread=_word(exc))
        try:
            return self._judged(descriptor, whole, self._looker.look(folder, path, [row]))
        except OSError as exc:
            return File(whole, size, unread=_word(exc))
        finally:
            os.close(descriptor)

    def _judged(self, descriptor: int, path: str, tally: Tally) -> File:
        size, read = os.fstat(descriptor).st_size, reader(descriptor)
        digest = self._digest(descriptor, size)
        header = part10(read, size) if read(_MAGIC_AT, len(_MAGIC)) == _MAGIC else None
        found = [(noted.finding.kind, noted.finding.what) for noted in tally.findings()]
        if self._scanner is not None:
            answer = self._scanner.scan(descriptor)
            if answer.unscanned:
                self._unscanned[answer.unscanned] += 1
            if answer.found:
                found.append(("infected", answer.found))
        if is_directory_file(path):
            data = read(0, size) if size <= LARGEST else b""
            self._directory = read_directory(lambda offset, length: data[offset : offset + length], size)
        unread = next((_WORDS.get(why, why) for why in tally.not_read), "")
        return File(path, size, digest, header, tuple(found), unread)

    def _digest(self, descriptor: int, size: int) -> str:
        whole, position = hashlib.sha256(), 0
        while position < size:
            self._in_time()
            data = os.pread(descriptor, _PIECE, position)
            if not data:
                break
            whole.update(data)
            position += len(data)
        return whole.hexdigest()

    def _antivirus(self, no_scanner: str) -> Part:
        scanner = self._scanner
        if scanner is None:
            return Part(NOT_ASSESSED, no_scanner)
        facts: tuple[tuple[str, object], ...] = (
            ("engine", scanner.engine),
            ("signatures_dated", scanner.dated.strftime("%Y-%m-%d") if scanner.dated else None),
            ("scanned", len(self._files) - sum(self._unscanned.values())),
        )
        if self._unscanned:
            why = "; ".join(f"{number} files: {why}" for why, number in sorted(self._unscanned.items()))
            return Part(NOT_ASSESSED, why, facts)
        return Part(ASSESSED, "", facts)


def _word(error: OSError) -> str:
    why = reason(error)
    return _WORDS.get(why, why)
