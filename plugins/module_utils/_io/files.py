# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durable files: whole or not at all, also across a power cut, with the right permissions from the first moment.
Private.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def read_text(path: str) -> str | None:
    """The content of a file, None if it doesn't exist. Bytes that aren't UTF-8 are replaced (and so differ from
    anything of ours).
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise HardeningError(f"{path} can't be read: {exc.strerror}") from exc


def mode_of(path: str) -> int | None:
    """Permission bits of a file that belongs to root, None if it doesn't exist, is no regular file or belongs to
    somebody else.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) and status.st_uid == 0 else None


def make_private_directory(path: str) -> None:
    """Create a folder (and those above it) for root alone. Refuses one that somebody else could write to, or that is
    a link.
    """
    with _readable(path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
            sync_directory(os.path.dirname(path))
        except FileExistsError:
            pass
        status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise HardeningError(
            f"{path} must be a folder that only root can write to; remove it or correct its owner and mode"
        )


def write_new(path: str, text: str, mode: int = 0o600) -> None:
    """Create a file that must not exist yet, durably (the caller syncs the folder)."""
    with _readable(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())


def replace_file(path: str, text: str, mode: int) -> None:
    """Put a file in place by renaming a complete one, durably."""
    temporary = f"{path}.pacs-hardening.{os.getpid()}"
    with _readable(path):
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        try:
            write_new(temporary, text, mode)
            os.rename(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        sync_directory(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove a file if it is there."""
    with _readable(path), contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def move(source: str, target: str) -> bool:
    """Rename a folder, durably; False if somebody else has moved it away already."""
    with _readable(target):
        try:
            os.rename(source, target)
        except FileNotFoundError:
            return False
        sync_directory(os.path.dirname(source))
        sync_directory(os.path.dirname(target))
    return True


def sync_directory(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: str, patience: float) -> Iterator[None]:
    """Hold the flock of a file (created if absent), waiting at most I(patience) seconds for it. Raises HardeningError
    if others keep it.
    """
    with _readable(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if exc.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                    raise
            if time.monotonic() >= end:
                raise HardeningError(
                    f"another change of this host's rules is being made ({path} is locked); try again in a minute"
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
    """Turn an operating system's error into a sentence."""
    try:
        yield
    except OSError as exc:
        hint = "; free some space and run again" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise HardeningError(f"{path}: {exc.strerror}{hint}") from exc
