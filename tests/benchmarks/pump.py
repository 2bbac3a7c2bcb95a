"""How fast a TCP connection between two namespaces is, and that it went the way that it should."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bed import BedError
from kernel.namespaces import Namespace

PORT = 5201
_CHUNK = 1 << 20
_PATIENCE = 10.0
_WARM = 0.5  # seconds until a connection has found its speed


@dataclass(frozen=True)
class Way:
    """From ``source``, which listens on ``address``, to ``sink``; all of it has to come in by ``interface`` there."""

    source: Namespace
    address: str
    sink: Namespace
    interface: str

    def rate(self, seconds: float = 2.0) -> float:
        """Mbit/s of what is received. Both ends are threads of this process, which spend their time in the kernel."""
        before = self._received()
        with self._connection() as (server, client):
            sender = threading.Thread(target=_send, args=(server,))
            sender.start()
            buffer = bytearray(_CHUNK)
            _receive(client, buffer, _WARM)
            amount, took = _receive(client, buffer, seconds)
            client.shutdown(socket.SHUT_RDWR)
            client.close()
            sender.join()
        through = self._received() - before
        if through < amount:
            raise BedError(f"{self.interface} of {self.sink.name} had {through} bytes of {amount}: they went elsewhere")
        return amount * 8 / took / 1e6

    def answers(self) -> bool:
        """Whether a byte comes through."""
        try:
            with self._connection() as (server, client):
                server.sendall(b".")
                return client.recv(1) == b"."
        except OSError:
            return False

    @contextmanager
    def _connection(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        with (
            self.source.socket(socket.AF_INET, socket.SOCK_STREAM) as listener,
            self.sink.socket(socket.AF_INET, socket.SOCK_STREAM) as client,
        ):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            for end in (listener, client):
                end.settimeout(_PATIENCE)
            listener.bind((self.address, PORT))
            listener.listen(1)
            client.connect((self.address, PORT))
            with listener.accept()[0] as server:
                server.settimeout(_PATIENCE)
                yield server, client

    def _received(self) -> int:
        """Bytes that the interface has taken in so far; 0 where there is none."""
        with self.sink.inside():
            lines = Path("/proc/thread-self/net/dev").read_text(encoding="ascii").splitlines()
        counts = {name.strip(): rest.split() for name, colon, rest in (line.partition(":") for line in lines) if colon}
        return int(counts[self.interface][0]) if self.interface in counts else 0


def _send(server: socket.socket) -> None:
    """Until the other end has had enough."""
    chunk = bytes(_CHUNK)
    with contextlib.suppress(OSError):
        while True:
            server.sendall(chunk)


def _receive(client: socket.socket, buffer: bytearray, seconds: float) -> tuple[int, float]:
    """How many bytes came, and in how many seconds."""
    start = time.perf_counter()
    amount = 0
    while (took := time.perf_counter() - start) < seconds:
        got = client.recv_into(buffer)
        if not got:
            raise BedError("the connection ended early")
        amount += got
    return amount, took


def resident(pid: int) -> float:
    """kB of memory that a process and those that it started hold."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    held = float(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return held + sum(resident(int(child)) for child in children.split())
