# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to a running OpenVPN server over its management socket. Private."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import Session, Status, parse_status

#: Seconds. The server answers between two packets; only another that holds its one line keeps us waiting.
_PATIENCE = 5.0
#: Seconds in which a client that obeys has read that it must go.
_OBEY = 0.3


class NotRunning(HardeningError):
    """There is no server: its socket is missing, or was left by one that died."""


class Management:
    """The one line that a server has for this; whoever comes second waits. Use it as a context, and briefly."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(_PATIENCE)
        self._rest = b""
        try:
            self._line.connect(path)
            self._until((b">INFO:",))
        except (FileNotFoundError, ConnectionRefusedError) as exc:
            self._line.close()
            raise NotRunning(f"no OpenVPN server runs behind {path}") from exc
        except OSError as exc:
            self._line.close()
            reason = exc.strerror or "no answer: another program holds its management line"
            raise HardeningError(f"OpenVPN doesn't answer at {path}: {reason}") from exc

    def __enter__(self) -> Management:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def status(self) -> Status:
        """Who is in."""
        return parse_status("\n".join(self._ask("status 3", (b"END", b"ERROR:"))))

    def end(self, which: Sequence[Session]) -> None:
        """Have clients end themselves, and soon forget them: one that doesn't obey would have five seconds more."""
        for session in which:
            self._kill(f"client-kill {session.client_id} HALT")
        if which:
            time.sleep(_OBEY)
        gone = {session.client_id for session in which} - {session.client_id for session in self.status().sessions}
        for session in which:
            if session.client_id not in gone:
                self._kill(f"kill {_quoted(session.name)}")

    def reconnect(self, session: Session) -> None:
        """Have the client shake hands again: it is back in a second if it may, without a new code."""
        self._kill(f"client-kill {session.client_id}")

    def _kill(self, command: str) -> None:
        answer = self._ask(command, (b"SUCCESS:", b"ERROR:"))[-1]
        # Gone meanwhile is as good as ended.
        if answer.startswith("ERROR:") and "not found" not in answer:
            raise HardeningError(f"OpenVPN refuses `{command}`: {answer}")

    def _ask(self, command: str, ends: tuple[bytes, ...]) -> list[str]:
        try:
            self._line.sendall(command.encode("ascii") + b"\n")
            return self._until(ends)
        except OSError as exc:
            raise HardeningError(f"OpenVPN at {self._path} breaks off: {exc.strerror or 'no answer'}") from exc

    def _until(self, ends: tuple[bytes, ...]) -> list[str]:
        """Lines up to the one that begins so; what it says unasked in between is left out."""
        lines = []
        limit = time.monotonic() + _PATIENCE
        while time.monotonic() < limit:
            line, found, rest = self._rest.partition(b"\n")
            if not found:
                piece = self._line.recv(65536)
                if not piece:
                    raise OSError(None, "it closed the line")
                self._rest += piece
                continue
            self._rest = rest
            if line.startswith(ends) or not line.startswith(b">"):
                lines.append(line.rstrip(b"\r").decode("utf-8", "replace"))
            if line.startswith(ends):
                return lines
        raise OSError(None, "no answer in time")


def _quoted(text: str) -> str:
    """A word of the management interface, whatever stands in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_there(path: str) -> bool:
    """Whether a server has made its socket."""
    return os.path.exists(path)


def sessions(path: str) -> tuple[Session, ...]:
    """Who is in; nobody where no server runs."""
    try:
        with Management(path) as line:
            return line.status().sessions
    except NotRunning:
        return ()


def end_sessions(path: str, which: Iterable[Session], again: Iterable[Session] = ()) -> None:
    """End sessions for good, and have others shake hands again."""
    which, again = tuple(which), tuple(again)
    if not which and not again:
        return
    with contextlib.suppress(NotRunning), Management(path) as line:
        line.end(which)
        for session in again:
            line.reconnect(session)
