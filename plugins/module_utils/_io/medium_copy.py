# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy what may be imported of a medium into a landing directory: whole or not at all, and never what wasn't judged.
Private.

A medium may answer differently each time it is read. So what is copied is judged once more, as a copy, before it gets
its name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.files import sync_directory
from ansible_collections.pacs.hardening.plugins.module_utils._io.tree import open_folder
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_STAGING = ".pacs-hardening-import-"
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Landing:
    """Where copies go, and to whom they belong; -1 leaves an owner or group as it is."""

    directory: str
    owner: int = -1
    group: int = -1


def check_landing(landing: Landing, medium: str) -> None:
    """Raises HardeningError where nothing may be copied to."""
    directory = landing.directory
    if not os.path.isdir(directory) or os.path.islink(directory):
        raise HardeningError(f"{directory} is no directory; make it, or name another landing")
    real, source = os.path.realpath(directory), os.path.realpath(medium)
    if _inside(real, source) or _inside(source, real):
        raise HardeningError(f"{directory} and the medium {medium} lie in each other; name another landing")
    if os.stat(directory).st_mode & stat.S_IWOTH:
        raise HardeningError(f"{directory} can be written to by everybody; take that right away (chmod o-w)")


def copy_to(
    landing: Landing, name: str, medium: str, paths: Sequence[str], judged: Callable[[str], str]
) -> tuple[str, str]:
    """Copy files of a medium, given by their paths below it, into a new folder I(name) of the landing. I(judged) is
    shown the folder of the copies, and says why they may not be kept; empty if they may. Returns where the copies
    are, and that reason: one of both is empty. Raises HardeningError.
    """
    target = os.path.join(landing.directory, name)
    if os.path.lexists(target):
        raise HardeningError(f"{target} exists already; move it away, and run again")
    with _staging(landing.directory) as staging:
        try:
            root = open_folder(os.path.realpath(medium))
            try:
                for path in paths:
                    _copy(root, path, staging)
            finally:
                os.close(root)
            why = judged(staging)
            if why:
                return "", why
            _hand_over(staging, landing)
            os.rename(staging, target)
            sync_directory(landing.directory)
        except OSError as exc:
            hint = "; free some space and run again" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else ""
            raise HardeningError(f"{medium} can't be copied to {landing.directory}: {exc.strerror}{hint}") from exc
    return target, ""


@contextlib.contextmanager
def _staging(directory: str) -> Iterator[str]:
    """A folder for root alone, locked while it is used, and gone in the end; ones of runs that were killed, too."""
    for left in glob.glob(os.path.join(glob.escape(directory), f"{_STAGING}*")):
        with contextlib.suppress(OSError), _locked(left):
            shutil.rmtree(left)
    path = os.path.join(directory, f"{_STAGING}{secrets.token_hex(8)}")
    try:
        os.mkdir(path, 0o700)
    except OSError as exc:
        raise HardeningError(f"nothing can be put into {directory}: {exc.strerror}") from exc
    with _locked(path):
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    descriptor = open_folder(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _copy(root: int, path: str, staging: str) -> None:
    """Copy one file. No folder on its way may be a link, on either side."""
    source = _opened(root, path)
    try:
        target = os.path.join(staging, path)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
            left = os.fstat(source).st_size
            while left > 0:
                data = os.read(source, min(_PIECE, left))
                if not data:
                    break
                file.write(data)
                left -= len(data)
            file.flush()
            os.fsync(file.fileno())
    finally:
        os.close(source)


def _opened(root: int, path: str) -> int:
    *folders, name = path.split("/")
    above = os.dup(root)
    try:
        for folder in folders:
            below = open_folder(folder, above)
            os.close(above)
            above = below
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=above)
    finally:
        os.close(above)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "a file became something else meanwhile")
    return descriptor


def _hand_over(staging: str, landing: Landing) -> None:
    """Give the copies the rights they keep, the innermost first, and make all of it durable."""
    for folder, _folders, names in os.walk(staging, topdown=False):
        for name in names:
            path = os.path.join(folder, name)
            os.chown(path, landing.owner, landing.group, follow_symlinks=False)
            os.chmod(path, _FILE_MODE)
        os.chown(folder, landing.owner, landing.group)
        os.chmod(folder, _FOLDER_MODE)
        sync_directory(folder)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
