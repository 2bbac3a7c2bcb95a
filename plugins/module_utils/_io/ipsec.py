# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a gateway's tunnels in place: files, strongSwan's knowledge of them, and the end of whoever is revoked. Private.

Revocation has a trap: strongSwan remembers that a certificate was good. It takes a newer list and says "good" again,
unless what it has cached is cleared with it; and a live tunnel stays whatever the list says. So a longer list is loaded
with C(--clear), the peer's tunnels are ended, and it is then tried whether they come back: with a certificate that was
renewed they may. Where nobody knows what a peer has shown, it must show it again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    mode_of,
    read_text,
    remove,
    replace_file,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import (
    Sa,
    certificates_in,
    children_in,
    revoked_peers,
    sas_in,
    unknown_peers,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import (
    FILE as SHOWN,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import (
    read_shown,
    shown_by_peers,
    shown_text,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

UNIT = "strongswan.service"
_SOON = timedelta(days=3)


@dataclass(frozen=True)
class Places:
    """Where strongSwan looks; the defaults are Debian's."""

    directory: str = "/etc/swanctl"
    settings: str = "/etc/strongswan.d/pacs-hardening.conf"
    shown: str = SHOWN

    @property
    def private_key(self) -> str:
        """The gateway's key, which was born here."""
        return f"{self.directory}/private/pacs-gateway.key"


@dataclass(frozen=True)
class Listed:
    """A list of revocations in DER, until when it is good, and whether somebody should see to the next one."""

    content: bytes
    until: datetime
    ends_soon: bool


@dataclass(frozen=True)
class Wanted:
    """The gateway as it must be.

    I(files) maps paths below the directory to their text, None for one that mustn't be there; I(settings) is
    strongSwan's own file. I(revocations) is in DER. I(identities) are the peers' by connection, as far as they show
    certificates; I(children) the first child of each. I(needs): files, below the directory, without which nothing can
    be loaded.
    """

    files: Mapping[str, str | None]
    settings: str
    revocations: bytes | None
    identities: Mapping[str, str]
    children: Mapping[str, str]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A file that isn't as it must be; texts of secrets are left out."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be.

    I(ended): connections whose peer is revoked and was thrown out; I(again): those whose peer had to authenticate
    again, and did; I(away): those whose peer had to, and isn't back.
    """

    changes: tuple[Change, ...]
    waiting: tuple[str, ...] = ()
    started: bool = False
    ended: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    away: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be."""
        return bool(self.changes or self.started)


def usable_list(text: str) -> Listed:
    """A list of revocations in PEM. Raises HardeningError where it would do nothing, or shut everybody out."""
    content = der.from_pem(text, "X509 CRL")
    if not der.names_authority_key(content):
        raise HardeningError(
            "the list of revocations has no authorityKeyIdentifier, so strongSwan would ignore it and let nobody in. "
            "Have it made with one (openssl ca -gencrl: crl_extensions with authorityKeyIdentifier = keyid)"
        )
    until, now = der.ends(content), datetime.now(timezone.utc)
    if until <= now:
        raise HardeningError(
            f"the list of revocations has ended on {until:%Y-%m-%d}: nobody would be let in. Have a newer one made"
        )
    return Listed(content, until, until <= now + _SOON)


def apply(wanted: Wanted, at: Places, check: bool, service: bool = True) -> Outcome:
    """Bring the gateway there. Raises HardeningError.

    I(service): whether systemd runs the daemon; without it, it must be running.
    """
    texts = _texts(wanted, at)
    changes = tuple(_change(path, text) for path, text in texts.items() if _differs(path, text))
    listed = _listing(at)
    list_changed = wanted.revocations is not None and listed != wanted.revocations
    if list_changed:
        changes = (*changes, Change(_list_path(at), "", "a revocation list"))
    coming = {change.path for change in changes if change.after}
    needed = tuple(f"{at.directory}/{name}" for name in wanted.needs)
    waiting = tuple(path for path in needed if not os.path.exists(path) and path not in coming)
    if waiting:
        # Connections that name a missing certificate would keep strongSwan from starting at all.
        return Outcome((), waiting)
    started = service and not systemd.says("is-active", UNIT)
    if check:
        return Outcome(changes, started=started)
    tool = Swanctl.find()
    # Before anything is cleared: with it goes what peers have shown.
    known = _look(tool, at, wanted) if changes and tool.answers() else _Known((), {})
    for path, text in texts.items():
        if _differs(path, text):
            _put(path, text)
    if list_changed and wanted.revocations is not None:
        _put_bytes(_list_path(at), wanted.revocations)
    if service:
        # Debian starts it when it is installed, so it may run with other settings.
        _run_service(started, any(change.path == at.settings for change in changes))
    if changes or started:
        tool.load()
    ended: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    if list_changed and wanted.revocations is not None:
        ended, again, away = _authenticate_again(tool, wanted, known, _grew(listed, wanted.revocations))
    return Outcome(changes, (), started, ended, again, away)


def born_here(at: Places, identities: tuple[str, ...], check: bool) -> tuple[bool, str | None]:
    """(whether the gateway's key was made, or would be; a request for its certificate as PEM). The key stays here."""
    made = not os.path.lexists(at.private_key)
    if made and not check:
        key = _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
        replace_file(at.private_key, key, 0o600)
    if made and check:
        return True, None
    names = ",".join(f"DNS:{name}" for name in identities)
    subject = ("-subj", f"/CN={identities[0]}", "-addext", f"subjectAltName={names}")
    return made, _openssl("req", "-new", "-key", at.private_key, "-sha384", *subject)


def live(at: Places) -> tuple[Sa, ...]:
    """The tunnels as they are now."""
    return sas_in(Swanctl.find().ask("--list-sas"))


class Swanctl:
    """The tool that talks to the running strongSwan."""

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def find(cls) -> Swanctl:
        """Raises HardeningError where it isn't installed."""
        path = find_program("swanctl")
        if path is None:
            raise HardeningError("swanctl isn't installed on this host: install the package strongswan-swanctl")
        return cls(path)

    def answers(self) -> bool:
        """Whether a daemon is there to talk to."""
        return run([self._path, "--stats"]).status == 0

    def ask(self, question: str) -> str:
        """Live state, for the readers in _ipsec."""
        done = run([self._path, question, "--raw", "--pretty"])
        if done.status != 0:
            raise HardeningError(f"`swanctl {question}` failed: {done.complaint}")
        return done.output

    def load(self) -> None:
        """Load everything anew, and forget what was cached of certificates and of their revocation."""
        for arguments in (("--load-creds", "--clear", "--noprompt"), ("--load-conns",)):
            done = run([self._path, *arguments])
            # It complains of folders that aren't there, and of plugins that aren't; what failed is in its status.
            if done.status != 0:
                failed = [line for line in done.errors.splitlines() if " failed" in line and "plugin" not in line]
                raise HardeningError(f"`swanctl {' '.join(arguments)}` failed: {'; '.join(failed) or done.complaint}")

    def end(self, connection: str) -> None:
        """End all tunnels of a connection, at once and without asking the peer."""
        run([self._path, "--terminate", "--ike", connection, "--force"])

    def comes_up(self, child: str) -> bool:
        """Whether a tunnel can be made now."""
        return run([self._path, "--initiate", "--child", child, "--timeout", "8"], timeout=30).status == 0


@dataclass(frozen=True)
class _Known:
    """The tunnels before anything is done, and the certificates that their peers have shown, by identity."""

    sas: tuple[Sa, ...]
    shown: Mapping[str, tuple[bytes, ...]]


def _look(tool: Swanctl, at: Places, wanted: Wanted) -> _Known:
    """Ask, and write down what is going to be forgotten."""
    sas = sas_in(tool.ask("--list-sas"))
    up = {sa.connection for sa in sas}
    peers = [identity for name, identity in wanted.identities.items() if name in up]
    shown = shown_by_peers(peers, certificates_in(tool.ask("--list-certs")), read_shown(read_text(at.shown)))
    make_private_directory(os.path.dirname(at.shown))
    replace_file(at.shown, shown_text(shown), 0o600)
    return _Known(sas, shown)


def _authenticate_again(
    tool: Swanctl, wanted: Wanted, known: _Known, grew: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """End whoever is on the new list, or may be since it I(grew), and see who comes back: (ended, again, away) of an
    Outcome.
    """
    revocations = wanted.revocations or b""
    revoked = revoked_peers(known.shown, revocations, wanted.identities)
    unknown = unknown_peers(known.shown, known.sas, wanted.identities) if grew else ()
    for name in (*revoked, *unknown):
        tool.end(name)
    back = tuple(name for name in (*revoked, *unknown) if tool.comes_up(wanted.children[name]))
    if back:
        _only_with_another(tool, {name: wanted.identities[name] for name in back}, revocations)
        children = children_in(tool.ask("--list-conns"))
        for child in (child for name in back for child in children.get(name, ())[1:]):
            tool.comes_up(child)
    ended, away = (tuple(name for name in group if name not in back) for group in (revoked, unknown))
    return ended, back, away


def _only_with_another(tool: Swanctl, back: Mapping[str, str], revocations: bytes) -> None:
    """See what those have shown who are in again: nothing else is in the cache by now. Raises HardeningError where the
    list is of no effect.
    """
    shown = shown_by_peers(back.values(), certificates_in(tool.ask("--list-certs")), {})
    revoked = der.revoked_in(revocations)
    for name, identity in back.items():
        if identity in shown and all(der.serial_of(one) in revoked for one in shown[identity]):
            tool.end(name)
            raise HardeningError(
                f"the peer of {name} is revoked, and its tunnel came up all the same. Stop {UNIT} on this host, "
                "and see why the list of revocations has no effect"
            )


def _grew(before: bytes | None, revocations: bytes) -> bool:
    """Whether a list of revocations has any that the one before had not."""
    try:
        return bool(der.revoked_in(revocations) - (der.revoked_in(before) if before else frozenset()))
    except HardeningError:
        return True


def _run_service(started: bool, settings_changed: bool) -> None:
    if started:
        _systemctl("enable", "--quiet", UNIT)
    if started or settings_changed:
        _systemctl("restart", UNIT)
    if not systemd.says("is-active", UNIT):
        raise HardeningError(f"{UNIT} doesn't run. Look at journalctl -u {UNIT}, mend it, and run again")


def _systemctl(*arguments: str) -> None:
    done = run(["systemctl", *arguments])
    if done.status != 0:
        raise HardeningError(f"`systemctl {' '.join(arguments)}` failed: {done.complaint}")


def _texts(wanted: Wanted, at: Places) -> dict[str, str | None]:
    return {at.settings: wanted.settings, **{f"{at.directory}/{name}": text for name, text in wanted.files.items()}}


def _differs(path: str, text: str | None) -> bool:
    if text is None:
        return os.path.lexists(path)
    return read_text(path) != text or mode_of(path) != _mode(path)


def _change(path: str, text: str | None) -> Change:
    if _mode(path) == 0o600:
        return Change(path, "", "" if text is None else "a secret")
    return Change(path, read_text(path) or "", text or "")


def _mode(path: str) -> int:
    return 0o600 if "secret" in os.path.basename(path) else 0o644


def _put(path: str, text: str | None) -> None:
    if text is None:
        remove(path)
    else:
        replace_file(path, text, _mode(path))


def _list_path(at: Places) -> str:
    return f"{at.directory}/x509crl/pacs-peers.crl"


def _listing(at: Places) -> bytes | None:
    try:
        with open(_list_path(at), "rb") as file:
            return file.read()
    except OSError:
        return None


def _put_bytes(path: str, content: bytes) -> None:
    temporary = f"{path}.pacs-hardening.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError as exc:
        raise HardeningError(f"{path}: {exc.strerror}") from exc


def _openssl(*arguments: str) -> str:
    program = find_program("openssl")
    if program is None:
        raise HardeningError("openssl isn't installed on this host: install the package openssl")
    done = run([program, *arguments])
    if done.status != 0:
        raise HardeningError(f"`openssl {arguments[0]}` failed: {done.complaint}")
    return done.output
