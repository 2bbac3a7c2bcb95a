# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at directories that a scanner watches or leaves alone: what would keep it from doing so. Private."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.mounts import (
    Mount,
    mount_of,
    mounts_below,
    parse_mounts,
    second_names,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text

_WATCHES = "/proc/sys/fs/inotify/max_user_watches"


def places(watched: Sequence[str], excluded: Sequence[str], larger_than: int, seconds: float = 20) -> dict[str, Any]:
    """What the linter may know of them, as plain data (plugin_utils/_antivirus/facts.py reads it).

    In watched directories the folders are counted, and the files larger than I(larger_than) bytes, for at most
    I(seconds) in all; what is excluded isn't looked into.
    """
    mounts = parse_mounts(read_text("/proc/self/mountinfo") or "")
    end = time.monotonic() + seconds
    paths = {path: _seen(path, mounts) for path in (*watched, *excluded)}
    for path in watched:
        paths[path].update(_counted(path, frozenset(excluded), larger_than, end))
    limit = (read_text(_WATCHES) or "").strip()
    return {"watched": list(watched), "paths": paths, "watches": int(limit) if limit.isdigit() else None}


def _seen(path: str, mounts: Sequence[Mount]) -> dict[str, Any]:
    real = os.path.realpath(path)
    mount = mount_of(real, mounts)
    mode = 0
    with contextlib.suppress(OSError):
        mode = os.stat(real).st_mode
    return {
        "exists": stat.S_ISDIR(mode),
        "real_path": real,
        "mount_point": mount.point if mount else "",
        "filesystem": mount.filesystem if mount else "",
        "mount_options": list(mount.options) if mount else [],
        "writable_by_others": bool(mode & stat.S_IWOTH),
        "mounts_below": list(mounts_below(real, mounts)),
        "second_names": list(second_names(real, mounts)),
    }


def _counted(top: str, excluded: frozenset[str], larger_than: int, end: float) -> dict[str, Any]:
    directories = larger = 0
    waiting = [top]
    while waiting and time.monotonic() < end:
        directory = waiting.pop()
        directories += 1
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path not in excluded:
                        waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size > larger_than:
                    larger += 1
    return {"directories": directories, "larger_files": larger, "counted": not waiting}
