"""Runs in a node, standard library only: tries connections and says what came of each.

Standard input: a JSON list of {"host", "port", "application", "called"}; output: a JSON list, in the same order, of
{"outcome", "detail", "seconds"}. open: the listener answered (for DICOM a UL PDU came back, for the others the TCP
handshake was completed). refused: TCP reset. timeout: silence. unreachable: an ICMP error or no route. error:
connected, but it isn't what it should be. Connections are closed at once; on a DICOM port an association is asked for
at once, and released.
"""

from __future__ import annotations

import errno
import json
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TIMEOUT = 3.0
AT_A_TIME = 16
CALLING_AE_TITLE = "PACSLABPROBE"
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL, errno.EPROTO}


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def associate(called: str) -> bytes:
    """A-ASSOCIATE-RQ (PS3.8 9.3.2) with one Verification context, Implicit VR Little Endian."""
    context = b"\x01\x00\x00\x00" + item(0x30, b"1.2.840.10008.1.1") + item(0x40, b"1.2.840.10008.1.2")
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.826.0.1.3680043.8.498.1") + item(0x55, b"PACSLAB")
    body = struct.pack(">HH", 1, 0) + called.encode().ljust(16) + CALLING_AE_TITLE.encode().ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, context) + item(0x50, user)
    return struct.pack(">BBI", 1, 0, len(body)) + body


def echo_request() -> bytes:
    """P-DATA-TF with a C-ECHO-RQ (PS3.7 9.3.5)."""

    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HHI", 0, number, len(value)) + value

    command = (
        element(0x0002, b"1.2.840.10008.1.1\x00")
        + element(0x0100, b"\x30\x00")
        + element(0x0110, b"\x01\x00")
        + element(0x0800, b"\x01\x01")
    )
    command = element(0x0000, struct.pack("<I", len(command))) + command
    return struct.pack(">BBIIBB", 4, 0, len(command) + 6, len(command) + 2, 1, 3) + command


def read_pdu(connection: socket.socket) -> tuple[int, bytes]:
    header = exactly(connection, 6)
    kind, _reserved, length = struct.unpack(">BBI", header)
    return kind, exactly(connection, min(length, 65536))


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def dicom(connection: socket.socket, called: str) -> str:
    """What the peer said. Any UL PDU proves that a DICOM server was reached."""
    connection.sendall(associate(called))
    kind, body = read_pdu(connection)
    if kind == 3:
        return "A-ASSOCIATE-RJ " + "/".join(str(number) for number in body[1:4])
    if kind == 7:
        return "A-ABORT"
    if kind != 2:
        raise ValueError(f"PDU type {kind}")
    connection.sendall(echo_request())
    kind, body = read_pdu(connection)
    said = (
        f"C-ECHO answered, status {body[-2:][::-1].hex()}"
        if kind == 4
        else "A-ABORT"
        if kind == 7
        else f"PDU type {kind}"
    )
    if kind == 4:
        connection.sendall(b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        read_pdu(connection)
    return said


def attempt(row: dict[str, Any]) -> tuple[str, str]:
    try:
        connection = socket.create_connection((row["host"], row["port"]), timeout=TIMEOUT)
    except TimeoutError:
        return "timeout", "no answer to SYN"
    except ConnectionRefusedError:
        return "refused", "reset"
    except OSError as error:
        if error.errno in UNREACHABLE:
            return "unreachable", errno.errorcode.get(error.errno or 0, str(error))
        return "error", str(error)
    with connection:
        if row["application"] != "dicom":
            return "open", "connected"
        try:
            return "open", dicom(connection, row["called"])
        except (OSError, EOFError, ValueError, struct.error) as error:
            return "error", f"connected, but no DICOM answer: {type(error).__name__} {error}".strip()


def probe(row: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    outcome, detail = attempt(row)
    return {"outcome": outcome, "detail": detail, "seconds": round(time.monotonic() - began, 3)}


if __name__ == "__main__":
    rows = json.load(sys.stdin)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        json.dump(list(pool.map(probe, rows)), sys.stdout)
