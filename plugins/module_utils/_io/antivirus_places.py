# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at directories that a scanner watches or leaves alone: what would keep it from doing so. Private."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import (
    mounts_below,
    parse_mounts,
    second_names,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.directories import place, walk
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text

_WATCHES = "/proc/sys/fs/inotify/max_user_watches"


def places(watched: Sequence[str], excluded: Sequence[str], larger_than: int, seconds: float = 20) -> dict[str, Any]:
    """What the linter may know of them, as plain data (plugin_utils/_antivirus/facts.py reads it).

    In watched directories the folders are counted, and the files larger than I(larger_than) bytes, for at most
    I(seconds) in all; what is excluded isn't looked into.
    """
    mounts = parse_mounts(read_text("/proc/self/mountinfo") or "")
    end = time.monotonic() + seconds
    paths: dict[str, dict[str, Any]] = {}
    for path in (*watched, *excluded):
        real = os.path.realpath(path)
        names = {"mounts_below": mounts_below(mounts, real), "second_names": second_names(mounts, real)}
        paths[path] = {**place(path, mounts), **names}
    for path in watched:
        counted = walk(path, excluded, [larger_than], max(0.0, end - time.monotonic()))
        paths[path].update(
            {"directories": counted.directories, "larger_files": counted.larger[0], "counted": counted.whole}
        )
    limit = (read_text(_WATCHES) or "").strip()
    return {"watched": list(watched), "paths": paths, "watches": int(limit) if limit.isdigit() else None}
