# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask over the network, with the patience and the restraint that DICOM peers need. Private.

Orthanc and the servers of dcmtk serve nobody else while a connection is silent. So a connection speaks at once or is
closed at once, a peer has one connection at a time, and an association is always released or aborted.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import probes
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.dialogue import (
    DONE,
    RELEASING,
    Dialogue,
    dicom_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import Probe, by_peer, result

CONNECT_SECONDS = 5.0
_FAREWELL_SECONDS = 2.0
_SIDE_BY_SIDE = 8
_BETWEEN_CONNECTIONS = 0.05
_BETWEEN_QUESTIONS_TO_ONE_PEER = 0.5

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EACCES)


@dataclass
class _Pace:
    """No more than one new connection in C(_BETWEEN_CONNECTIONS) seconds, over all addresses."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    next: float = 0.0

    def wait(self) -> None:
        with self.lock:
            now = time.monotonic()
            at = max(now, self.next)
            self.next = at + _BETWEEN_CONNECTIONS
        time.sleep(at - now)


def ask_all(questions: Sequence[Probe], timeout: float, within: float | None = None) -> list[dict[str, Any]]:
    """The results in the order of the questions. I(timeout): seconds to wait for each answer of a peer; I(within):
    seconds after which no question is begun any more.
    """
    results: dict[int, dict[str, Any]] = {}
    pace = _Pace()
    end = None if within is None else time.monotonic() + within

    def over() -> bool:
        return end is not None and time.monotonic() >= end

    def ask_one_peer(indexes: list[int]) -> None:
        asked = False
        for index in indexes:
            probe = questions[index]
            if not probe.skipped:
                if asked and not over():
                    time.sleep(_BETWEEN_QUESTIONS_TO_ONE_PEER)
                if over():
                    results[index] = result(probe, probes.SKIPPED, f"not asked: the {within:g} s for all were over")
                    continue
                pace.wait()
                asked = True
            results[index] = ask(probe, timeout)

    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        for done in [pool.submit(ask_one_peer, indexes) for indexes in by_peer(questions)]:
            done.result()
    return [results[index] for index in range(len(questions))]


def ask(probe: Probe, timeout: float) -> dict[str, Any]:
    """One question, to its end."""
    if probe.skipped:
        return result(probe, probes.SKIPPED, probe.skipped)
    started = time.monotonic()
    connected, outcome, detail, dicom = _connect_and_ask(probe, timeout)
    return result(probe, outcome, detail, time.monotonic() - started, dicom, connected)


def _connect_and_ask(probe: Probe, timeout: float) -> tuple[bool, str, str, dict[str, Any] | None]:
    # Ready before anything is sent, so that the first word follows the handshake at once.
    dialogue = Dialogue(probe.called_aet, probe.calling_aet) if probe.speaks_dicom else None
    patience = min(CONNECT_SECONDS, timeout)
    try:
        connection = socket.create_connection((probe.address, probe.port), timeout=patience)
    except (socket.timeout, TimeoutError):
        return False, probes.TIMEOUT, f"no connection within {patience:g} s", None
    except ConnectionRefusedError:
        return False, probes.REFUSED, "connection refused", None
    except OSError as exc:
        outcome = probes.UNREACHABLE if exc.errno in _UNREACHABLE else probes.ERROR
        return False, outcome, f"no connection: {exc.strerror or type(exc).__name__}", None
    with connection:
        if dialogue is None:
            return True, probes.OPEN, "connected, and closed at once", None
        outcome, detail = _talk(connection, dialogue, timeout)
    return True, outcome, detail, dicom_document(dialogue.facts())


def _talk(connection: socket.socket, dialogue: Dialogue, timeout: float) -> tuple[str, str]:
    """Hold the dialogue. The verdict is C(open) only if DICOM came back."""
    interrupted, outcome = "", probes.ERROR
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(timeout)
        connection.sendall(dialogue.request)
        state, deadline = dialogue.state, time.monotonic() + timeout
        while dialogue.state != DONE:
            left = deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout
            connection.settimeout(left)
            received = connection.recv(65536)
            if not received:
                interrupted = "the peer closed the connection"
                break
            answer = dialogue.receive(received)
            if answer:
                connection.sendall(answer)
            if dialogue.state != state:
                state = dialogue.state
                deadline = time.monotonic() + (min(_FAREWELL_SECONDS, timeout) if state == RELEASING else timeout)
    except (socket.timeout, TimeoutError):
        interrupted, outcome = f"nothing came back within {timeout:g} s", probes.TIMEOUT
    except ConnectionResetError:
        interrupted = "the peer reset the connection"
    except OSError as exc:
        interrupted = f"the connection broke: {exc.strerror or type(exc).__name__}"
    facts = dialogue.facts()
    with contextlib.suppress(OSError):
        connection.settimeout(1.0)
        last_words = dialogue.give_up() if facts.associated else b""
        if last_words:
            connection.sendall(last_words)
    if facts.spoke:
        return probes.OPEN, facts.detail or f"associated, then {interrupted}"
    return outcome, (f"connected, then {interrupted}" if interrupted else facts.detail)
