# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that the kernel tracks: lines of C(conntrack -L), of its events, and of C(/proc/net/nf_conntrack).
Private, pure.

A line has two tuples: that of the first packet, and that of the expected answers. Where addresses are translated, the
forward chain sees the true destination, which is the source of the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

_PROTOCOL = re.compile(r"(?:^|\s)(tcp|udp)\s+(?:6|17)\s+(?:(\d{1,10})\s+)?([A-Z][A-Z_0-9]*\s)?", re.ASCII)
_TUPLE = re.compile(r"src=(\S+) dst=(\S+) sport=(\d{1,5}) dport=(\d{1,5})", re.ASCII)
_ESTABLISHED = "ESTABLISHED"
_UNANSWERED = "[UNREPLIED]"


@dataclass(frozen=True)
class Tracked:
    """One tracked connection. I(port) is the destination's, I(source_port) the other one; I(answered) is whether the
    other side ever answered; I(established): a TCP connection in that state, or a UDP exchange that was answered.
    I(seconds_left): until the kernel forgets it, None where the line doesn't say.
    """

    source: str
    destination: str
    protocol: str
    port: int
    source_port: int
    answered: bool
    established: bool
    seconds_left: int | None


def parse_line(line: str) -> Tracked | None:
    """The connection of a line, None where it is none of TCP or UDP, or nothing that the kernel would write."""
    head = _PROTOCOL.search(line)
    if head is None:
        return None
    tuples = _TUPLE.findall(line, head.end())
    if not 1 <= len(tuples) <= 2:
        return None
    protocol, seconds, state = head.group(1), head.group(2), (head.group(3) or "").strip()
    first, answers = tuples[0], tuples[-1]
    source, destination, port = first[0], answers[0], int(answers[2])
    if len(tuples) == 1:
        destination, port = first[1], int(first[3])
    try:
        source, destination = str(ip_address(source)), str(ip_address(destination))
    except ValueError:
        return None
    source_port = int(first[2])
    if port > 65535 or source_port > 65535:
        return None
    answered = _UNANSWERED not in line
    established = answered and (protocol == "udp" or state == _ESTABLISHED or "[OFFLOAD]" in line)
    left = int(seconds) if seconds else None
    return Tracked(source, destination, protocol, port, source_port, answered, established, left)


def connection_documents(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The established connections, one entry for all with the same source, destination, protocol and port: how many
    there are, their source port if all have the same, and the longest time until the kernel forgets them.
    """
    found: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for line in lines:
        one = parse_line(line)
        if one is None or not one.established:
            continue
        key = (one.source, one.destination, one.protocol, one.port)
        known = found.setdefault(key, {"source_port": one.source_port, "count": 0, "seconds_left": None})
        known["count"] += 1
        if known["source_port"] != one.source_port:
            known["source_port"] = None
        if one.seconds_left is not None:
            known["seconds_left"] = max(one.seconds_left, known["seconds_left"] or 0)
    return [
        {"source": source, "destination": destination, "protocol": protocol, "port": port, **found[key]}
        for key in sorted(found)
        for source, destination, protocol, port in [key]
    ]
