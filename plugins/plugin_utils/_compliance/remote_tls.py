# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway's OpenVPN servers do, held against those that the site declares, and who is in at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from .._observed.words import span
from .._site.remote_access import RemoteUser, TlsServer
from .._vpn.openvpn import places
from .._vpn.tls_model import TLS_PROFILES
from .._vpn.tls_site import TLS_1_2
from .antivirus_seen import entries, mapping, texts
from .remote_findings import (
    CERTIFICATE_SOON,
    LIST_SOON,
    Aspects,
    judge_end,
    judge_exception,
    moment_of,
    whole,
)

#: The site doesn't say which profile a server is held to: the wider one counts.
_PROFILE = TLS_PROFILES["nist"]
_LISTS: Mapping[str, tuple[str, ...]] = {
    "data-ciphers": _PROFILE.data_ciphers,
    "tls-ciphersuites": _PROFILE.suites_1_3,
    "tls-groups": _PROFILE.groups,
}
_OLD: Mapping[str, str] = {
    "secret": "a static key instead of TLS",
    "comp-lzo": "compression, which tells what is in the packets",
    "compress": "compression, which tells what is in the packets",
}
#: Seconds: whoever is in for longer than a day is nobody who came for something.
_LONGEST_SESSION = 86400
#: What OpenVPN does without reneg-sec: seconds between two checks of a certificate.
_RENEGOTIATION = 3600
_SHOWN = 20


def judge_tls(out: Aspects, servers: Iterable[TlsServer], value: Mapping[str, Any], now: datetime) -> None:
    """Judge the evidence of the servers that run. Raises nothing, whatever it says."""
    declared = {places(server.name).configuration: server for server in servers}
    running = entries(value.get("servers"))
    for one in running:
        path = str(one.get("configuration"))
        server = declared.get(path)
        if server is None:
            out.peers.faults.append(f"an OpenVPN server runs by {path}, which the site doesn't declare")
        else:
            _Judge(out, server, one, now).everything()
    seen = {str(one.get("configuration")) for one in running}
    for path, server in declared.items():
        if path not in seen:
            not_running(out, server)


def not_running(out: Aspects, server: TlsServer) -> None:
    """What is said of a server that is declared and doesn't run."""
    for aspect in out.every():
        if aspect is not out.ike:
            aspect.unknown.append(f"the server {server.name} doesn't run: nothing of it is seen")


