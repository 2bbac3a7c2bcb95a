# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How nft writes addresses, ranges and ports: as it lists them itself, so that one meaning has one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address

from .._policy.model import Span
from .._site.model import Network

#: For each IP version what nft calls its header, its addresses and its ICMP.
FAMILIES = ((4, "ip", "ipv4_addr", "icmp"), (6, "ip6", "ipv6_addr", "icmpv6"))


def flow_type(address: str) -> str:
    """The type of a set of flows between addresses of a type."""
    return f"{address} . {address} . inet_proto . inet_service"


def flow_key(ip: str) -> str:
    """What of a packet is looked up in such a set."""
    return f"{ip} saddr . {ip} daddr . meta l4proto . th dport"


def of_version(version: int, spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """The first and last addresses of the spans of one IP version."""
    return ((span.first, span.last) for span in spans if span.version == version)


@lru_cache(maxsize=65536)
def ends_of(network: Network) -> tuple[int, int]:
    """The first and the last address of a network, as numbers."""
    return int(network.network_address), int(network.broadcast_address)


@lru_cache(maxsize=65536)
def address_range(version: int, span: tuple[int, int]) -> str:
    """An address, a prefix, or a range: nft lists a range that is a prefix as one, so it is written as one."""
    bits = 32 if version == 4 else 128
    first, last = span
    size = last - first + 1
    start = _address(version, first)
    if size == 1:
        return start
    if size & (size - 1) == 0 and first % size == 0:
        return f"{start}/{bits - size.bit_length() + 1}"
    return f"{start}-{_address(version, last)}"


def port_range(span: tuple[int, int]) -> str:
    """A port, or a range of ports."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"


def table(lines: Iterable[str]) -> str:
    """The text of our table."""
    return "\n".join(["table inet pacs {", *indented(lines), "}"]) + "\n"


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Lines one level further in."""
    return (f"\t{line}" for line in lines)


def _address(version: int, number: int) -> str:
    return str(ip_address(number.to_bytes(4 if version == 4 else 16, "big")))
