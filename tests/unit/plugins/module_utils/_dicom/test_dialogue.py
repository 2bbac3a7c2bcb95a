"""The course of a conversation, without a network: the peer's bytes in, ours out."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import pdu
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.dialogue import (
    DONE,
    ECHOING,
    RELEASING,
    Dialogue,
    dicom_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.echo import echo_request

ITEM = b"\x21\0\0\x04\1\0"


def accepted(result: int = 0) -> bytes:
    body = b"\0\1" + bytes(66) + ITEM + bytes((result, 0))
    return b"\2\0" + len(body).to_bytes(4, "big") + body


def command(status: int = 0, answers: int = 1, field: int = 0x8030) -> bytes:
    pairs = ((0x0100, field), (0x0120, answers), (0x0800, 0x0101), (0x0900, status))
    return b"".join(struct.pack("<HHIH", 0, element, 2, value) for element, value in pairs)


def dialogue() -> Dialogue:
    return Dialogue("PACS1", "PACSHARDENING")


@pytest.mark.parametrize("pieces", [1, 2, 1000])
def test_a_good_conversation(pieces: int) -> None:
    talk = dialogue()
    sent = b""
    wire = accepted() + pdu.data(1, command()) + b"\6\0\0\0\0\4\0\0\0\0"
    size = -(-len(wire) // pieces)
    for start in range(0, len(wire), size):
        sent += talk.receive(wire[start : start + size])
    assert sent == pdu.data(1, echo_request(1)) + pdu.release_request()
    assert talk.state == DONE
    assert dicom_document(talk.facts()) == {"associated": True, "rejected": None, "echo": True}
    assert talk.facts().detail == "C-ECHO answered"
    assert talk.give_up() == b""


def test_an_answer_in_fragments_and_several_pdus() -> None:
    talk = dialogue()
    talk.receive(accepted())
    answer = command()
    first, second = answer[:10], answer[10:]
    assert talk.receive(b"\4\0\0\0\0\x10\0\0\0\x0c\1\1" + first) == b""
    last = struct.pack(">IBB", len(second) + 2, 1, 3) + second
    assert talk.receive(b"\4\0" + len(last).to_bytes(4, "big") + last) == pdu.release_request()
    assert talk.facts().echo


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((1, 1, 3), "calling AE title not recognised (1/1/3)"),
        ((1, 1, 7), "called AE title not recognised, or the caller is refused (1/1/7)"),
        ((2, 3, 1), "busy"),
        ((9, 9, 9), "not in the standard (9/9/9)"),
    ],
)
def test_a_rejection(numbers: tuple[int, int, int], says: str) -> None:
    talk = dialogue()
    assert talk.receive(b"\3\0\0\0\0\4\0" + bytes(numbers)) == b""
    assert talk.state == DONE
    document = dicom_document(talk.facts())
    assert document is not None
    assert document["rejected"] == dict(zip(("result", "source", "reason"), numbers, strict=True))
    assert not document["associated"]
    assert says in talk.facts().detail


def test_a_refused_verification_is_released() -> None:
    talk = dialogue()
    assert talk.receive(accepted(3)) == pdu.release_request()
    assert talk.state == RELEASING
    assert "context result 3" in talk.facts().detail


def test_a_failed_echo() -> None:
    talk = dialogue()
    talk.receive(accepted())
    assert talk.receive(pdu.data(1, command(0x0122))) == pdu.release_request()
    assert (talk.facts().echo, talk.facts().detail) == (False, "C-ECHO failed with status 0122")


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (pdu.data(1, command(field=0x8001)), "another command"),
        (pdu.data(1, command(answers=2)), "another message"),
        (pdu.data(3, command()), "nobody asked for"),
        (pdu.data(1, b"\0" * 5000), "absurd length"),
        (accepted(), "no place here"),
        (b"\4\0\0\0\0\3\0\0\0", "ends too early"),
        (b"\4\0\xff\xff\xff\xff", "absurd length"),
        (b"HTTP/1.1 200 OK", "HTTP"),
    ],
)
def test_nonsense_within_an_association_is_aborted(wire: bytes, says: str) -> None:
    talk = dialogue()
    talk.receive(accepted())
    assert talk.state == ECHOING
    assert talk.receive(wire) == pdu.abort()
    assert talk.state == DONE
    assert says in talk.facts().detail
    assert dicom_document(talk.facts()) == {"associated": True, "rejected": None, "echo": False}


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP, not DICOM"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH, not DICOM"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS, not DICOM"),
        (b"\x0bMSH|^~\\&|", "something that is not DICOM"),
        (b"\2\0\xff\xff\xff\xff", "absurd length"),
        (b"\2\0\0\0\0\1\0", "too short"),
        (b"\6\0\0\0\0\4\0\0\0\0", "answers no association request"),
        (pdu.associate_request("PACS1"), "answers no association request"),
    ],
)
def test_strangers_only_get_the_connection_closed(wire: bytes, says: str) -> None:
    talk = dialogue()
    assert talk.receive(wire) == b""
    assert talk.state == DONE
    assert says in talk.facts().detail
    assert dicom_document(talk.facts()) is None


def test_an_abort_and_an_early_release() -> None:
    talk = dialogue()
    assert talk.receive(b"\7\0\0\0\0\4\0\0\2\1") == b""
    assert talk.facts().detail == "aborted by the peer (source 2, reason 1)"
    talk = dialogue()
    talk.receive(accepted())
    assert talk.receive(pdu.release_request()) == pdu.release_response()
    assert talk.state == DONE


def test_an_abort_instead_of_a_farewell_spoils_nothing() -> None:
    talk = dialogue()
    talk.receive(accepted())
    talk.receive(pdu.data(1, command()))
    talk.receive(pdu.abort())
    assert (talk.state, talk.facts().echo, talk.facts().detail) == (DONE, True, "C-ECHO answered")


def test_whoever_stays_silent_within_an_association_is_told_that_it_is_over() -> None:
    talk = dialogue()
    talk.receive(accepted())
    assert talk.give_up() == pdu.abort()
    assert talk.give_up() == b""
