# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol data units of DICOM's upper layer (PS3.8 section 9.3), as bytes. Private, pure.

All numbers are big endian. Reserved bytes are sent as zero and never looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.ae_title import MAXIMUM_BYTES, ae_title_problem

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
HEADER_LENGTH = 6

#: How this collection calls itself; a site may allow, log and look for exactly these.
CALLING_AE_TITLE = "PACSHARDENING"
IMPLEMENTATION_UID = "2.25.45832652573492099224976036309747743693"
IMPLEMENTATION_VERSION = "PACSHARDENING_01"

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

#: Largest P-DATA-TF that we ask a peer to send.
MAXIMUM_LENGTH = 16384
CONTEXT_ID = 1
_VERSION_1 = 1
_ITEMS_START = 68  # in the body of an A-ASSOCIATE-RQ or -AC


class ProtocolError(Exception):
    """A peer sent what the standard doesn't allow. The text is ours and quotes nothing."""


@dataclass(frozen=True)
class Accepted:
    """A-ASSOCIATE-AC. I(contexts): the result of each presentation context by its id, 0 = accepted."""

    contexts: dict[int, int]


@dataclass(frozen=True)
class Rejected:
    """A-ASSOCIATE-RJ."""

    result: int
    source: int
    reason: int


@dataclass(frozen=True)
class Aborted:
    """A-ABORT."""

    source: int
    reason: int


@dataclass(frozen=True)
class Fragment:
    """One presentation data value of a P-DATA-TF."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes


def associate_request(
    called: str,
    calling: str = CALLING_AE_TITLE,
    implementation_uid: str = IMPLEMENTATION_UID,
    implementation_version: str = IMPLEMENTATION_VERSION,
) -> bytes:
    """An A-ASSOCIATE-RQ that proposes Verification with Implicit VR Little Endian, and nothing else.

    Raises ValueError on a title that must not be sent: Orthanc neither answers a blank one nor closes.
    """
    user_information = (
        _item(0x51, struct.pack(">I", MAXIMUM_LENGTH))
        + _item(0x52, implementation_uid.encode("ascii"))
        + _item(0x55, implementation_version.encode("ascii"))
    )
    context = (
        bytes((CONTEXT_ID, 0, 0, 0))
        + _item(0x30, VERIFICATION.encode("ascii"))
        + _item(0x40, IMPLICIT_LITTLE_ENDIAN.encode("ascii"))
    )
    return _pdu(
        ASSOCIATE_RQ,
        struct.pack(">HH16s16s32x", _VERSION_1, 0, _title(called), _title(calling))
        + _item(0x10, _APPLICATION_CONTEXT.encode("ascii"))
        + _item(0x20, context)
        + _item(0x50, user_information),
    )


def data(context_id: int, command: bytes) -> bytes:
    """A P-DATA-TF with one whole command."""
    return _pdu(DATA, struct.pack(">IBB", len(command) + 2, context_id, 0x03) + command)


def release_request() -> bytes:
    """An A-RELEASE-RQ."""
    return _pdu(RELEASE_RQ, bytes(4))


def release_response() -> bytes:
    """An A-RELEASE-RP."""
    return _pdu(RELEASE_RP, bytes(4))


def abort() -> bytes:
    """An A-ABORT by the service user, which is us."""
    return _pdu(ABORT, bytes(4))


def parse_header(header: bytes) -> tuple[int, int]:
    """(type, length of the rest) from the first 6 bytes of a PDU."""
    kind, length = struct.unpack(">BxI", header)
    return kind, length


def parse_accepted(body: bytes) -> Accepted:
    """An A-ASSOCIATE-AC without its header."""
    if len(body) < _ITEMS_START:
        raise ProtocolError("an A-ASSOCIATE-AC that is too short")
    contexts = {}
    for kind, value in _items(body[_ITEMS_START:]):
        if kind == 0x21:
            if len(value) < 4:
                raise ProtocolError("a presentation context that is too short")
            contexts[value[0]] = value[2]
    return Accepted(contexts)


def parse_rejected(body: bytes) -> Rejected:
    """An A-ASSOCIATE-RJ without its header."""
    if len(body) != 4:
        raise ProtocolError("an A-ASSOCIATE-RJ of a wrong length")
    return Rejected(body[1], body[2], body[3])


def parse_aborted(body: bytes) -> Aborted:
    """An A-ABORT without its header."""
    if len(body) != 4:
        raise ProtocolError("an A-ABORT of a wrong length")
    return Aborted(body[2], body[3])


def parse_data(body: bytes) -> list[Fragment]:
    """A P-DATA-TF without its header."""
    fragments = []
    position = 0
    while position < len(body):
        if len(body) - position < 6:
            raise ProtocolError("a P-DATA-TF that ends too early")
        length, context_id, control = struct.unpack_from(">IBB", body, position)
        end = position + 4 + length
        if length < 2 or end > len(body):
            raise ProtocolError("a P-DATA-TF with a wrong length inside")
        fragments.append(Fragment(context_id, bool(control & 1), bool(control & 2), body[position + 6 : end]))
        position = end
    return fragments


def _pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(body):
        if len(body) - position < 4:
            raise ProtocolError("an item that ends too early")
        kind, length = struct.unpack_from(">BxH", body, position)
        end = position + 4 + length
        if end > len(body):
            raise ProtocolError("an item with a wrong length")
        yield kind, body[position + 4 : end]
        position = end


def _title(title: str) -> bytes:
    problem = ae_title_problem(title)
    if problem is not None:
        raise ValueError(problem)
    return title.encode("ascii").ljust(MAXIMUM_BYTES)
