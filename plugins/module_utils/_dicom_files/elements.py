# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk through the elements of a DICOM data set without reading their values. Private, pure.

Strict where it matters here: where the data set ends, and what lies behind, must not be a matter of opinion. It never
raises, never recurses and always ends, whatever the bytes are. PS3.5, chapter 7 and annex A.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import Reader

_SHORT_VRS = b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
_LONG_VRS = b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split()  # two reserved bytes, and a length of 32 bits
LONG_VRS = frozenset(_LONG_VRS)
VRS = frozenset(_SHORT_VRS) | LONG_VRS

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
TOO_LONG = "a value is longer than what is left"
_ITEM_BYTES = b"\xfe\xff\x00\xe0"
_UNDEFINED = 0xFFFFFFFF
_IN_FRAGMENTS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV")

#: Limits: sequences within sequences, and elements of one file. A whole enhanced multi-frame object has fewer.
DEEPEST, MOST = 32, 500_000
_WINDOW = 8192


class Syntax(NamedTuple):
    """How a data set is written."""

    explicit: bool
    little: bool


EXPLICIT_LITTLE, EXPLICIT_BIG, IMPLICIT_LITTLE = Syntax(True, True), Syntax(True, False), Syntax(False, True)


class Element(NamedTuple):
    """Where the value of an element is. ``length`` is None where the data set doesn't say it beforehand. An item of a
    sequence comes as an element with the tag ITEM. ``depth`` is how many sequences it is in.
    """

    tag: int
    vr: bytes
    offset: int
    length: int | None
    depth: int


@dataclass
class _Frame:
    """What is being read: a data set, the items of a sequence, or the fragments of compressed pixel data."""

    holds: str
    end: int | None  # None: a delimiter ends it
    syntax: Syntax


_SET, _ITEMS, _FRAGMENTS = "set", "items", "fragments"


class Fault(Exception):
    """The bytes at the position aren't what stands there in a data set. The text says what is wrong, in our words."""


