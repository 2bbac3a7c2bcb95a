# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a server's files in place, have systemd run it with them, and end the sessions of whoever is no user any more.
Private.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import mode_of, read_text, remove, replace_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import end_sessions, sessions
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_keys import fits
from ansible_collections.pacs.hardening.plugins.module_utils._io.settled import (
    digest,
    held_to,
    read_settled,
    settle,
    unsettled,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import is_running, reload_units, says
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import (
    Session,
    revoked_serials,
    undeclared,
)

_UNITS = "/etc/systemd/system/"


@dataclass(frozen=True)
class WantedFile:
    """A file as it must be. I(restarts): the server reads it at its start only."""

    path: str
    text: str
    mode: int
    restarts: bool


@dataclass(frozen=True)
class Change:
    """A file that isn't as it must be: its text now and as it must be, None where there is or must be none."""

    path: str
    before: str | None
    after: str | None
    mode: int
    restarts: bool


@dataclass(frozen=True)
class Server:
    """What belongs to one server: its unit, directories in which nothing else may lie, the management socket, the
    files without which it can't start, the certificate and its key first, and what it is held to already (_io/settled).
    """

    unit: str
    owned: tuple[str, ...]
    management: str
    certificate: str
    private_key: str
    authority: str
    revocations: str
    settled: str


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be. I(waiting): files without which the server can't start."""

    changes: tuple[Change, ...]
    ended: tuple[Session, ...]
    again: tuple[Session, ...]
    started: bool
    restarted: bool
    waiting: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be."""
        return bool(self.changes or self.ended or self.again or self.started or self.restarted)


def pending_changes(files: Iterable[WantedFile], owned: Iterable[str]) -> tuple[Change, ...]:
    """The files that aren't as they must be, and those that mustn't be."""
    files = tuple(files)
    wanted = {file.path for file in files}
    found = []
    for file in files:
        before = read_text(file.path)
        if before != file.text or mode_of(file.path) != file.mode:
            found.append(Change(file.path, before, file.text, file.mode, file.restarts))
    for directory in owned:
        for path in _files_of(directory):
            if path not in wanted:
                found.append(Change(path, read_text(path), None, 0, False))
    return tuple(found)


def apply(files: Sequence[WantedFile], users: Sequence[str], server: Server, check: bool) -> Outcome:
    """Write and remove files, end sessions, start or restart the server. Raises HardeningError.

    Nobody is thrown out who may stay: only a file that is read at the start restarts the server, and clients survive
    that. A longer list of revocations has everybody shake hands again, because a session doesn't show its certificate.
    """
    if not check:
        _refuse_foreign_certificate(files, server)
    changes = pending_changes(files, server.owned)
    try:
        now = sessions(server.management)
    except HardeningError:
        # Who may come in is decided all the same.
        if not check:
            put_in_place(changes)
        raise
    outcome = _plan(files, users, server, changes, now)
    if check:
        return outcome
    put_in_place(outcome.changes)
    # Before a restart: whoever is told to halt doesn't come back and knock.
    end_sessions(server.management, outcome.ended, () if outcome.restarted else outcome.again)
    if not outcome.waiting:
        if not is_running():
            raise HardeningError("systemd doesn't run on this host, and nothing else starts the server here")
        if outcome.started:
            _systemctl("enable", "--now", "--quiet", server.unit)
        if outcome.restarted:
            _systemctl("restart", server.unit)
        if not says("is-active", server.unit):
            raise HardeningError(
                f"{server.unit} doesn't run. Look at journalctl -u {server.unit}, mend it, and run again"
            )
        settle(server.settled, to_settle(files, server))
    return outcome


def to_settle(files: Iterable[WantedFile], server: Server) -> dict[str, str]:
    """What the server was started with and everybody is held to, once all is done, by path."""
    return {file.path: digest(file.text) for file in files if file.restarts or file.path == server.revocations}


def put_in_place(changes: Sequence[Change]) -> None:
    """Write and remove, each whole; systemd then knows changed units."""
    for change in changes:
        if change.after is None:
            remove(change.path)
        else:
            replace_file(change.path, change.after, change.mode)
    if any(change.path.startswith(_UNITS) for change in changes) and is_running():
        reload_units()


def _plan(
    files: Sequence[WantedFile],
    users: Sequence[str],
    server: Server,
    changes: tuple[Change, ...],
    now: tuple[Session, ...],
) -> Outcome:
    texts = {file.path: file.text for file in files}
    needed = (server.private_key, server.authority, server.certificate, server.revocations)
    waiting = tuple(path for path in needed if path not in texts and not os.path.exists(path))
    active, enabled = says("is-active", server.unit), says("is-enabled", server.unit)
    settled = read_settled(server.settled)
    open_ends = unsettled(settled, to_settle(files, server)) - {server.revocations}
    restarts = bool(open_ends) or any(change.restarts for change in changes)
    ended = undeclared(now, users)
    stay = tuple(session for session in now if session not in ended)
    return Outcome(
        changes=changes,
        ended=ended,
        again=stay if _more_revoked(texts.get(server.revocations), server, settled) else (),
        started=not waiting and not (active and enabled),
        restarted=bool(active) and restarts,
        waiting=waiting,
    )


def _refuse_foreign_certificate(files: Iterable[WantedFile], server: Server) -> None:
    text = next((file.text for file in files if file.path == server.certificate), None)
    if text is not None and os.path.exists(server.private_key) and not fits(text, server.private_key):
        raise HardeningError(
            "the certificate isn't for the key that was born on this gateway: have its own request signed, and use that"
        )


def _more_revoked(wanted: str | None, server: Server, settled: Mapping[str, str]) -> bool:
    """Whether a certificate is revoked now that wasn't on the list that everybody was held to."""
    before = held_to(settled, server.revocations, read_text(server.revocations))
    if wanted is None or wanted == before:
        return False
    return not _serials(wanted) <= (_serials(before) if before is not None else frozenset())


def _serials(text: str) -> frozenset[str]:
    program = find_program("openssl")
    if program is None:
        raise HardeningError("openssl isn't installed on this host: install the package openssl")
    done = run([program, "crl", "-noout", "-text"], text)
    if done.status != 0:
        raise HardeningError(f"the list of revocations can't be read: {done.complaint}")
    return revoked_serials(done.output)


def _files_of(directory: str) -> list[str]:
    try:
        return [f"{directory}/{name}" for name in sorted(os.listdir(directory))]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise HardeningError(f"{directory} can't be read: {exc.strerror}") from exc


def _systemctl(*arguments: str) -> None:
    done = run(["systemctl", *arguments], timeout=120)
    if done.status != 0:
        raise HardeningError(f"`systemctl {' '.join(arguments)}` failed: {done.complaint}")
