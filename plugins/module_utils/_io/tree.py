# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk a tree of millions of files in flat memory, and read them without leaving a trace. Private.

Nothing is followed and nothing but regular files and folders is opened. At any time the walk holds two descriptors for
each folder between the root and where it is, and at most LARGEST_GROUP files.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import Reader

#: A file as its folder lists it: name, mode, inode, size in bytes, times of content and of inode in ns.
Row = tuple[str, int, int, int, int, int]

LARGEST_GROUP = 1024
DEEPEST = 200  # folders within folders

# Groups end at inodes of these last bits, not at every so-manieth file: one file more or less changes one group only.
_GROUP_BITS = 511

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A file may have become a pipe since it was listed.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_KIND, _REGULAR = 0o170000, stat.S_IFREG

_REASONS = {
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ESTALE: "vanished",
    errno.ELOOP: "changed_meanwhile",
    errno.ENXIO: "changed_meanwhile",
    errno.ESPIPE: "changed_meanwhile",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.EIO: "input_output_error",
    errno.EMFILE: "too_many_open_files",
    errno.ENFILE: "too_many_open_files",
    errno.ENAMETOOLONG: "name_too_long",
}


class Visitor(Protocol):
    """Who is shown what the walk meets. Paths are relative to the root, and empty for the root itself."""

    def enter(self, path: str) -> bool:
        """Whether to look into this folder."""

    def wants_files(self, path: str) -> bool:
        """Whether to list the files of the folder that was just entered."""

    def files(self, folder: int, path: str, rows: list[Row]) -> None:
        """Some files of the folder that the descriptor I(folder) is of."""

    def other(self, what: str) -> None:
        """Something that is never opened: C(symbolic_links) or C(special_files)."""

    def missed(self, why: str, folder: str | None = None) -> None:
        """A file, or that folder, couldn't be read; I(why) is a word of reason()."""

    def files_done(self, path: str) -> None:
        """All files of the folder were shown."""

    def leave(self, path: str) -> None:
        """All of the folder, and all below it, was shown."""


def reason(error: OSError) -> str:
    """Why something couldn't be read, as one word."""
    return _REASONS.get(error.errno or 0) or errno.errorcode.get(error.errno or 0, "unknown").lower()


def open_folder(path: str, above: int | None = None) -> int:
    """A descriptor of a folder, which may not be a link. Raises OSError."""
    return os.open(path, _FOLDER, dir_fd=above)


@dataclass
class _Level:
    path: str
    descriptor: int
    folders: os._ScandirIterator[str] | None = None


def walk(root: int, visitor: Visitor) -> None:
    """Show everything below the folder of the descriptor I(root) to the visitor, files of a folder before its folders.
    What the visitor raises ends the walk.
    """
    stack = [_Level("", os.dup(root))]
    try:
        if not visitor.enter(""):
            return
        _show_files(stack[0], visitor)
        while stack:
            level = stack[-1]
            below = _next_folder(level, visitor)
            if below is None:
                visitor.leave(level.path)
                _shut(stack.pop())
                continue
            path = f"{level.path}/{below}" if level.path else below
            if not visitor.enter(path):
                continue
            if len(stack) >= DEEPEST:
                visitor.missed("too_deep", path)
                continue
            try:
                stack.append(_Level(path, open_folder(below, level.descriptor)))
            except OSError as exc:
                visitor.missed(reason(exc), path)
                continue
            _show_files(stack[-1], visitor)
    finally:
        for level in stack:
            _shut(level)


def _shut(level: _Level) -> None:
    if level.folders is not None:
        level.folders.close()
    os.close(level.descriptor)


def _show_files(level: _Level, visitor: Visitor) -> None:
    """Show the files of a folder in groups, and prepare its folders. A file that is listed is looked at once for its
    inode, so that the folder's order, which stays the same while nothing changes, is all there is to know about it.
    """
    folders = False
    wanted = visitor.wants_files(level.path)
    rows: list[Row] = []
    add = rows.append
    try:
        with os.scandir(level.descriptor) as entries:
            for entry in entries:
                if not wanted:
                    folders = folders or entry.is_dir(follow_symlinks=False)
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError as exc:
                    visitor.missed(reason(exc))
                    continue
                mode, inode = found.st_mode, found.st_ino
                if mode & _KIND != _REGULAR:
                    if stat.S_ISDIR(mode):
                        folders = True
                    else:
                        visitor.other("symbolic_links" if stat.S_ISLNK(mode) else "special_files")
                    continue
                add((entry.name, mode, inode, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
                if not inode & _GROUP_BITS or len(rows) >= LARGEST_GROUP:
                    visitor.files(level.descriptor, level.path, rows)
                    rows = []
                    add = rows.append
        if folders:
            level.folders = os.scandir(level.descriptor)
    except OSError as exc:
        visitor.missed(reason(exc))
    if rows:
        visitor.files(level.descriptor, level.path, rows)
    if wanted:
        visitor.files_done(level.path)


def _next_folder(level: _Level, visitor: Visitor) -> str | None:
    if level.folders is None:
        return None
    try:
        for entry in level.folders:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
    except OSError as exc:
        visitor.missed(reason(exc))
    return None


def file_flags() -> int:
    """How files are opened. Root also leaves the time of last access alone: reading must not write to a store."""
    return _FILE | (os.O_NOATIME if os.geteuid() == 0 else 0)


def open_traceably(name: str, folder: int, flags: int) -> int:
    """A descriptor of a file that may be read, but not without a trace: root of a container meets files of others.
    Raises OSError.
    """
    return os.open(name, flags & ~os.O_NOATIME, dir_fd=folder)


def reader(descriptor: int) -> Reader:
    """Reads of an open file. They raise OSError."""
    return lambda offset, size: os.pread(descriptor, size, offset)
