# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``remote_access``: its servers, users and tunnels."""

from __future__ import annotations

import re

from .reader import Fields, Reader
from .remote_access import AccessException, IpsecTunnel, RemoteAccess, RemoteUser, TlsServer, TunnelEnd, UserKind
from .vocabulary import CRYPTO_PROFILES, PROTOCOLS

#: A host name, a mail address, an IP address or a distinguished name; never a pattern that several peers would match.
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:=, -]{0,253}")
#: strongSwan's words for algorithms, joined by hyphens.
_PROPOSAL = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*")
OPENVPN_PORT = 1194


class RemoteAccessReader:
    """One method a part. A part that can't be read leaves a fault and an empty value."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def remote_access(self, value: object, path: str) -> RemoteAccess:
        """Read the whole part."""
        fields = self._reader.fields(value, path, (), ("tls", "ipsec"))
        return RemoteAccess(tls=fields.named("tls", self._server), ipsec=fields.named("ipsec", self.tunnel))

    def _server(self, name: str, value: object, path: str) -> TlsServer:
        fields = self._reader.fields(
            value, path, ("gateway", "zone", "addresses"), ("port", "protocol", "users", "exceptions")
        )
        return TlsServer(
            name=name,
            gateway=fields.text("gateway"),
            zone=fields.text("zone"),
            addresses=fields.each(
                "addresses", self._reader.address, empty="List the addresses to which clients connect."
            ),
            port=fields.one("port", self._reader.port) or OPENVPN_PORT,
            protocol=fields.choice("protocol", PROTOCOLS) or "udp",
            users=fields.named("users", self._user),
            exceptions=fields.each("exceptions", self._exception),
        )

    def _user(self, name: str, value: object, path: str) -> RemoteUser:
        fields = self._reader.fields(value, path, ("device", "kind", "owner"), ("until",))
        kind: UserKind | None = fields.choice("kind", ("person", "vendor", "machine"))
        if kind == "vendor" and "until" not in fields:
            fields.fault("a vendor's access has no end", "Add until: the last day, like 2027-03-01.")
        return RemoteUser(
            name=name,
            device=fields.text("device"),
            kind=kind or "person",
            owner=fields.text("owner"),
            until=fields.one("until", self._reader.day),
        )

    def tunnel(self, name: str, value: object, path: str) -> IpsecTunnel:
        """Read one tunnel."""
        fields = self._reader.fields(
            value, path, ("gateway", "zone", "local", "peer", "profile"), ("ike", "esp", "exceptions")
        )
        nowhere = TunnelEnd((), "")
        return IpsecTunnel(
            name=name,
            gateway=fields.text("gateway"),
            zone=fields.text("zone"),
            local=fields.one("local", self._end) or nowhere,
            peer=fields.one("peer", self._end) or nowhere,
            profile=fields.choice("profile", CRYPTO_PROFILES) or "",
            ike=fields.each("ike", self._proposal),
            esp=fields.each("esp", self._proposal),
            exceptions=fields.each("exceptions", self._exception),
        )

    def _end(self, value: object, path: str) -> TunnelEnd:
        fields = self._reader.fields(value, path, ("addresses", "identity"))
        return TunnelEnd(
            addresses=fields.each("addresses", self._reader.address, empty="List the addresses of the gateway."),
            identity=self._identity(fields),
        )

    def _identity(self, fields: Fields) -> str:
        text = fields.text("identity")
        if text and not _IDENTITY.fullmatch(text):
            fields.fault(
                "not the identity of one gateway",
                "Write the name in its certificate (subjectAltName), without patterns.",
                "identity",
            )
        return text

    def _proposal(self, value: object, path: str) -> str | None:
        if isinstance(value, str) and _PROPOSAL.fullmatch(value):
            return value
        self._reader.fault(path, "not a proposal", "Write it like aes256gcm16-prfsha384-ecp384.")
        return None

    def _exception(self, value: object, path: str) -> AccessException | None:
        fields = self._reader.fields(value, path, ("what", "reason", "owner", "expires_on"))
        what = fields.text("what")
        expires_on = fields.one("expires_on", self._reader.day)
        return AccessException(what, fields.text("reason"), fields.text("owner"), expires_on) if what else None
