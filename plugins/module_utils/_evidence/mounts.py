# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted where, from C(/proc/self/mountinfo) (proc(5)), and which directories a scanner has marked, from
C(/proc/PID/fdinfo) (proc(5), fanotify(7)). Private, pure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\([0-7]{3})")
_MARK = re.compile(r"fanotify ino:([0-9a-f]+) sdev:([0-9a-f]+) mflags:[0-9a-f]+ mask:([0-9a-f]+) ")
_MINOR_BITS = 20  # of the kernel's own device numbers, which fdinfo prints
_ASKS_BEFORE_OPENING = 0x00010000  # FAN_OPEN_PERM


@dataclass(frozen=True)
class Mount:
    """One mount: where, of which file system, with which options. I(device) is (major, minor) of its files, I(root)
    the directory of the file system that is seen there.
    """

    point: str
    filesystem: str
    options: tuple[str, ...]
    device: tuple[int, int]
    root: str = "/"


@dataclass(frozen=True)
class Mark:
    """One directory that a scanner has marked. I(blocks): the kernel asks it before a file there is opened."""

    device: tuple[int, int]
    inode: int
    blocks: bool


def parse_mounts(text: str) -> list[Mount]:
    """Every mount, in the kernel's order; lines that it would not write are left out."""
    found = []
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        major, _colon, minor = fields[2].partition(":") if len(fields) >= 6 else ("", "", "")
        if separator and major.isdigit() and minor.isdigit():
            root, point = (_ESCAPE.sub(lambda match: chr(int(match[1], 8)), text) for text in fields[3:5])
            options = tuple(sorted(set(fields[5].split(","))))
            found.append(Mount(point, rest[0], options, (int(major), int(minor)), root))
    return found


def mount_of(mounts: Iterable[Mount], path: str) -> Mount | None:
    """The mount on which an absolute path without links lies: the last of the longest ones above it."""
    best = None
    for mount in mounts:
        if is_below(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def mounts_below(mounts: Iterable[Mount], path: str) -> list[str]:
    """Where something is mounted below a path, and not on it."""
    return sorted({mount.point for mount in mounts if mount.point != path and is_below(mount.point, path)})


def second_names(mounts: Sequence[Mount], path: str) -> list[str]:
    """Other paths at which a directory, or one inside it, is mounted as well: by a bind mount, or twice."""
    own = mount_of(mounts, path)
    if own is None:
        return []
    place = _joined(own.root, posixpath.relpath(path, own.point))
    found = set()
    for mount in mounts:
        if mount.device != own.device or mount == own:
            continue
        if is_below(place, mount.root):
            name = _joined(mount.point, posixpath.relpath(place, mount.root))
            # What is mounted over it hides it.
            if mount_of(mounts, name) == mount:
                found.add(name)
        elif is_below(mount.root, place):
            found.add(mount.point)
    return sorted(found - {path})


def _joined(directory: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(directory, relative))


def is_below(path: str, above: str) -> bool:
    """Whether I(path) is I(above), or lies in it."""
    return path == above or path.startswith(above if above.endswith("/") else f"{above}/")


def parse_marks(text: str) -> list[Mark]:
    """The marks of one fanotify descriptor."""
    return [
        Mark(
            device=(int(device, 16) >> _MINOR_BITS, int(device, 16) & ((1 << _MINOR_BITS) - 1)),
            inode=int(inode, 16),
            blocks=bool(int(mask, 16) & _ASKS_BEFORE_OPENING),
        )
        for inode, device, mask in _MARK.findall(text)
    ]
