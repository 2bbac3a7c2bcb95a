"""Captures made byte by byte, for the readers of captures: packets, and files of packets."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address

SYN, SYN_ACK, ACK, DATA = 0x02, 0x12, 0x10, 0x18
ETHERNET, RAW, COOKED, COOKED_2, NULL = 1, 101, 113, 276, 0


def tcp(source: str, sport: int, target: str, port: int, flags: int, payload: bytes = b"", sequence: int = 1) -> bytes:
    """An IP packet with a TCP segment."""
    segment = struct.pack(">HHIIBBHHH", sport, port, sequence, 0, 0x50, flags, 64000, 0, 0) + payload
    return ip(source, target, 6, segment)


def udp(source: str, sport: int, target: str, port: int, payload: bytes = b"x") -> bytes:
    """An IP packet with a datagram."""
    return ip(source, target, 17, struct.pack(">HHHH", sport, port, 8 + len(payload), 0) + payload)


def ip(source: str, target: str, protocol: int, payload: bytes, extensions: bytes = b"", fragment: int = 0) -> bytes:
    """An IP packet of either version. ``extensions``: IPv6 headers that end with ``protocol`` as next header."""
    start, end = ip_address(source), ip_address(target)
    if start.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0)
        return head + start.packed + end.packed + payload
    first = extensions[0] if extensions else protocol
    rest = extensions[1:] + payload
    return struct.pack(">IHBB", 0x60000000, len(rest), first, 64) + start.packed + end.packed + rest


def ether(packet: bytes, *tags: int) -> bytes:
    """An Ethernet frame, with VLAN tags."""
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return b"\x02" * 12 + b"".join(struct.pack(">HH", tag, 5) for tag in tags) + kind + packet


def associate_rq(called: str, calling: str) -> bytes:
    """The beginning of an A-ASSOCIATE-RQ, with a patient's name behind it, which nobody may read."""
    titles = called.ljust(16).encode() + calling.ljust(16).encode()
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + b"\x10\x00\x00\x151.2.840.10008.3.1.1.1" + b"CANARY^PATIENT"
    return b"\x01\x00" + struct.pack(">I", len(body)) + body


def pcap(
    packets: Iterable[bytes], order: str = "<", nano: bool = False, link: int = ETHERNET, snap: int = 65535
) -> bytes:
    """A classic capture."""
    parts = [struct.pack(f"{order}IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)]
    for number, packet in enumerate(packets):
        kept = packet[:snap]
        parts += [struct.pack(f"{order}IIII", 1700000000 + number, 0, len(kept), len(packet)), kept]
    return b"".join(parts)


def pcapng(packets: Iterable[bytes], order: str = "<", link: int = ETHERNET, block: int = 6) -> bytes:
    """A capture in the newer format; ``block``: 6 enhanced, 3 simple, 2 the old packet block."""
    parts = [
        _block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        _block(order, 1, struct.pack(f"{order}HHI", link, 0, 65535)),
        _block(order, 5, b"\x00" * 12),  # statistics: to be passed over
    ]
    for packet in packets:
        size = len(packet)
        if block == 6:
            head = struct.pack(f"{order}IIIII", 0, 0, 0, size, size)
        elif block == 3:
            head = struct.pack(f"{order}I", size)
        else:
            head = struct.pack(f"{order}HHIIII", 0, 0, 0, 0, size, size)
        parts.append(_block(order, block, head + packet + bytes(-size % 4)))
    return b"".join(parts)


def _block(order: str, kind: int, body: bytes) -> bytes:
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def hundred_thousand(archive: str = "10.1.30.10") -> bytes:
    """A capture of 100,000 packets: 20,000 callers open an association with the archive each, and log by UDP."""
    packets: list[bytes] = []
    pdu = associate_rq("PACS1", "CT1")
    for number in range(20_000):
        caller, port = f"10.1.{number % 200}.{number // 200 % 100 + 1}", 20000 + number // 4
        packets += [
            ether(tcp(caller, port, archive, 104, SYN, sequence=number)),
            ether(tcp(archive, 104, caller, port, SYN_ACK)),
            ether(tcp(caller, port, archive, 104, DATA, pdu)),
            ether(tcp(archive, 104, caller, port, DATA, b"\x02" + bytes(400))),
            ether(udp(caller, port, archive, 514)),
        ]
    return pcap(packets)
