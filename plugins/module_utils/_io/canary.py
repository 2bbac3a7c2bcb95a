# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test files that show what a scanner really does: found where it watches, left alone where it must. Private."""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import found_something, instream
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.antivirus import canary_document
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd import ask
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import make_private_directory, replace_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import utc
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

#: The antivirus test file of EICAR, in parts, so that no scanner takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
PREFIX = ".pacs-hardening-canary-"

_OPENED, _REFUSED, _ALTERED, _GONE = "opened", "refused", "altered", "gone"


@dataclass(frozen=True)
class Tried:
    """One directory: C(inside) an exclusion or not, what was seen there, and whether that is as it should be."""

    directory: str
    inside: bool
    seen: str
    right: bool

    def document(self) -> dict[str, Any]:
        """Plain data."""
        place = "inside" if self.inside else "outside"
        return {"directory": self.directory, "place": place, "seen": self.seen, "right": self.right}


def engine_finds(socket: str, timeout: float) -> tuple[bool, str]:
    """Whether a running clamd finds the test file when it is handed over: engine and signatures live."""
    try:
        answer = ask(socket, instream(EICAR), timeout)
    except HardeningError as exc:
        return False, str(exc)
    return found_something(answer), answer.strip("\0\n ")


def try_directories(
    outside: Sequence[str], inside: Sequence[str], log: str | None, timeout: float
) -> tuple[Tried, ...]:
    """Put a test file into each directory, try to open it, and take it away again, whatever happens.

    I(log) is where a scanner that only reports writes what it found; None for one that refuses. I(timeout) is in
    seconds, for each directory in which something must be found. Raises HardeningError for a directory that isn't
    there.
    """
    for directory in (*outside, *inside):
        if not os.path.isdir(directory) or os.path.islink(directory):
            raise HardeningError(f"{directory} is no directory; name one that is there, and no link to it")
        _sweep(directory)
    with ended_by_signals():
        found = [_watched(directory, log, timeout) for directory in outside]
        # After those: by now the scanner is known to be awake, if it is.
        return (*found, *(_left_alone(directory, log) for directory in inside))


def _watched(directory: str, log: str | None, timeout: float) -> Tried:
    with _canary(directory) as path:
        end = time.monotonic() + timeout
        size = _size(log)
        while True:
            seen = _open(path)
            detected = seen in (_REFUSED, _GONE) if log is None else _logged(log, size, path)
            if detected or time.monotonic() >= end:
                return Tried(directory, False, "reported" if detected and log else seen, detected)
            time.sleep(0.2)


def _left_alone(directory: str, log: str | None) -> Tried:
    with _canary(directory) as path:
        size = _size(log)
        seen = _open(path)
        if seen == _OPENED and log is not None:
            time.sleep(1)
            seen = "reported" if _logged(log, size, path) else _open(path)
        return Tried(directory, True, seen, seen == _OPENED)


def keep(path: str, proven: bool, findings: Sequence[str], tried: Sequence[Tried]) -> None:
    """Keep what was found out, for root alone: where nothing is scanned is nobody else's business."""
    make_private_directory(os.path.dirname(path))
    document = canary_document(utc(), proven, findings, [one.document() for one in tried])
    replace_file(path, json.dumps(document, indent=1) + "\n", 0o600)


@contextlib.contextmanager
def _canary(directory: str) -> Iterator[str]:
    path = os.path.join(directory, f"{PREFIX}{os.getpid()}-{time.time_ns()}")
    try:
        _write(path)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _write(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, EICAR)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise HardeningError(f"no test file can be put into {os.path.dirname(path)}: {exc.strerror}") from exc


def _open(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return _OPENED if file.read() == EICAR else _ALTERED
    except FileNotFoundError:
        return _GONE
    except OSError as exc:
        if exc.errno in (errno.EPERM, errno.EACCES):
            return _REFUSED
        raise HardeningError(f"{path} can't be opened: {exc.strerror}") from exc


def _size(log: str | None) -> int:
    with contextlib.suppress(OSError):
        return os.stat(log).st_size if log else 0
    return 0


def _logged(log: str, start: int, path: str) -> bool:
    try:
        with open(log, "rb") as file:
            file.seek(start)
            return any(os.fsencode(path) in line and b"FOUND" in line for line in file)
    except OSError:
        return False


def _sweep(directory: str) -> None:
    """Take away what a run that was killed left here: by its name, and by nothing else."""
    for path in glob.glob(os.path.join(glob.escape(directory), f"{PREFIX}[0-9]*-[0-9]*")):
        with contextlib.suppress(OSError):
            if os.lstat(path).st_size == len(EICAR):
                os.unlink(path)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """A signal that would end us ends us through every C(finally)."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    names = (signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
