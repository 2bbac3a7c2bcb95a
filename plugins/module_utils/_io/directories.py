# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at directories, and for a bounded time into them; nothing is opened, no link is followed. Private."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import Mount, is_below, mount_of

_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def place(path: str, mounts: Sequence[Mount]) -> dict[str, Any]:
    """Where a path leads, and how that is mounted. What isn't there says so."""
    real = os.path.realpath(path)
    try:
        mode: int | None = os.stat(real).st_mode
    except OSError:
        mode = None
    mount = mount_of(mounts, real)
    return {
        "exists": mode is not None,
        "real_path": real,
        "mount_point": mount.point if mount else "",
        "filesystem": mount.filesystem if mount else "",
        "mount_options": list(mount.options) if mount else [],
        # With the sticky bit others may add files, too.
        "writable_by_others": mode is not None and bool(mode & stat.S_IWOTH),
    }


@dataclass
class Walk:
    """What was counted below a directory. C(whole): nothing was left out for want of time or permission."""

    directories: int = 0
    files: int = 0
    executable: int = 0
    larger: list[int] = field(default_factory=list)
    whole: bool = True

    def document(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "directories": self.directories,
            "files": self.files,
            "executable": self.executable,
            "larger": list(self.larger),
            "whole": self.whole,
        }


def walk(
    top: str,
    left_out: Collection[str],
    sizes: Sequence[int],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Walk:
    """Count what lies below I(top) and not below I(left_out), breadth first and on its own file system, for at most
    I(seconds). I(sizes): above how many bytes files are counted.
    """
    counted = Walk(larger=[0] * len(sizes))
    end = clock() + seconds
    try:
        device = os.stat(top).st_dev
    except OSError:
        counted.whole = False
        return counted
    waiting = [top]
    for directory in waiting:
        if clock() >= end:
            counted.whole = False
            break
        if any(is_below(directory, other) for other in left_out):
            continue
        counted.directories += 1
        try:
            with os.scandir(directory) as entries:
                for number, entry in enumerate(entries):
                    if number % 1000 == 999 and clock() >= end:
                        counted.whole = False
                        break
                    _count(entry, counted, waiting, sizes, device)
        except OSError:  # gone meanwhile, or not ours to see
            counted.whole = counted.whole and not os.path.isdir(directory)
    return counted


def _count(entry: os.DirEntry[str], counted: Walk, waiting: list[str], sizes: Sequence[int], device: int) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            if entry.stat(follow_symlinks=False).st_dev == device:
                waiting.append(entry.path)
            return
        if not entry.is_file(follow_symlinks=False):
            return
        known = entry.stat(follow_symlinks=False)
    except OSError:  # gone meanwhile
        return
    counted.files += 1
    counted.executable += bool(known.st_mode & _EXECUTABLE)
    for number, limit in enumerate(sizes):
        counted.larger[number] += known.st_size > limit
