# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One association, one C-ECHO, one release: what to send next, given what came. Private, pure.

The caller moves the bytes and watches the clock. Whatever a peer sends, a dialogue ends in words and never raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import pdu
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.echo import echo_request, parse_echo_answer
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.pdu import ProtocolError

ASSOCIATING, ECHOING, RELEASING, DONE = "associating", "echoing", "releasing", "done"

_MESSAGE_ID = 1
_LARGEST_PDU = 128 * 1024  # an A-ASSOCIATE-AC with all 128 contexts is far smaller
_LARGEST_COMMAND = 4096

_REJECTIONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognised",
    (1, 7): "called AE title not recognised, or the caller is refused",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "busy (temporary congestion); try again later",
    (3, 2): "busy (local limit exceeded); try again later",
}


@dataclass(frozen=True)
class Facts:
    """What a dialogue has shown so far. I(spoke): a PDU of the upper layer came back."""

    spoke: bool = False
    associated: bool = False
    rejected: pdu.Rejected | None = None
    echo: bool = False
    detail: str = ""


class Dialogue:
    """A conversation with one peer. Send C(request) first, then what C(receive) returns, until C(state) is DONE."""

    def __init__(self, called: str, calling: str) -> None:
        self.request = pdu.associate_request(called, calling)
        self.state = ASSOCIATING
        self.spoke = False
        self.associated = False
        self.rejected: pdu.Rejected | None = None
        self.echo = False
        self.detail = ""
        self._buffer = b""
        self._command = b""

    def facts(self) -> Facts:
        """What was shown so far."""
        return Facts(self.spoke, self.associated, self.rejected, self.echo, self.detail)

    def receive(self, received: bytes) -> bytes:
        """Take bytes of the peer, as they come; returns what to send now, perhaps nothing."""
        self._buffer += received
        answers = b""
        try:
            while self.state != DONE and len(self._buffer) >= pdu.HEADER_LENGTH:
                kind, length = pdu.parse_header(self._buffer[: pdu.HEADER_LENGTH])
                self._check(kind, length)
                end = pdu.HEADER_LENGTH + length
                if len(self._buffer) < end:
                    break
                body, self._buffer = self._buffer[pdu.HEADER_LENGTH : end], self._buffer[end:]
                answers += self._take(kind, body)
        except ProtocolError as exc:
            self._finish(f"the peer sent {exc}")
            # To who spoke DICOM, say in DICOM that this is over. Others only get the connection closed.
            answers += pdu.abort() if self.spoke else b""
        return answers

    def give_up(self) -> bytes:
        """End now; returns the last words to send, if the peer may still hold an association."""
        last_words = b"" if self.state == DONE else pdu.abort()
        self.state = DONE
        return last_words

    def _check(self, kind: int, length: int) -> None:
        """Refuse what is no DICOM before waiting for as many bytes as it seems to announce."""
        if not pdu.ASSOCIATE_RQ <= kind <= pdu.ABORT:
            raise ProtocolError(_stranger(self._buffer))
        if length > _LARGEST_PDU:
            raise ProtocolError("a DICOM PDU of an absurd length")

    def _take(self, kind: int, body: bytes) -> bytes:
        if kind == pdu.ABORT:
            aborted = pdu.parse_aborted(body)
            self.spoke = True
            self._finish(f"aborted by the peer (source {aborted.source}, reason {aborted.reason})")
            return b""
        if self.state == ASSOCIATING:
            return self._answered(kind, body)
        if kind == pdu.RELEASE_RQ:
            self._finish("the peer released the association first")
            return pdu.release_response()
        if self.state == ECHOING and kind == pdu.DATA:
            return self._echoed(body)
        if self.state == RELEASING and kind in (pdu.RELEASE_RP, pdu.DATA):
            if kind == pdu.RELEASE_RP:
                self.state = DONE
            return b""
        raise ProtocolError("a DICOM PDU that has no place here")

    def _answered(self, kind: int, body: bytes) -> bytes:
        if kind == pdu.ASSOCIATE_RJ:
            self.rejected = pdu.parse_rejected(body)
            self.spoke = True
            meaning = _REJECTIONS.get((self.rejected.source, self.rejected.reason), "reason not in the standard")
            numbers = f"{self.rejected.result}/{self.rejected.source}/{self.rejected.reason}"
            self._finish(f"association rejected: {meaning} ({numbers})")
            return b""
        if kind != pdu.ASSOCIATE_AC:
            raise ProtocolError("a DICOM PDU that answers no association request")
        accepted = pdu.parse_accepted(body)
        self.spoke = self.associated = True
        result = accepted.contexts.get(pdu.CONTEXT_ID)
        if result != 0:
            self.detail = f"associated, but Verification is refused (context result {result})"
            return self._release()
        self.state = ECHOING
        return pdu.data(pdu.CONTEXT_ID, echo_request(_MESSAGE_ID))

    def _echoed(self, body: bytes) -> bytes:
        for fragment in pdu.parse_data(body):
            if fragment.context_id != pdu.CONTEXT_ID or not fragment.is_command:
                raise ProtocolError("data that nobody asked for")
            self._command += fragment.data
            if len(self._command) > _LARGEST_COMMAND:
                raise ProtocolError("a command of an absurd length")
            if fragment.is_last:
                answer = parse_echo_answer(self._command)
                if answer.answers != _MESSAGE_ID:
                    raise ProtocolError("the answer to another message")
                self.echo = answer.status == 0
                self.detail = "C-ECHO answered" if self.echo else f"C-ECHO failed with status {answer.status:04X}"
                return self._release()
        return b""

    def _release(self) -> bytes:
        self.state = RELEASING
        return pdu.release_request()

    def _finish(self, detail: str) -> None:
        """End with these words, unless the result is known and only the farewell went wrong."""
        self.detail = self.detail if self.state == RELEASING else detail
        self.state = DONE


def dicom_document(facts: Facts) -> dict[str, Any] | None:
    """The C(dicom) of a probe; None unless a PDU of the upper layer came back."""
    if not facts.spoke:
        return None
    rejected = facts.rejected
    return {
        "associated": facts.associated,
        "rejected": rejected and {"result": rejected.result, "source": rejected.source, "reason": rejected.reason},
        "echo": facts.echo,
    }


def _stranger(start: bytes) -> str:
    """What seems to have answered, by its first bytes, none of which are repeated."""
    if start[0] in (0x14, 0x15, 0x16) and start[1] == 0x03:
        return "TLS, not DICOM in the clear"
    if start.startswith(b"HTTP/"):
        return "HTTP, not DICOM"
    if start.startswith(b"SSH-"):
        return "SSH, not DICOM"
    return "something that is not DICOM"
