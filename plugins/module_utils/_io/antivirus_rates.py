# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast files are written, opened and read in a directory: in a scratch folder of our own, and on files that are
there, which are only read. Private.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

SCRATCH = ".pacs-hardening-acceptance-"
#: Of files that are there, at most so many are read, and of each no more than this.
IMAGES = 200
_LONGEST_READ = 4 << 20
_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Load:
    """What is tried: so many files of C(size) bytes, each step for at most C(seconds)."""

    files: int
    size: int
    seconds: float


@dataclass(frozen=True)
class Rates:
    """Files a second; C(images) is None where there were too few to tell. C(refused) of them couldn't be opened."""

    write: float
    open: float
    read: float
    images: float | None
    refused: int


def measured(folder: str, load: Load, images: Sequence[str]) -> Rates:
    """The rates in a scratch folder, which is empty again afterwards, and of images. Raises HardeningError."""
    paths = [os.path.join(folder, str(number)) for number in range(load.files)]
    # Each of its own: a scanner remembers what it has seen.
    contents = os.urandom(load.size + load.files)
    numbers = {path: number for number, path in enumerate(paths)}
    try:
        write = _rate(paths, load.seconds, lambda path: _write(path, contents[numbers[path] :][: load.size]))
        written = [path for path in paths if os.path.exists(path)]
        read = _rate(written, load.seconds, _read)
        opened = _rate(written, load.seconds, lambda path: os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC)))
    except OSError as exc:
        raise HardeningError(f"a file of our own in {folder} can't be used: {exc.strerror}") from exc
    finally:
        for path in paths:
            with contextlib.suppress(OSError):
                os.unlink(path)
    refused: list[str] = []
    rate = _rate(images, load.seconds, lambda path: refused.extend([path] if _refuses(path) else []))
    return Rates(write, opened, read, rate if len(images) >= IMAGES // 10 else None, len(refused))


def images_in(directory: str) -> tuple[str, ...]:
    """Some of the files that are there, found by looking for a few seconds at most."""
    found: list[str] = []
    waiting = [directory]
    end = time.monotonic() + _LOOK_SECONDS
    while waiting and len(found) < IMAGES and time.monotonic() < end:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and len(found) < IMAGES:
                    found.append(entry.path)
    return tuple(found)


@contextlib.contextmanager
def scratch(directory: str, load: Load) -> Iterator[str]:
    """A folder of our own in a directory, gone afterwards. Raises HardeningError where it can't be made."""
    try:
        free = os.statvfs(directory)
        if free.f_bavail * free.f_frsize < 4 * load.files * load.size:
            raise HardeningError(f"{directory} has too little space for a test; free some, or try with fewer files")
        folder = tempfile.mkdtemp(prefix=SCRATCH, dir=directory)
    except OSError as exc:
        raise HardeningError(f"{directory} can't be tried: {exc.strerror}") from exc
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rate(paths: Sequence[str], seconds: float, work: Callable[[str], object]) -> float:
    began = time.monotonic()
    done = 0
    for path in paths:
        work(path)
        done += 1
        if time.monotonic() - began > seconds:
            break
    return done / max(time.monotonic() - began, 1e-6)


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_LONGEST_READ)


def _refuses(path: str) -> bool:
    """Whether an image can't be opened though we may; one that is gone meanwhile is no matter."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as exc:
        return exc.errno in (errno.EPERM, errno.EACCES)
    with os.fdopen(descriptor, "rb") as file, contextlib.suppress(OSError):
        file.read(_LONGEST_READ)
    return False
