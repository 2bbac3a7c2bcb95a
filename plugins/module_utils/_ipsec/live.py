# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lives in strongSwan, as the parts of vici's messages that matter. Private, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.vici import events


@dataclass(frozen=True)
class Sa:
    """An IKE SA, and whether it carries ESP: being established alone moves no packet."""

    connection: str
    number: str
    peer: str
    established: bool
    children: tuple[str, ...]


def sas_in(text: str) -> tuple[Sa, ...]:
    """The SAs in the output of C(swanctl --list-sas --raw --pretty)."""
    found = []
    for event in events(text, "list-sa"):
        for name, message in event.items():
            children = message.get("child-sas", {})
            installed = tuple(
                str(child.get("name")) for child in children.values() if child.get("state") == "INSTALLED"
            )
            state = message.get("state") == "ESTABLISHED"
            found.append(Sa(name, str(message.get("uniqueid")), str(message.get("remote-id")), state, installed))
    return tuple(found)


def certificates_in(text: str) -> tuple[bytes, ...]:
    """The certificates in the output of C(swanctl --list-certs --raw --pretty), received ones too."""
    return tuple(
        bytes.fromhex(str(message.get("data", "")).removeprefix("0x"))
        for message in events(text, "list-cert")
        if message.get("type") == "X509"
    )


def children_in(text: str) -> dict[str, tuple[str, ...]]:
    """The names of each connection's children in the output of C(swanctl --list-conns --raw --pretty)."""
    return {
        name: tuple(message.get("children", {}))
        for event in events(text, "list-conn")
        for name, message in event.items()
        if isinstance(message, dict)
    }


def revoked_peers(
    shown: Mapping[str, Iterable[bytes]], revocations: bytes, identities: Mapping[str, str]
) -> tuple[str, ...]:
    """The connections whose peer has shown a certificate that is revoked. I(shown) is by identity, and I(identities)
    are the peers' by connection.
    """
    revoked = der.revoked_in(revocations)
    return tuple(
        name
        for name, identity in identities.items()
        if any(der.serial_of(certificate) in revoked for certificate in shown.get(identity, ()))
    )


def unknown_peers(
    shown: Mapping[str, Iterable[bytes]], sas: Iterable[Sa], identities: Mapping[str, str]
) -> tuple[str, ...]:
    """The connections that are up, though nobody knows which certificate their peer has shown."""
    up = {sa.connection for sa in sas}
    return tuple(name for name, identity in identities.items() if name in up and identity not in shown)


def agreed(message: Mapping[str, Any]) -> tuple[tuple[str, int | None], ...]:
    """The algorithms of an SA or of its child: names as vici has them, with the bits of the key where it says."""
    bits = str(message.get("encr-keysize", ""))
    found: list[tuple[str, int | None]] = []
    for key in ("encr-alg", "integ-alg", "prf-alg", "dh-group"):
        if key in message:
            found.append((str(message[key]), int(bits) if key == "encr-alg" and bits.isdecimal() else None))
    return tuple(found)
