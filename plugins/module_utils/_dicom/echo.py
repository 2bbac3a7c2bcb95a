# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command sets of C-ECHO (PS3.7): always Implicit VR Little Endian. Private, pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.pdu import VERIFICATION, ProtocolError

_ECHO_RQ, _ECHO_RSP = 0x0030, 0x8030
_NO_DATA_SET = 0x0101
_GROUP_LENGTH, _CLASS, _FIELD, _ID, _ANSWERS, _DATA_SET, _STATUS = (
    0x0000,
    0x0002,
    0x0100,
    0x0110,
    0x0120,
    0x0800,
    0x0900,
)


@dataclass(frozen=True)
class EchoAnswer:
    """C-ECHO-RSP. I(status) 0 is success."""

    answers: int
    status: int


def echo_request(message_id: int) -> bytes:
    """The command set of a C-ECHO-RQ, 68 bytes."""
    uid = VERIFICATION.encode("ascii")
    elements = (
        _element(_CLASS, uid + b"\0" * (len(uid) % 2))
        + _element(_FIELD, struct.pack("<H", _ECHO_RQ))
        + _element(_ID, struct.pack("<H", message_id))
        + _element(_DATA_SET, struct.pack("<H", _NO_DATA_SET))
    )
    return _element(_GROUP_LENGTH, struct.pack("<I", len(elements))) + elements


def parse_echo_answer(command: bytes) -> EchoAnswer:
    """Read a C-ECHO-RSP. Raises ProtocolError if it is none."""
    elements = _elements(command)
    if _number(elements, _FIELD) != _ECHO_RSP:
        raise ProtocolError("another command than the answer to a C-ECHO")
    return EchoAnswer(_number(elements, _ANSWERS), _number(elements, _STATUS))


def _element(element: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0x0000, element, len(value)) + value


def _elements(command: bytes) -> dict[int, bytes]:
    """The elements of group 0000 by their number."""
    found = {}
    position = 0
    while position < len(command):
        if len(command) - position < 8:
            raise ProtocolError("a command that ends too early")
        group, element, length = struct.unpack_from("<HHI", command, position)
        end = position + 8 + length
        if group != 0 or end > len(command):
            raise ProtocolError("a command with a wrong element")
        found[element] = command[position + 8 : end]
        position = end
    return found


def _number(elements: dict[int, bytes], element: int) -> int:
    value = elements.get(element, b"")
    if len(value) != 2:
        raise ProtocolError("a command that lacks an element")
    return int(struct.unpack("<H", value)[0])