class _Judge:
    def __init__(self, out: Aspects, server: TlsServer, seen: Mapping[str, Any], now: datetime) -> None:
        self._out = out
        self._server = server
        self._where = f"server {server.name}"
        self._seen = seen
        self._settings = mapping(seen.get("settings"))
        self._now = now
        self._today: date = now.date()

    def everything(self) -> None:
        if not isinstance(self._seen.get("settings"), Mapping):
            for aspect in self._out.every():
                if aspect is not self._out.ike:
                    aspect.unknown.append(f"{self._where}: {self._seen.get('not_asked') or 'its configuration'}")
            return
        self._crypto()
        self._admission()
        self._papers()
        self._management()
        self._factors()
        self._bounds()
        self._sessions()

    def _said(self, name: str) -> str | None:
        """The last value of a setting, which counts; None where it isn't set."""
        values = texts(self._settings.get(name))
        return values[-1] if values else None

    def _number(self, name: str) -> int | None:
        words = (self._said(name) or "").split()
        return int(words[0]) if words and words[0].isdecimal() else None

    def _crypto(self) -> None:
        crypto, where = self._out.crypto, self._where
        standing = {item.what for item in self._server.exceptions if judge_exception(crypto, item, where, self._today)}
        least = (self._said("tls-version-min") or "").split()
        version = least[0] if least else "unlimited"
        if version == "1.3" or (version == "1.2" and TLS_1_2 in standing):
            crypto.said.append(f"{where}: TLS {version} or later")
        else:
            crypto.faults.append(f"{where}: the lowest version of TLS that it takes is {version}, not 1.3")
        for name, allowed in _LISTS.items():
            listed = [word for word in (self._said(name) or "").split(":") if word]
            strange = [word for word in listed if word not in allowed]
            if not listed:
                crypto.faults.append(f"{where}: {name} doesn't limit what it takes")
            elif strange:
                crypto.faults.append(f"{where}: {name} allows {', '.join(strange)}")
        for name, what in _OLD.items():
            if self._said(name) is not None:
                crypto.faults.append(f"{where}: {name}, {what}")
        if self._said("tls-crypt") is None:
            crypto.faults.append(f"{where}: no tls-crypt: it answers everybody who knocks")

    def _admission(self) -> None:
        peers, where = self._out.peers, self._where
        if self._said("verify-client-cert") not in (None, "require"):
            peers.faults.append(f"{where}: a client needs no certificate (verify-client-cert)")
        for name, without in (
            ("remote-cert-tls", "takes certificates that aren't for clients"),
            ("crl-verify", "knows of no revoked certificates"),
            ("ccd-exclusive", "lets in whoever has a certificate, declared or not"),
            ("client-config-dir", "lets in whoever has a certificate, declared or not"),
        ):
            if self._said(name) is None:
                peers.faults.append(f"{where}: without {name} it {without}")
        if self._said("duplicate-cn") is not None:
            peers.faults.append(f"{where}: duplicate-cn: several may be in under one name")

    def _papers(self) -> None:
        for what, key, soon in (
            ("its certificate", "certificate", CERTIFICATE_SOON),
            ("its list of revocations", "revocations", LIST_SOON),
        ):
            found = mapping(self._seen.get(key))
            judge_end(self._out.peers, f"{self._where}: {what}", found.get("ends"), self._now, soon)

    def _management(self) -> None:
        door = self._seen.get("management")
        if self._said("management") is None:
            return
        if not isinstance(door, Mapping):
            self._out.peers.faults.append(f"{self._where}: its management listens on the network")
        elif door.get("closed") is not True:
            self._out.peers.faults.append(f"{self._where}: its management socket is open to everybody on the host")

    def _factors(self) -> None:
        factors, where = self._out.factors, self._where
        asked = self._seen.get("second_factor")
        if not isinstance(asked, Mapping):
            if self._said("auth-user-pass-verify") is not None:
                factors.unknown.append(f"{where}: what the program of auth-user-pass-verify asks for")
            else:
                factors.faults.append(f"{where}: a certificate is enough to get in: no second factor is asked for")
            return
        if asked.get("asked") is False:
            factors.faults.append(f"{where}: PAM's service {asked.get('service')} asks for no second factor")
        elif asked.get("asked") is not True or not isinstance(asked.get("spared"), list):
            factors.unknown.append(f"{where}: what PAM's service {asked.get('service')} asks for")
        else:
            factors.said.append(f"{where}: PAM's service {asked.get('service')} asks for a one-time code")
        if self._said("auth-user-pass-optional") is not None:
            factors.faults.append(f"{where}: auth-user-pass-optional: who sends no code isn't asked for one")
        bound = (
            "COMMONNAME" in " ".join(texts(self._settings.get("plugin"))) or self._said("client-connect") is not None
        )
        if not bound:
            factors.faults.append(f"{where}: one's certificate and another's code get in: nothing binds them")
        for name in texts(asked.get("spared")):
            user = self._server.users.get(name)
            if user is not None and user.kind != "machine":
                factors.faults.append(f"{where}: no code is asked of {name}, who is a {user.kind}")
            elif user is None:
                factors.looks.append(f"{where}: no code is asked of {name}, whom the site doesn't declare")
            else:
                factors.said.append(f"{where}: no code is asked of the machine {name}")

    def _bounds(self) -> None:
        bounds, where = self._out.bounds, self._where
        session, idle = self._number("session-timeout"), self._number("inactive")
        if not session or session > _LONGEST_SESSION:
            limit = "no limit" if not session else f"a limit of {span(session)}"
            bounds.faults.append(f"{where}: sessions have {limit} (session-timeout), and need one of a day at most")
        if not idle:
            bounds.faults.append(f"{where}: a session that nobody uses goes on (inactive)")
        if session and idle:
            bounds.said.append(
                f"{where}: a session ends after {span(session)}, and after {span(idle)} without a packet"
            )
        if self._said("client-to-client") is not None:
            bounds.faults.append(f"{where}: client-to-client: its clients reach each other past the firewall")

    def _sessions(self) -> None:
        peers, where = self._out.peers, self._where
        listed = self._seen.get("sessions")
        if not isinstance(listed, list):
            peers.unknown.append(f"{where}: who is in ({self._seen.get('not_asked') or 'it gave no answer'})")
            return
        if not listed:
            peers.said.append(f"{where}: nobody is in")
        for session in entries(listed):
            self._session(session)
        if len(listed) > _SHOWN:
            peers.said.append(f"{where}: {len(listed)} sessions in all")

    def _session(self, session: Mapping[str, Any]) -> None:
        peers, where = self._out.peers, self._where
        name = str(session.get("name"))
        user: RemoteUser | None = self._server.users.get(name)
        if user is None:
            peers.faults.append(f"{where}: {name} is in, whom the site doesn't declare")
        elif user.until is not None and user.until < self._today:
            peers.faults.append(f"{where}: {name} is in, whose last day was {user.until}")
        elif user.kind != "machine" and session.get("username") != name:
            peers.faults.append(f"{where}: {name} is in with the code of {session.get('username') or 'nobody'}")
        cipher = session.get("cipher")
        if cipher not in _PROFILE.data_ciphers:
            self._out.crypto.faults.append(f"{where}: {name} has agreed upon {cipher or 'no cipher'}")
        since = whole(session.get("since"))
        begun = None if since is None else datetime.fromtimestamp(min(since, 2**33), UTC)
        self._since_revocation(name, begun)
        age = "" if begun is None else f" for {span(max((self._now - begun).total_seconds(), 0))}"
        if len(peers.said) < _SHOWN * 2:
            peers.said.append(f"{where}: {name} is in{age}, from {session.get('real_address')}, with {cipher}")

    def _since_revocation(self, name: str, begun: datetime | None) -> None:
        """Which certificate a session has shown, OpenVPN doesn't tell. It looks at each again when keys are renewed."""
        changed = moment_of(self._seen.get("revocations_changed"))
        again = self._number("reneg-sec")
        again = _RENEGOTIATION if again is None else again
        if begun is None or changed is None or begun >= changed:
            return
        if not again or (self._now - changed).total_seconds() < again:
            self._out.peers.looks.append(
                f"{self._where}: {name} came in before the list of revocations changed, and wasn't looked at since"
            )
