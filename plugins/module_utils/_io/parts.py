# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect parts of evidence side by side, each in a process of its own, so that none can hang, crash or kill another.
Private.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import (
    ABSENT,
    ERROR,
    OK,
    Absent,
    Unreadable,
    absent,
    error,
    ok,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

Reader = Callable[[], "dict[str, Any]"]

_LARGEST = 64 * 1024 * 1024


@dataclass
class _Running:
    name: str
    pid: int
    pipe: int
    received: list[bytes] = field(default_factory=list)
    size: int = 0


def collect(readers: Mapping[str, Reader], timeout: float) -> dict[str, dict[str, Any]]:
    """The document of each part. All run at once, and what isn't there after I(timeout) seconds is given up."""
    parts: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        waiting = 0
        for name, reader in readers.items():
            try:
                running = _start(name, reader)
            except OSError as exc:
                parts[name] = error(f"no process can be started: {exc.strerror}")
                continue
            selector.register(running.pipe, selectors.EVENT_READ, running)
            waiting += 1
        while waiting:
            left = deadline - time.monotonic()
            events = selector.select(left) if left > 0 else []
            if not events and time.monotonic() >= deadline:
                break
            for key, _mask in events:
                part: _Running = key.data
                data = os.read(part.pipe, 1 << 20)
                part.received.append(data)
                part.size += len(data)
                if data and part.size <= _LARGEST:
                    continue
                selector.unregister(part.pipe)
                waiting -= 1
                parts[part.name] = _document(part)
                _end(part)
        for key in list(selector.get_map().values()):
            parts[key.data.name] = error(f"nothing was found out within {timeout:g} s")
            _end(key.data)
    return {name: parts[name] for name in readers}


def _start(name: str, reader: Reader) -> _Running:
    mine, theirs = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(mine)
        os.close(theirs)
        raise
    if pid == 0:
        _child(reader, theirs)
    os.close(theirs)
    with contextlib.suppress(OSError):  # it has done so itself, or has ended
        os.setpgid(pid, pid)
    return _Running(name, pid, mine)


def _child(reader: Reader, pipe: int) -> None:
    """Read, write the document to the pipe, and end; nothing of the parent's may run here any more."""
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        with os.fdopen(pipe, "wb") as file:
            file.write(json.dumps(_read(reader)).encode("ascii"))
    finally:
        os._exit(0)


def _read(reader: Reader) -> dict[str, Any]:
    try:
        return ok(reader())
    except Absent as exc:
        return absent(str(exc))
    except (Unreadable, HardeningError) as exc:
        return error(str(exc))
    except OSError as exc:
        what = f"{exc.filename or 'what the host says'} can't be read"
        if exc.errno in (errno.EACCES, errno.EPERM):
            return error(f"{'not permitted' if os.geteuid() == 0 else 'needs root'}: {what}")
        return error(f"{what}: {exc.strerror or type(exc).__name__}")
    except Exception as exc:
        # Its text may quote what was read; its name can't.
        return error(f"what the host says can't be understood ({type(exc).__name__})")


def _document(part: _Running) -> dict[str, Any]:
    if part.size > _LARGEST:
        return error(f"more than {_LARGEST >> 20} MB")
    try:
        document = json.loads(b"".join(part.received))
    except (ValueError, RecursionError):
        return error("the process that looked ended before it could say what it saw")
    return document if isinstance(document, dict) and document.get("status") in (OK, ABSENT, ERROR) else error("?")


def _end(part: _Running) -> None:
    """Make sure that nothing of it goes on. A process stuck in the kernel isn't waited for."""
    os.close(part.pipe)
    with contextlib.suppress(OSError):
        os.killpg(part.pid, signal.SIGKILL)
    for _attempt in range(20):
        try:
            if os.waitpid(part.pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.005)
