# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OpenVPN server was told, and who is in: its configuration and its live state as evidence. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import Certificate, RevocationList
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import Session, Status

#: What is kept of a configuration, by the words of openvpn(8). Nothing of it is secret; keys stand in files or blocks.
KEPT = (
    "port",
    "proto",
    "tls-version-min",
    "tls-groups",
    "tls-ciphersuites",
    "tls-cipher",
    "data-ciphers",
    "cipher",
    "tls-crypt",
    "tls-auth",
    "secret",
    "crl-verify",
    "cert",
    "reneg-sec",
    "verify-client-cert",
    "remote-cert-tls",
    "client-config-dir",
    "ccd-exclusive",
    "duplicate-cn",
    "client-to-client",
    "compress",
    "comp-lzo",
    "plugin",
    "auth-user-pass-verify",
    "auth-user-pass-optional",
    "auth-gen-token",
    "auth-gen-token-secret",
    "session-timeout",
    "inactive",
    "client-connect",
    "user",
    "management",
    "management-client-user",
)


_TIME = "%Y-%m-%dT%H:%M:%SZ"
#: Modules of PAM that ask for a one-time code or a token. Others may do so too, which can't be told from outside.
_SECOND_FACTORS = ("pam_google_authenticator.so", "pam_oath.so", "pam_yubico.so", "pam_u2f.so")
_SPARES = "pam_listfile.so"
_ENOUGH = ("sufficient", "optional")


@dataclass(frozen=True)
class Factor:
    """What PAM asks for. I(asked): a second factor, of everybody but those named in I(sparing), files; None where a
    module that isn't known here decides.
    """

    asked: bool | None
    sparing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Papers:
    """What lies beside a configuration: the server's certificate, and the list of revocations with when it was changed
    last, in seconds since 1970. None for what can't be read.
    """

    certificate: Certificate | None = None
    revocations: RevocationList | None = None
    changed: float | None = None


@dataclass(frozen=True)
class Door:
    """The management socket as it stands: permission bits of it and of its directory, None where it isn't there."""

    path: str
    mode: int | None
    directory_mode: int | None


def directives(text: str) -> dict[str, list[str]]:
    """What a configuration says of KEPT, each with its values in order; inline blocks count as C([inline])."""
    found: dict[str, list[str]] = {}
    block = None
    for raw in text.splitlines():
        line = raw.strip()
        if block is not None:
            if line == f"</{block}>":
                block = None
            continue
        if line.startswith("<") and line.endswith(">") and not line.startswith("</"):
            block = line[1:-1]
            if block in KEPT:
                found.setdefault(block, []).append("[inline]")
            continue
        word, _blank, rest = line.partition(" ")
        if word in KEPT:
            found.setdefault(word, []).append(rest.split(" #")[0].strip())
    return found


def is_server(said: Mapping[str, list[str]], text: str) -> bool:
    """Whether a configuration is a server's: clients have none of these lines."""
    words = {line.split()[0] for line in text.splitlines() if line.split()}
    return bool(words & {"server", "tls-server", "server-bridge", "server-ipv6"}) or "client-config-dir" in said


def second_factor(text: str) -> Factor:
    """What a service of PAM asks for when somebody logs in (pam.d(5))."""
    sparing: list[str] = []
    asked: bool | None = False
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["@include"]:
            asked = None
        if len(words) < 3 or words[0].lstrip("-") != "auth":
            continue
        control, module, options = words[1], words[2].rpartition("/")[2], words[3:]
        if module in _SECOND_FACTORS:
            # With nullok nobody is asked who has no secret.
            return Factor(control not in _ENOUGH and "nullok" not in options, tuple(sparing))
        if module == _SPARES and control == "sufficient":
            sparing += [option[5:] for option in options if option.startswith("file=")]
        elif control == "sufficient" or control.startswith("["):
            asked = None
    return Factor(asked, tuple(sparing))


def pam_service(said: Mapping[str, list[str]]) -> str | None:
    """The service of PAM that a configuration's plugin asks, None where there is no such plugin."""
    for value in said.get("plugin", ()):
        words = value.replace('"', " ").split()
        if len(words) > 1 and words[0].rpartition("/")[2] == "openvpn-plugin-auth-pam.so":
            return words[1]
    return None


def papers_document(papers: Papers) -> dict[str, Any]:
    """Until when certificate and list of revocations are good."""
    mine, revocations, changed = papers.certificate, papers.revocations, papers.changed
    return {
        "certificate": None
        if mine is None
        else {"name": mine.name, "ends": mine.ends.strftime(_TIME), "key": mine.key, "bits": mine.bits},
        "revocations": None
        if revocations is None
        else {
            "issuer": revocations.issuer,
            "ends": revocations.ends.strftime(_TIME),
            "revoked": len(revocations.revoked),
        },
        "revocations_changed": None
        if changed is None
        else datetime.fromtimestamp(changed, timezone.utc).strftime(_TIME),
    }


def server_document(
    configuration: str, said: Mapping[str, list[str]], door: Door | None, status: Status | None, unknown: str | None
) -> dict[str, Any]:
    """One running server. I(status) is its answer of just now, None where it couldn't be asked; I(unknown) says why."""
    restricted = bool(said.get("management-client-user") or said.get("management-client-group"))
    return {
        "configuration": configuration,
        "settings": {name: list(values) for name, values in said.items()},
        "management": None
        if door is None
        else {
            "path": door.path,
            "there": door.mode is not None,
            # Whoever may enter the directory and write to the socket is answered, unless the server looks who it is.
            "closed": restricted
            or (door.directory_mode is not None and not door.directory_mode & 0o011)
            or (door.mode is not None and not door.mode & 0o022),
        },
        # OpenVPN lists them in no order, and what is alike shall read alike.
        "sessions": None if status is None else [_session(asdict(one)) for one in sorted(status.sessions, key=_place)],
        "asked_at": None if status is None else status.written,
        "not_asked": unknown,
    }


def unread_document(configuration: str, reason: str) -> dict[str, Any]:
    """A running server of which no more is known than its name."""
    unknown = dict.fromkeys(("settings", "management", "sessions", "asked_at", "certificate", "revocations"))
    return {"configuration": configuration, **unknown, "second_factor": None, "not_asked": reason}


def _place(session: Session) -> tuple[str, int]:
    return session.name, session.since


def _session(session: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in session.items() if name != "client_id"}