@dataclass
class Elements:
    """An iterator over all elements between two offsets. When it has ended, ``fault`` says why, if not because the end
    was reached, ``inside`` whether it was in the middle of an element of many parts, and ``position`` up to where
    everything was understood; ``skipped`` counts sequences that weren't.
    """

    read: Reader
    position: int
    end: int
    syntax: Syntax
    most: int = MOST
    fault: str = ""
    inside: bool = False
    skipped: int = 0
    _frames: list[_Frame] = field(default_factory=list)
    _window: bytes = b""
    _window_at: int = 0

    def __iter__(self) -> Iterator[Element]:
        self._frames = [_Frame(_SET, self.end, self.syntax)]
        previous = -1
        for _number in range(self.most):
            self._close()
            if not self._frames:
                return
            before = self.position
            try:
                element = self._next()
                if element is not None and element.depth == 0:
                    # Before the image some writers keep no order; behind it, an earlier element begins something else.
                    if previous >= PIXEL_DATA and element.tag <= previous:
                        raise Fault("it goes on after its end")
                    previous = element.tag
            except Fault as fault:
                inside = len(self._frames) > 1
                if not self._give_up_sequence():
                    self.fault, self.position, self.inside = str(fault), before, inside
                    return
                continue
            if element is not None:
                yield element
        self.fault = "it has too many elements"

    def _close(self) -> None:
        """Leave what ends here."""
        while self._frames and self._frames[-1].end == self.position:
            self._frames.pop()

    def _give_up_sequence(self) -> bool:
        """Go on behind the sequence that can't be followed, if its length is known."""
        while len(self._frames) > 1:
            frame = self._frames.pop()
            if frame.holds == _ITEMS and frame.end is not None:
                self.position = frame.end
                self.skipped += 1
                return True
        return False

    def _next(self) -> Element | None:
        """The next element; None for what only ends something, or is a fragment."""
        frame = self._frames[-1]
        syntax = frame.syntax
        header = self._bytes(8)
        if syntax.little:
            tag = (header[1] << 24) | (header[0] << 16) | (header[3] << 8) | header[2]
        else:
            tag = int.from_bytes(header[:4], "big")
        if tag >> 16 == 0xFFFE:
            return self._delimiter(tag, header, frame)
        if frame.holds != _SET:
            raise Fault("a sequence holds something that is no item")
        vr, length, size = b"", None, 8
        if syntax.explicit:
            vr = header[4:6]
            if vr not in VRS:
                raise Fault("an element has no known value representation")
            if vr in LONG_VRS:
                size = 12
                length = self._number(self._bytes(12)[8:12], syntax)
            else:
                length = int.from_bytes(header[6:8], "little" if syntax.little else "big")
        else:
            length = self._number(header[4:8], syntax)
        start, depth = self.position + size, self._depth()
        if length == _UNDEFINED:
            self._open_undefined(tag, vr, frame)
            self.position = start
            return Element(tag, vr, start, None, depth)
        self._within(start + length)
        element = Element(tag, vr, start, length, depth)
        self.position = start
        if length and vr == b"SQ":
            self._push(_Frame(_ITEMS, start + length, syntax))
        elif length >= 8 and vr in (b"UN", b"") and tag != PIXEL_DATA and self._peek(8)[:4] == _ITEM_BYTES:
            # Without a representation, a sequence is recognised by its first item; where that is UN, it is written in
            # implicit VR (PS3.5, 6.2.2, note 2).
            self._push(_Frame(_ITEMS, start + length, IMPLICIT_LITTLE))
        else:
            self.position = start + length
        return element

    def _delimiter(self, tag: int, header: bytes, frame: _Frame) -> Element | None:
        length = self._number(header[4:8], frame.syntax)
        start, depth = self.position + 8, self._depth()
        if tag == (ITEM_END if frame.holds == _SET else SEQUENCE_END) and frame.end is None:
            self._frames.pop()
        elif tag == ITEM and frame.holds == _ITEMS:
            if length == _UNDEFINED:
                self._push(_Frame(_SET, None, frame.syntax))
            else:
                self._within(start + length)
                self._push(_Frame(_SET, start + length, frame.syntax))
            self.position = start
            return Element(tag, b"", start, None if length == _UNDEFINED else length, depth)
        elif tag == ITEM and frame.holds == _FRAGMENTS and length != _UNDEFINED:
            self._within(start + length)
            start += length
        else:
            raise Fault("a delimiter stands where there is nothing to delimit")
        self.position = start
        return None

    def _open_undefined(self, tag: int, vr: bytes, frame: _Frame) -> None:
        if tag == PIXEL_DATA or vr in _IN_FRAGMENTS:
            self._push(_Frame(_FRAGMENTS, None, frame.syntax))
        elif vr == b"UN":
            self._push(_Frame(_ITEMS, None, IMPLICIT_LITTLE))
        elif vr in (b"SQ", b""):
            self._push(_Frame(_ITEMS, None, frame.syntax))
        else:
            raise Fault("an element doesn't say its length")

    def _push(self, frame: _Frame) -> None:
        if len(self._frames) >= 2 * DEEPEST:
            raise Fault("sequences lie too deep in each other")
        self._frames.append(frame)

    def _depth(self) -> int:
        return sum(1 for frame in self._frames if frame.holds != _SET)

    def _within(self, end: int) -> None:
        """A value must end before what holds it does."""
        for frame in reversed(self._frames):
            if frame.end is not None:
                if end > frame.end:
                    raise Fault(TOO_LONG)
                return

    @staticmethod
    def _number(data: bytes, syntax: Syntax) -> int:
        number: int = struct.unpack("<I" if syntax.little else ">I", data)[0]
        return number

    def _bytes(self, size: int) -> bytes:
        found = self._peek(size)
        if len(found) < size or self.position + size > self.end:
            raise Fault("it ends in the middle of an element")
        self._within(self.position + size)
        return found

    def _peek(self, size: int) -> bytes:
        at = self.position - self._window_at
        if at < 0 or at + size > len(self._window):
            self._window = self.read(self.position, _WINDOW)
            self._window_at, at = self.position, 0
        return self._window[at : at + size]
