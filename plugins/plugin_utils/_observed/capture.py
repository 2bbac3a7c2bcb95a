# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packets of a capture file: pcap (both byte orders, micro- and nanoseconds) and pcapng.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Times are of no interest here. A file that ends in the
middle of a packet, as one does that is still written, gives what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from struct import Struct

from .model import ObservedError

Data = bytes | mmap
#: Link type (LINKTYPE_ of tcpdump.org), first byte, first byte behind.
Packet = tuple[int, int, int]

_PCAP = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xa1\xb2\x3c\x4d": ">",
}
_PCAP_HEADER, _RECORD_HEADER = 24, 16
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_BYTE_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_CUT_SHORT = "it ends in the middle of a packet; what came before was read"


def is_capture(data: Data) -> bool:
    """Whether this is a capture file, by its first bytes."""
    return data[:4] in _PCAP or data[:4] == b"\x0a\x0d\x0d\x0a"


class Capture:
    """The packets of one file. ``notes`` says, once they are read, what of it could not be read."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self.notes: list[str] = []

    def packets(self) -> Iterator[Packet]:
        """Each packet, in the order of the file; raise ObservedError where it isn't a capture."""
        order = _PCAP.get(bytes(self._data[:4]))
        return self._pcap(order) if order else self._pcapng()

    def _pcap(self, order: str) -> Iterator[Packet]:
        data, size = self._data, len(self._data)
        if size < _PCAP_HEADER:
            raise ObservedError("it ends within its header")
        # The upper bits tell of checksums behind each packet.
        link = Struct(f"{order}I").unpack_from(data, 20)[0] & 0xFFFF
        lengths = Struct(f"{order}I").unpack_from
        at = _PCAP_HEADER
        while at + _RECORD_HEADER <= size:
            start = at + _RECORD_HEADER
            at = start + lengths(data, at + 8)[0]
            if at > size:
                break
            yield link, start, at
        if at != size:
            self.notes.append(_CUT_SHORT)

    def _pcapng(self) -> Iterator[Packet]:
        data, size = self._data, len(self._data)
        links: list[int] = []
        order, at = "", 0
        while at + 12 <= size:
            if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
                order = _BYTE_ORDER.get(bytes(data[at + 8 : at + 12]), "")
                if not order:
                    raise ObservedError("its byte order can't be told: it is damaged, or no capture")
                words, halves, links = Struct(f"{order}II").unpack_from, Struct(f"{order}H").unpack_from, []
            kind, length = words(data, at)
            end = at + length
            if length < 12 or length % 4 or end > size:
                break
            if kind == _INTERFACE and length >= 20:
                links.append(halves(data, at + 8)[0])
            elif kind in (_PACKET, _OLD_PACKET) and length >= 32:
                interface = words(data, at + 8)[0] if kind == _PACKET else halves(data, at + 8)[0]
                yield _within(links, interface, at + 28, words(data, at + 20)[0], end - 4)
            elif kind == _SIMPLE_PACKET and length >= 16:
                yield _within(links, 0, at + 12, words(data, at + 8)[0], end - 4)
            at = end
        if at != size:
            self.notes.append(_CUT_SHORT)


def _within(links: list[int], interface: int, start: int, length: int, end: int) -> Packet:
    """A packet of a block that ends at ``end``; of an interface that nobody described the link type is -1."""
    return links[interface] if interface < len(links) else -1, start, min(start + length, end)
