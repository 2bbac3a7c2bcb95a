# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens: C(/proc/net/{tcp,tcp6,udp,udp6}) as data. Private, pure."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

#: The files below C(/proc/net), with what they hold.
TABLES = {"tcp": ("tcp", 4), "tcp6": ("tcp", 6), "udp": ("udp", 4), "udp6": ("udp", 6)}

_TCP_LISTEN = "0A"
_UDP_UNCONNECTED = "07"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.:/@+-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Listener:
    """A socket that takes what anybody sends. I(inode) is the kernel's number of the socket."""

    protocol: str
    family: int
    address: str
    port: int
    inode: int


def parse_listeners(text: str, table: str, byte_order: str = sys.byteorder) -> list[Listener]:
    """The listening TCP, or unconnected UDP, sockets in the text of a file of C(TABLES). Lines that the kernel would
    not write raise ValueError.
    """
    protocol, family = TABLES[table]
    wanted = _TCP_LISTEN if protocol == "tcp" else _UDP_UNCONNECTED
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10:
            raise ValueError(f"a line of /proc/net/{table} has {len(fields)} fields instead of 10 or more")
        if fields[3] != wanted:
            continue
        address, _colon, port = fields[1].partition(":")
        found.append(Listener(protocol, family, _address(address, family, byte_order), int(port, 16), int(fields[9])))
    return found


def _address(text: str, family: int, byte_order: str) -> str:
    """The kernel prints each 32-bit word of an address in the byte order of the machine."""
    words = [int(text[start : start + 8], 16) for start in range(0, 8 if family == 4 else 32, 8)]
    packed = struct.pack(f"{'<' if byte_order == 'little' else '>'}{len(words)}I", *words)
    return str(IPv4Address(packed) if family == 4 else IPv6Address(packed))


def listener_documents(listeners: Iterable[Listener], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Plain data, sorted, each address and port once a process. I(names): the process behind an inode."""
    rows = {
        (one.port, one.protocol, one.family, one.address, plain_name(names.get(one.inode)) or "") for one in listeners
    }
    return [
        {"protocol": protocol, "family": family, "address": address, "port": port, "process": process or None}
        for port, protocol, family, address, process in sorted(rows)
    ]


def plain_name(name: str | None) -> str | None:
    """A program's name, None if it holds characters that no program's name needs: a process names itself."""
    return name if name is not None and _PLAIN_NAME.fullmatch(name) else None
