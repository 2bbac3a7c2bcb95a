# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a gateway's tunnels in place: files, and strongSwan's knowledge of them. Private."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import mode_of, read_text, remove, replace_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec_revocation import (
    Ended,
    Known,
    Peers,
    end_revoked,
    look,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.settled import (
    digest,
    held_to,
    read_settled,
    settle,
    unsettled,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.swanctl import UNIT, Swanctl
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import Sa, sas_in
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import FOLDER, NAME
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_SOON = timedelta(days=3)


@dataclass(frozen=True)
class Places:
    """Where strongSwan looks, by Debian's defaults; I(state) is where we keep what a later run must know."""

    directory: str = "/etc/swanctl"
    settings: str = "/etc/strongswan.d/pacs-hardening.conf"
    state: str = FOLDER

    @property
    def private_key(self) -> str:
        """The gateway's key, which was born here."""
        return f"{self.directory}/private/pacs-gateway.key"

    @property
    def revocations(self) -> str:
        """The list of revocations, DER."""
        return f"{self.directory}/x509crl/pacs-peers.crl"

    @property
    def shown(self) -> str:
        """What peers have shown."""
        return f"{self.state}/{NAME}"

    @property
    def settled(self) -> str:
        """What strongSwan has read, and everybody was held to."""
        return f"{self.state}/settled.json"


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
    strongSwan's own file. I(revocations) is in DER. I(needs): files, below the directory, without which nothing can be
    loaded.
    """

    files: Mapping[str, str | None]
    settings: str
    revocations: bytes | None
    peers: Peers
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A file that isn't as it must be; texts of secrets are left out."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be."""

    changes: tuple[Change, ...]
    waiting: tuple[str, ...] = ()
    started: bool = False
    ended: Ended = field(default_factory=Ended)

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
    texts, listed = _texts(wanted, at), _listing(at)
    settled, to_settle = read_settled(at.settled), _to_settle(texts, wanted, at)
    open_ends = unsettled(settled, to_settle)
    changes = tuple(_change(path, text) for path, text in texts.items() if _differs(path, text))
    list_changed = wanted.revocations is not None and listed != wanted.revocations
    if list_changed:
        changes = (*changes, Change(at.revocations, "", "a revocation list"))
    if not changes and open_ends:
        changes = (Change(at.settled, "", "strongSwan has yet to read what an earlier run put there"),)
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
    known = look(tool, wanted.peers, at.shown) if changes else Known()
    for path, text in texts.items():
        if _differs(path, text):
            _put(path, text)
    if list_changed and wanted.revocations is not None:
        _put_bytes(at.revocations, wanted.revocations)
    if service:
        # Debian starts it when it is installed, so it may run with other settings.
        _run_service(started, at.settings in open_ends.union(change.path for change in changes))
    if changes or started:
        tool.load()
    ended = Ended()
    before = held_to(settled, at.revocations, listed)
    if wanted.revocations is not None and before != wanted.revocations:
        ended = end_revoked(tool, wanted.peers, known, wanted.revocations, before)
    settle(at.settled, to_settle)
    return Outcome(changes, (), started, ended)


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


def _listing(at: Places) -> bytes | None:
    try:
        with open(at.revocations, "rb") as file:
            return file.read()
    except OSError:
        return None


def _to_settle(texts: Mapping[str, str | None], wanted: Wanted, at: Places) -> dict[str, str]:
    """What strongSwan is to have read, by path."""
    found = {path: digest(text or "") for path, text in texts.items()}
    if wanted.revocations is not None:
        found[at.revocations] = digest(wanted.revocations)
    return found


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
