# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller: written whole, and for nobody else's eyes; read without taking them into memory."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write_whole(directory: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Put files into a directory by name, which is made if it isn't there; returns their paths by name.

    Each file gets its place whole, and is readable for nobody else from its first byte. Raises OSError.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = {}
    for name, text in texts.items():
        path = directory / name
        # mkstemp makes the file with mode 0600.
        handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}-", dir=directory)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        paths[name] = str(path)
    return paths


@contextmanager
def mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The content of a file, mapped into memory; of an empty one, and of one that can't be mapped, its bytes.

    Raises OSError.
    """
    with path.open("rb") as file:
        try:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):
            yield file.read()
            return
        with content:
            yield content
