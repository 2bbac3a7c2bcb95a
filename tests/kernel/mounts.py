"""A mount namespace of one's own: whatever is mounted in it is seen by nobody else, and gone with it."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNS = 0x20000
_OURS = "/proc/thread-self/ns/mnt"
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def private_mounts() -> Iterator[None]:
    """This thread, and the processes that it starts, see mounts of their own meanwhile."""
    home, folder = os.open(_OURS, os.O_RDONLY), os.getcwd()
    try:
        _call("unshare", _CLONE_NEWNS)
        mount("--make-rprivate", "/")
        yield
    finally:
        _call("setns", home, _CLONE_NEWNS)
        os.close(home)
        os.chdir(folder)


def mount(*arguments: str) -> None:
    """Run mount(8)."""
    subprocess.run(["mount", *arguments], check=True, timeout=30)


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
