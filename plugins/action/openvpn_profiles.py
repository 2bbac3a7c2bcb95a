# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes, on the controller, what each user of a TLS VPN is handed. Secrets go into files, never into the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._files import write_whole
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.certificates import (
    SOON,
    end_of,
    look_at,
    new_key,
    new_request,
    revoked,
    serial_of,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn_client import ClientKeys, client_profile
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import TlsGateway, TlsUser

_ARGUMENTS = {
    "gateway": {"type": "dict", "required": True},
    "server": {"type": "dict", "required": True},
    "directory": {"type": "str", "required": True},
    "request": {"type": "str"},
    "keys": {"type": "str", "choices": ["controller", "user"], "default": "controller"},
}

#: Before the end of what everybody depends on, somebody should know.
_SOON = {"certificates/gateway.crt": SOON, "ca.crt": 3 * SOON, "ca.crl": timedelta(days=3)}


@dataclass
class Handing:
    """What is written and removed, and what somebody must do."""

    directory: Path
    check: bool
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    awaiting: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)

    def read(self, name: str) -> str | None:
        try:
            return (self.directory / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        if self.read(name) == text and path.stat().st_mode & 0o777 == 0o600:
            return
        self.written.append(str(path))
        if not self.check:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path.parent, {path.name: text})

    def remove(self, path: Path) -> None:
        self.removed.append(str(path))
        if not self.check:
            path.unlink()


class ActionModule(ActionBase):
    """The action pacs.hardening.openvpn_profiles; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make keys, requests, profiles; read what the gateway alone knows."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        now = datetime.now(UTC)
        try:
            gateway = load_gateway(plain(arguments["gateway"]))
        except SiteError as error:
            return {"failed": True, "msg": str(error)}
        users = gateway.users_on(now.date())
        coded = [user.name for user in users if user.second_factor]
        secrets = self._execute_module(
            module_name="pacs.hardening.openvpn_secrets_info",
            module_args={"server": plain(arguments["server"]), "people": coded},
            task_vars=task_vars,
        )
        if secrets.get("failed"):
            return {"failed": True, "msg": str(secrets.get("msg", "the gateway's secrets can't be read"))}
        handing = Handing(Path(str(arguments["directory"])).expanduser(), bool(self._task.check_mode))
        try:
            own_keys = arguments["keys"] == "controller"
            hand_over_all(handing, gateway, users, secrets, arguments.get("request"), own_keys, now)
        except (OSError, UnicodeError, ValueError) as error:
            return {
                "failed": True,
                "msg": f"{handing.directory}: {error}. Nothing of what was written so far is undone.",
            }
        return {
            "changed": bool(handing.written or handing.removed),
            "written": handing.written,
            "removed": handing.removed,
            "awaiting": handing.awaiting,
            "profiles": handing.profiles,
        }


def hand_over_all(
    handing: Handing,
    gateway: TlsGateway,
    users: Iterable[TlsUser],
    secrets: Mapping[str, Any],
    request: object,
    own_keys: bool,
    now: datetime,
) -> None:
    """Write and remove all files. ``secrets`` is what openvpn_secrets_info returns."""
    users = tuple(users)
    _server_request(handing, request, now)
    for user in users:
        _hand_over(handing, gateway, user, secrets, own_keys, now)
    _former(handing, {user.name for user in users})


def _server_request(handing: Handing, request: object, now: datetime) -> None:
    """The request is another text each time it is made: one for the same key is left as it is."""
    if request and handing.read("certificates/gateway.crt") is None and handing.read("requests/gateway.csr") is None:
        handing.write("requests/gateway.csr", str(request))
    for name, what in (
        ("certificates/gateway.crt", "the gateway's certificate: have requests/gateway.csr signed, for a server"),
        ("ca.crt", "the certificate of the authority"),
        ("ca.crl", "the authority's list of revocations, which may be empty"),
    ):
        text = handing.read(name)
        if text is None:
            handing.awaiting.append(f"{handing.directory / name} is missing, {what}")
            continue
        ends = end_of(text)
        if ends is None:
            handing.awaiting.append(f"{handing.directory / name} can't be read as PEM")
        elif ends <= now + _SOON[name]:
            handing.awaiting.append(f"{name} ends on {ends:%Y-%m-%d}: after that nobody is let in; have it renewed")


def _hand_over(
    handing: Handing, gateway: TlsGateway, user: TlsUser, secrets: Mapping[str, Any], own_keys: bool, now: datetime
) -> None:
    name = user.name
    key = handing.read(f"keys/{name}.key")
    request = handing.read(f"requests/{name}.csr")
    if own_keys and key is None:
        key = new_key()
        handing.write(f"keys/{name}.key", key)
        request = None
    if request is None and own_keys and key is not None:
        request = new_request(name, key)
        handing.write(f"requests/{name}.csr", request)
    certificate, authority = handing.read(f"certificates/{name}.crt"), handing.read("ca.crt")
    if request is None:
        handing.awaiting.append(f"{name}: requests/{name}.csr is missing, made on the user's own machine")
        return
    if certificate is None or authority is None:
        handing.awaiting.append(
            f"{name}: certificates/{name}.crt is missing; have requests/{name}.csr signed, for a client"
        )
        return
    looked = look_at(certificate, name, request, authority, now)
    if looked.problem is not None:
        handing.awaiting.append(f"{name}: certificates/{name}.crt can't be used, {looked.problem}")
        return
    if looked.ends_soon is not None:
        handing.awaiting.append(f"{name}: certificates/{name}.crt ends on {looked.ends_soon:%Y-%m-%d}; have it renewed")
    if secrets["tls_crypt"] is None or (user.second_factor and name not in secrets["codes"]):
        handing.awaiting.append(f"{name}: the gateway has no keys yet")
        return
    keys = ClientKeys(authority, certificate, key if own_keys else None, secrets["tls_crypt"])
    handing.write(f"profiles/{name}.ovpn", client_profile(gateway, user, keys, now.date()))
    handing.profiles.append(name)
    if user.second_factor:
        label = quote(f"{gateway.identity}:{name}")
        handing.write(
            f"codes/{name}.txt",
            f"otpauth://totp/{label}?secret={secrets['codes'][name]}&issuer={quote(gateway.identity)}\n",
        )


def _former(handing: Handing, users: set[str]) -> None:
    """What former users were handed is kept no longer. Whoever's certificate isn't revoked is named."""
    for folder, ending in (("profiles", ".ovpn"), ("codes", ".txt"), ("keys", ".key"), ("requests", ".csr")):
        for path in sorted((handing.directory / folder).glob(f"*{ending}")):
            if path.stem not in {*users, "gateway"}:
                handing.remove(path)
    revocations = handing.read("ca.crl")
    dead = revoked(revocations) if revocations else frozenset()
    for path in sorted((handing.directory / "certificates").glob("*.crt")):
        if path.stem not in {*users, "gateway"} and serial_of(path.read_text(encoding="utf-8")) not in dead:
            handing.awaiting.append(f"{path.stem} is no user any more: have certificates/{path.name} revoked")
