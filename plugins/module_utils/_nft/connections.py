# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracked connections that shall be cut: which ones, as the tool C(conntrack) is told. Private, pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_COUNTED = re.compile(r"\b([0-9]+) flow entries have been (?:shown|deleted)")


@dataclass(frozen=True)
class Tracked:
    """All connections from I(source) to I(destination): addresses or networks of one IP version, in the direction in
    which they were opened. I(protocol): C(tcp) or C(udp).
    """

    source: str
    destination: str
    protocol: str
    port: int
    version: int

    def filters(self) -> list[str]:
        """The arguments with which C(conntrack -L) and C(-D) choose them."""
        family = "ipv6" if self.version == 6 else "ipv4"
        ends = ["-s", self.source, "-d", self.destination, "--dport", str(self.port)]
        return ["-f", family, "-p", self.protocol, *ends]

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination} {self.protocol}/{self.port}"


def tracked(rows: Iterable[Mapping[str, Any]]) -> list[Tracked]:
    """Read the module's list, each connection once. Raises HardeningError that names every wrong row."""
    found, faults = [], []
    for number, row in enumerate(rows):
        try:
            found.append(_tracked(row))
        except ValueError as exc:
            faults.append(f"connections[{number}]: {exc}")
    if faults:
        raise HardeningError("; ".join(faults) + "; nothing was cut")
    return list(dict.fromkeys(found))


def counted(output: str) -> int | None:
    """How many entries C(conntrack) says it has shown or deleted, None if it says nothing."""
    match = _COUNTED.search(output)
    return None if match is None else int(match[1])


def _tracked(row: Mapping[str, Any]) -> Tracked:
    ends = [ip_network(row[name]) for name in ("source", "destination")]
    if ends[0].version != ends[1].version:
        raise ValueError(f"{row['source']} and {row['destination']} are of different IP versions")
    if not 1 <= row["port"] <= 65535:
        raise ValueError(f"{row['port']} is not a port; use a whole number from 1 to 65535")
    source, destination = (str(end.network_address) if end.prefixlen == end.max_prefixlen else str(end) for end in ends)
    return Tracked(source, destination, row["protocol"], row["port"], ends[0].version)
