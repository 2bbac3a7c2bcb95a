# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profile that a user's OpenVPN takes: one file with everything in it, the private key and tls-crypt's included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from .openvpn import crypto
from .tls_model import TlsGateway, TlsUser

#: What a machine sends in place of a code. It is no secret: the gateway asks machines for none.
_NO_CODE = "certificate-only"


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """PEM texts. ``private_key`` is None where it stays on the user's own machine, which adds it."""

    authority: str
    certificate: str
    private_key: str | None = field(repr=False)
    tls_crypt: str = field(repr=False)


def client_profile(gateway: TlsGateway, user: TlsUser, keys: ClientKeys, today: date) -> str:
    """The text of the profile. A secret: whoever has it holds the first of the two factors."""
    lines = [
        "# Made by pacs.hardening. Keep it for yourself: it holds your private key.",
        f"# {user.name} on {gateway.identity}",
        "client",
        "dev tun",
        *_remotes(gateway),
        "server-poll-timeout 10",
        "resolv-retry infinite",
        "nobind",
        "persist-key",
        "persist-tun",
        *(["explicit-exit-notify 1"] if gateway.protocol == "udp" else []),
        "disable-dco",
        "remote-cert-tls server",
        f"verify-x509-name {gateway.identity} name",
        *crypto(gateway, today),
        "allow-compression no",
        f"reneg-sec {gateway.limits.renegotiation}",
        "auth-nocache",
        "verb 3",
        *_block("ca", keys.authority),
        *_block("cert", keys.certificate),
        *(_block("key", keys.private_key) if keys.private_key is not None else ["key private.key"]),
        *_block("tls-crypt", keys.tls_crypt),
        *(["auth-user-pass"] if user.second_factor else _block("auth-user-pass", f"{user.name}\n{_NO_CODE}")),
    ]
    return "\n".join(lines) + "\n"


def _remotes(gateway: TlsGateway) -> Iterable[str]:
    return (
        f"remote {address} {gateway.port} {gateway.protocol}{address.version}"
        f"{'-client' if gateway.protocol == 'tcp' else ''}"
        for address in gateway.addresses
    )


def _block(name: str, text: str) -> list[str]:
    return [f"<{name}>", text.strip(), f"</{name}>"]
