"""Network namespaces without names: they exist while this process holds them, so nothing is ever left behind.

A socket stays in the namespace in which it was made, so one process can stand on every host of a network.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_OURS = "/proc/thread-self/ns/net"
_LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One network namespace, with ``lo`` up. Close it to end it with everything in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        home = os.open(_OURS, os.O_RDONLY)
        try:
            _call("unshare", _CLONE_NEWNET)
            self._handle = os.open(_OURS, os.O_RDONLY)
        finally:
            _call("setns", home, _CLONE_NEWNET)
            os.close(home)
        self.ip("link set lo up")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and the processes and sockets that it makes, are in the namespace meanwhile."""
        home = os.open(_OURS, os.O_RDONLY)
        try:
            _call("setns", self._handle, _CLONE_NEWNET)
            yield
        finally:
            _call("setns", home, _CLONE_NEWNET)
            os.close(home)

    def run(self, *command: str, text: str = "") -> str:
        """Run a program here and return its output; its error output is the error."""
        with self.inside():
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Run lines of ``ip``, the first failing one ends it."""
        self.run("ip", "-batch", "-", text="\n".join(lines) + "\n")

    def sysctl(self, **values: int | str) -> None:
        """Set keys below net; ``__`` stands for the slash."""
        with self.inside():
            for key, value in values.items():
                Path("/proc/sys/net", key.replace("__", "/")).write_text(str(value), encoding="ascii")

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of this namespace that never blocks."""
        with self.inside():
            made = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
        return made

    def join(self, interface: str, other: Namespace, other_interface: str) -> None:
        """Lay a cable to another namespace."""
        there = f"/proc/{os.getpid()}/fd/{other._handle}"
        self.ip(
            f"link add {interface} type veth peer name {other_interface} netns {there}",
            f"link set {interface} addrgenmode none",
            f"link set {interface} up",
        )
        other.ip(f"link set {other_interface} addrgenmode none", f"link set {other_interface} up")

    def close(self) -> None:
        """Let go of it."""
        os.close(self._handle)


def enter_mounts(pid: int) -> None:
    """Move this process, which must have one thread only, into the mount namespace of another."""
    handle = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    try:
        _call("setns", handle, _CLONE_NEWNS)
    finally:
        os.close(handle)


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
