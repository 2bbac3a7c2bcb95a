"""TCP connections that stay open, and single ICMP errors, for what the first packet alone doesn't show."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from kernel.hospital import Hospital, home
from kernel.probes import BedError

_PATIENCE = 3.0
_IP_FREEBIND, _IPV6_FREEBIND = 15, 78


class Stream:
    """An open connection; ``server`` is the accepting end."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._ends = {"out": (client, server), "back": (server, client)}

    def carries(self, direction: str, size: int = 1, patience: float = _PATIENCE) -> bool:
        """True if ``size`` bytes come through ``out`` (from the client) or ``back`` in time."""
        sender, receiver = self._ends[direction]
        data = bytes(size)
        sent = received = 0
        end = time.monotonic() + patience
        while received < size and time.monotonic() < end:
            try:
                if sent < size:
                    sent += sender.send(data[sent:])
            except BlockingIOError:
                pass
            try:
                received += len(receiver.recv(1 << 20))
            except BlockingIOError:
                time.sleep(0.002)
        return received == size


@contextmanager
def stream(hospital: Hospital, source: str, destination: str, port: int) -> Iterator[Stream]:
    """Open a connection between the owners of two addresses."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    places = hospital.places
    with (
        places[home(destination) or ""].socket(family, socket.SOCK_STREAM) as listener,
        places[home(source) or ""].socket(family, socket.SOCK_STREAM) as client,
    ):
        for end, address in ((listener, (destination, port)), (client, (source, 0))):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            _free(end, family)
            end.bind(address)
        listener.listen(1)
        client.connect_ex((destination, port))
        server = _soon(lambda: listener.accept()[0])
        if server is None:
            raise BedError(f"{source} can't connect to {destination}")
        listener.close()
        with server:
            server.setblocking(False)
            yield Stream(client, server)


def stray_error_arrives(hospital: Hospital, source: str, destination: str) -> bool:
    """Send an ICMP error about a connection that doesn't exist; True if it arrives, False if it doesn't in 0.3 s."""
    six = ":" in source
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
    places = hospital.places
    with (
        places[home(destination) or ""].socket(family, socket.SOCK_RAW, protocol) as tap,
        places[home(source) or ""].socket(family, socket.SOCK_RAW, protocol) as sender,
    ):
        _free(sender, family)
        sender.bind((source, 0))
        inner = _headers(source=destination, destination=source, six=six)
        kind, code = (2, 0) if six else (3, 4)  # packet too big; fragmentation needed
        message = struct.pack("!BBHI", kind, code, 0, 1300) + inner
        if not six:
            message = message[:2] + struct.pack("!H", _checksum(message)) + message[4:]
        sender.sendto(message, (destination, 0))
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                packet, about = tap.recvfrom(65536)
            except BlockingIOError:
                time.sleep(0.002)
                continue
            if about[0] == source and packet.endswith(inner):
                return True
    return False


def _headers(source: str, destination: str, six: bool) -> bytes:
    """IP and TCP headers of a packet that nobody has sent."""
    ends = ip_address(source).packed + ip_address(destination).packed
    tcp = struct.pack("!HHIIBBHHH", 40000, 443, 1, 1, 0x50, 0x10, 1024, 0, 0)
    if six:
        return struct.pack("!IHBB", 0x60000000, len(tcp), socket.IPPROTO_TCP, 64) + ends + tcp
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, socket.IPPROTO_TCP, 0) + ends
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + tcp


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _free(end: socket.socket, family: socket.AddressFamily) -> None:
    if family == socket.AF_INET6:
        end.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
    else:
        end.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)


def _soon(attempt: Callable[[], socket.socket]) -> socket.socket | None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            return attempt()
        except BlockingIOError:
            time.sleep(0.002)
    return None
