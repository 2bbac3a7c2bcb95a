# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(/proc/self/mountinfo) says of a path (proc_pid_mountinfo(5)): where it is mounted, what is mounted below it,
and where else it can be reached. Private, pure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One mount: the directory C(root) of the file system on C(device) is seen at C(point)."""

    device: str
    root: str
    point: str
    options: tuple[str, ...]
    filesystem: str


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Every line that can be read, in order: later ones lie over earlier ones."""
    found = []
    for line in text.splitlines():
        mounted, _dash, source = line.partition(" - ")
        fields, kinds = mounted.split(" "), source.split(" ")
        if len(fields) >= 6 and len(kinds) >= 2:
            options = dict.fromkeys((*fields[5].split(","), *(kinds[2].split(",") if len(kinds) > 2 else ())))
            found.append(Mount(fields[2], _plain(fields[3]), _plain(fields[4]), tuple(options), kinds[0]))
    return tuple(found)


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The mount on which a path lies: the innermost, and of those the last."""
    holding = [mount for mount in mounts if _within(path, mount.point)]
    return max(reversed(holding), key=lambda mount: len(mount.point.rstrip("/")), default=None)


def mounts_below(path: str, mounts: Sequence[Mount]) -> tuple[str, ...]:
    """Mount points inside a directory, itself not counted."""
    return tuple(dict.fromkeys(mount.point for mount in mounts if mount.point != path and _within(mount.point, path)))


def second_names(path: str, mounts: Sequence[Mount]) -> tuple[str, ...]:
    """Other paths at which a directory, or one inside it, is mounted as well."""
    own = mount_of(path, mounts)
    if own is None:
        return ()
    place = _joined(own.root, posixpath.relpath(path, own.point))
    found = []
    for mount in mounts:
        if mount.device != own.device or mount == own:
            continue
        if _within(place, mount.root):
            name = _joined(mount.point, posixpath.relpath(place, mount.root))
            # What is mounted over it hides it.
            if mount_of(name, mounts) == mount:
                found.append(name)
        elif _within(mount.root, place):
            found.append(mount.point)
    return tuple(name for name in dict.fromkeys(found) if name != path)


def _within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _joined(directory: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(directory, relative))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 8)), text)
