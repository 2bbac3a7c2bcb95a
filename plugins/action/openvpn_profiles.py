# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes, on the controller, what each user of a TLS VPN is handed. Secrets go into files, never into the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._files import write_whole
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.certificates import (
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


@dataclass
class _Run:
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
        run = _Run(Path(str(arguments["directory"])).expanduser(), bool(self._task.check_mode))
        try:
            _server_request(run, arguments.get("request"))
            for user in users:
                _hand_over(run, gateway, user, secrets, arguments["keys"] == "controller", now)
            _former(run, {user.name for user in users})
        except (OSError, UnicodeError, ValueError) as error:
            return {"failed": True, "msg": f"{run.directory}: {error}. Nothing of what was written so far is undone."}
        return {
            "changed": bool(run.written or run.removed),
            "written": run.written,
            "removed": run.removed,
            "awaiting": run.awaiting,
            "profiles": run.profiles,
        }


def _server_request(run: _Run, request: object) -> None:
    """The request is another text each time it is made: one for the same key is left as it is."""
    if request and run.read("certificates/gateway.crt") is None and run.read("requests/gateway.csr") is None:
        run.write("requests/gateway.csr", str(request))
    for name, what in (
        ("certificates/gateway.crt", "the gateway's certificate: have requests/gateway.csr signed, for a server"),
        ("authority.crt", "the certificate of the authority"),
        ("revocations.pem", "the authority's list of revocations, which may be empty"),
    ):
        if run.read(name) is None:
            run.awaiting.append(f"{run.directory / name} is missing, {what}")


def _hand_over(
    run: _Run, gateway: TlsGateway, user: TlsUser, secrets: dict[str, Any], own_keys: bool, now: datetime
) -> None:
    name = user.name
    key = run.read(f"keys/{name}.key")
    request = run.read(f"requests/{name}.csr")
    if own_keys and key is None:
        key = new_key()
        run.write(f"keys/{name}.key", key)
        request = None
    if request is None and own_keys and key is not None:
        request = new_request(name, key)
        run.write(f"requests/{name}.csr", request)
    certificate, authority = run.read(f"certificates/{name}.crt"), run.read("authority.crt")
    if request is None:
        run.awaiting.append(f"{name}: requests/{name}.csr is missing, made on the user's own machine")
        return
    if certificate is None or authority is None:
        run.awaiting.append(
            f"{name}: certificates/{name}.crt is missing; have requests/{name}.csr signed, for a client"
        )
        return
    looked = look_at(certificate, name, request, authority, now)
    if looked.problem is not None:
        run.awaiting.append(f"{name}: certificates/{name}.crt can't be used, {looked.problem}")
        return
    if looked.ends_soon is not None:
        run.awaiting.append(f"{name}: certificates/{name}.crt ends on {looked.ends_soon:%Y-%m-%d}; have it renewed")
    if secrets["tls_crypt"] is None or (user.second_factor and name not in secrets["codes"]):
        run.awaiting.append(f"{name}: the gateway has no keys yet")
        return
    keys = ClientKeys(authority, certificate, key if own_keys else None, secrets["tls_crypt"])
    run.write(f"profiles/{name}.ovpn", client_profile(gateway, user, keys, now.date()))
    run.profiles.append(name)
    if user.second_factor:
        label = quote(f"{gateway.identity}:{name}")
        run.write(
            f"codes/{name}.txt",
            f"otpauth://totp/{label}?secret={secrets['codes'][name]}&issuer={quote(gateway.identity)}\n",
        )


def _former(run: _Run, users: set[str]) -> None:
    """What former users were handed is kept no longer. Whoever's certificate isn't revoked is named."""
    for folder, ending in (("profiles", ".ovpn"), ("codes", ".txt"), ("keys", ".key"), ("requests", ".csr")):
        for path in sorted((run.directory / folder).glob(f"*{ending}")):
            if path.stem not in {*users, "gateway"}:
                run.remove(path)
    revocations = run.read("revocations.pem")
    dead = revoked(revocations) if revocations else frozenset()
    for path in sorted((run.directory / "certificates").glob("*.crt")):
        if path.stem not in {*users, "gateway"} and serial_of(path.read_text(encoding="utf-8")) not in dead:
            run.awaiting.append(f"{path.stem} is no user any more: have certificates/{path.name} revoked")
