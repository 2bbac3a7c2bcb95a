"""A TCP connection between two namespaces, and whether anything still passes through it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from kernel.namespaces import Namespace

_T = TypeVar("_T")


@dataclass
class Talk:
    """``opened`` is false where the connection didn't come about."""

    opened: bool
    client: socket.socket | None = None
    server: socket.socket | None = None

    def carries(self, patience: float = 1.0) -> bool:
        """Whether a byte comes through each way."""
        assert self.client is not None and self.server is not None
        return all(_passes(*ends, patience) for ends in ((self.client, self.server), (self.server, self.client)))

    def passes_back(self, patience: float = 1.0) -> bool:
        """Whether a byte comes from the one who was called."""
        assert self.client is not None and self.server is not None
        return _passes(self.server, self.client, patience)


@contextmanager
def talk(
    caller: Namespace, source: str, called: Namespace, destination: str, port: int, patience: float
) -> Iterator[Talk]:
    """Open a connection; it is ended without a word at the end."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with called.socket(family, socket.SOCK_STREAM) as listener, caller.socket(family, socket.SOCK_STREAM) as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((destination, port))
        listener.listen(1)
        client.bind((source, 0))
        client.connect_ex((destination, port))
        server = _soon(lambda: listener.accept()[0], patience)
        if server is None:
            yield Talk(False)
            return
        with server:
            server.setblocking(False)
            yield Talk(True, client, server)


def _passes(sender: socket.socket, receiver: socket.socket, patience: float) -> bool:
    _soon(lambda: receiver.recv(1 << 16), 0)
    _soon(lambda: sender.send(b"x"), 0.2)
    return bool(_soon(lambda: receiver.recv(1 << 16), patience))


def _soon(attempt: Callable[[], _T], patience: float) -> _T | None:
    end = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except (BlockingIOError, ConnectionError):
            if time.monotonic() >= end:
                return None
            time.sleep(0.01)
