"""Bytes of the upper layer and of C-ECHO, against the standard's tables and against pynetdicom."""

from __future__ import annotations

import pytest
from pynetdicom import dimse_messages
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, A_RELEASE_RQ

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import echo, pdu

# 203 bytes: what a minimal request measures where implementation UID and version name have 34 characters together.
REQUEST = bytes.fromhex(
    "0100 000000c5 0001 0000"
    "5041 4353 3120 2020 2020 2020 2020 2020 5041 4353 4841 5244 454e 494e 4720 2020" + "00" * 32 + "1000 0015"
    "312e322e3834302e31303030382e332e312e312e31"
    "2000 002e 01000000 3000 0011 312e322e3834302e31303030382e312e31 4000 0011 312e322e3834302e31303030382e312e32"
    "5000 0032 5100 0004 00004000"
    "5200 001b 312e322e3834302e312e322e332e342e352e362e372e382e392e31 5500 0007 56455253494f4e"
)
ECHO = bytes.fromhex(
    "0000 0000 04000000 38000000"
    "0000 0200 12000000 312e322e3834302e31303030382e312e3100"
    "0000 0001 02000000 3000"
    "0000 1001 02000000 0100"
    "0000 0008 02000000 0101"
)


def test_the_request_of_203_bytes() -> None:
    uid, version = "1.2.840.1.2.3.4.5.6.7.8.9.1", "VERSION"
    assert len(uid) + len(version) == 34
    assert pdu.associate_request("PACS1", "PACSHARDENING", uid, version) == REQUEST
    assert len(REQUEST) == 203


def test_pynetdicom_reads_the_request_and_writes_the_same() -> None:
    ours = pdu.associate_request("PACS1")
    read = A_ASSOCIATE_RQ()
    read.decode(ours)
    assert (read.called_ae_title, read.calling_ae_title) == ("PACS1", "PACSHARDENING")
    (context,) = read.presentation_context
    assert (context.abstract_syntax, context.transfer_syntax) == ("1.2.840.10008.1.1", ["1.2.840.10008.1.2"])
    assert read.user_information is not None
    assert read.user_information.implementation_version_name == "PACSHARDENING_01"
    assert str(read.user_information.implementation_class_uid) == pdu.IMPLEMENTATION_UID
    assert read.encode() == ours


def test_what_we_call_ourselves_is_legal() -> None:
    assert len(pdu.IMPLEMENTATION_UID) <= 64
    root, number = pdu.IMPLEMENTATION_UID.rsplit(".", 1)
    assert root == "2.25"
    assert 0 < int(number) < 2**128
    assert str(int(number)) == number
    assert 1 <= len(pdu.IMPLEMENTATION_VERSION) <= 16


@pytest.mark.parametrize("title", ["", " ", " " * 16, "A" * 17, "A\\B", "Ä", "A\n"])
def test_a_title_that_must_not_be_sent(title: str) -> None:
    with pytest.raises(ValueError, match="AE title"):
        pdu.associate_request(title)
    with pytest.raises(ValueError, match="AE title"):
        pdu.associate_request("PACS1", title)


def test_the_command_of_68_bytes() -> None:
    assert echo.echo_request(1) == ECHO
    assert len(ECHO) == 68
    wire = pdu.data(1, ECHO)
    assert wire[:12] == bytes.fromhex("0400 0000004a 00000046 01 03")


def test_release_and_abort() -> None:
    assert pdu.release_request() == A_RELEASE_RQ().encode() == bytes.fromhex("0500 00000004 00000000")
    assert pdu.release_response() == A_RELEASE_RP().encode()
    read = A_ABORT_RQ()
    read.decode(pdu.abort())
    assert read.source == 0


def accepted(*results: int, called: str = "PACS1") -> bytes:
    """An A-ASSOCIATE-AC with the results of contexts 1, 3, 5..."""
    items = b"".join(
        b"\x21\0\0\x19" + bytes((2 * number + 1, 0, result, 0)) + b"\x40\0\0\x11" + b"1.2.840.10008.1.2"
        for number, result in enumerate(results)
    )
    body = b"\0\1\0\0" + called.encode().ljust(16) + b"PACSHARDENING   " + bytes(32)
    body += b"\x10\0\0\x15" + b"1.2.840.10008.3.1.1.1" + items + b"\x50\0\0\x08\x51\0\0\4\0\0\x40\0"
    return b"\2\0" + len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize("results", [(0,), (3,), (0, 4), ()])
def test_an_accepted_association(results: tuple[int, ...]) -> None:
    wire = accepted(*results)
    if results:
        A_ASSOCIATE_AC().decode(wire)
    expected = {2 * number + 1: result for number, result in enumerate(results)}
    assert pdu.parse_accepted(wire[6:]).contexts == expected


@pytest.mark.parametrize("numbers", [(1, 1, 3), (1, 1, 7), (2, 3, 1)])
def test_a_rejection(numbers: tuple[int, int, int]) -> None:
    theirs = A_ASSOCIATE_RJ()
    theirs.result, theirs.source, theirs.reason_diagnostic = numbers
    wire = theirs.encode()
    assert pdu.parse_header(wire[:6]) == (pdu.ASSOCIATE_RJ, 4)
    assert pdu.parse_rejected(wire[6:]) == pdu.Rejected(*numbers)


def answer_command(status: int = 0, message_id: int = 1) -> bytes:
    """pynetdicom's C-ECHO-RSP."""
    primitive = C_ECHO()
    primitive.MessageIDBeingRespondedTo = message_id
    primitive.Status = status
    message = dimse_messages.C_ECHO_RSP()
    message.primitive_to_message(primitive)
    ((_context, value),) = [pair for data in message.encode_msg(1, 16384) for pair in data.presentation_data_value_list]
    assert isinstance(value, bytes)
    return value[1:]


@pytest.mark.parametrize("status", [0x0000, 0x0122, 0x0210])
def test_an_answer_to_c_echo(status: int) -> None:
    assert echo.parse_echo_answer(answer_command(status)) == echo.EchoAnswer(1, status)


@pytest.mark.parametrize(
    "command", [b"", ECHO, ECHO[:-1], answer_command()[:-10], b"\x08\0\0\0\0\0\0\0", b"\0\0\0\1\xff\xff\xff\xff"]
)
def test_what_is_no_answer_to_c_echo(command: bytes) -> None:
    with pytest.raises(pdu.ProtocolError):
        echo.parse_echo_answer(command)


@pytest.mark.parametrize("body", [b"\0", b"\0\0\0\1\1\3", b"\0\0\0\x09\1\3", b"\0\0\0\2\1\3\0"])
def test_data_with_wrong_lengths(body: bytes) -> None:
    with pytest.raises(pdu.ProtocolError):
        pdu.parse_data(body)


@pytest.mark.parametrize("cut", [0, 67, 70, 72, 96, 100, 110])
def test_an_accepted_association_that_is_cut(cut: int) -> None:
    with pytest.raises(pdu.ProtocolError):
        pdu.parse_accepted(accepted(0)[6:][:cut])
