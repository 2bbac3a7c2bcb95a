# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces with their kinds, as the kernel answers RTM_GETLINK (rtnetlink(7)). Private, pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

REQUEST_LINKS = struct.pack("=IHHII", 32, 18, 0x301, 1, 0) + bytes(16)  # RTM_GETLINK, a dump, for every family
_NEW_LINK, _DONE, _ERROR = 16, 3, 2
_NAME, _LINK_INFO, _KIND, _DATA = 3, 18, 1, 2
_TUN_TYPE = 3
_HEADER, _LINK_HEADER = 16, 16
#: Kinds that lead somewhere else. Those of containers and bridges lead nowhere, and are none of these.
TUNNELS = (
    "wireguard",
    "tun",
    "ppp",
    "xfrm",
    "vti",
    "vti6",
    "wwan",
    "gre",
    "ip6gre",
    "ipip",
    "sit",
    "ip6tnl",
    "l2tpeth",
)
#: Interfaces that are there as soon as the kernel's part is loaded, and lead nowhere by themselves.
_ALWAYS = ("tunl0", "gre0", "gretap0", "erspan0", "ip6tnl0", "ip6gre0", "sit0", "ip_vti0", "ip6_vti0")


@dataclass(frozen=True)
class Link:
    """An interface that is a tunnel, with its kind as the kernel calls it; a C(tun) of ethernet frames is C(tap)."""

    name: str
    kind: str


class Incomplete(ValueError):
    """The kernel's answer breaks off, or is none."""


def answer_ends(data: bytes) -> bool:
    """Whether the kernel has said all. Raises Incomplete where it refuses."""
    for kind, _content in _messages(data):
        if kind == _ERROR:
            raise Incomplete("the kernel doesn't list its interfaces")
        if kind == _DONE:
            return True
    return False


def tunnels_in(data: bytes) -> tuple[Link, ...]:
    """The tunnels in the kernel's answer, by name."""
    found = []
    for kind, content in _messages(data):
        if kind != _NEW_LINK:
            continue
        attributes = dict(_attributes(content[_LINK_HEADER:]))
        name = attributes.get(_NAME, b"").rstrip(b"\0").decode("utf-8", "replace")
        about = dict(_attributes(attributes.get(_LINK_INFO, b"")))
        what = about.get(_KIND, b"").rstrip(b"\0").decode("ascii", "replace")
        if what == "tun" and dict(_attributes(about.get(_DATA, b""))).get(_TUN_TYPE) == b"\x02":
            what = "tap"
        if (what in TUNNELS or what == "tap") and name not in _ALWAYS:
            found.append(Link(name, what))
    return tuple(sorted(found, key=lambda one: one.name))


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER <= len(data):
        size, kind = struct.unpack_from("=IH", data, at)
        if size < _HEADER or at + size > len(data):
            raise Incomplete("the kernel's list of interfaces breaks off")
        yield kind, data[at + _HEADER : at + size]
        at += (size + 3) & ~3


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4 or at + size > len(data):
            raise Incomplete("the kernel's list of interfaces breaks off")
        yield kind & 0x3FFF, data[at + 4 : at + size]
        at += (size + 3) & ~3
