# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strongSwan says of its tunnels, as evidence. Private, pure.

Vici is asked for what lives, the files for what it doesn't tell (proposals). What it tells and isn't so, the numbers
show: an SA whose peer is dead is ESTABLISHED still, and one without a child carries nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import (
    RevocationList,
    read_certificate,
    read_revocations,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import agreed
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import shown_by_peers
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.vici import Message, events
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def security_associations(text: str, revoked: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The SAs in the output of C(swanctl --list-sas --raw --pretty). I(revoked): peers whose certificates are known,
    and whether one is revoked.
    """
    return [
        _association(name, message, revoked)
        for event in events(text, "list-sa")
        for name, message in event.items()
        if isinstance(message, dict)
    ]


def _association(name: str, message: Message, revoked: Mapping[str, bool]) -> dict[str, Any]:
    peer = str(message.get("remote-id", ""))
    children = message.get("child-sas")
    return {
        "connection": name,
        "version": _number(message, "version"),
        "state": message.get("state"),
        "peer": peer,
        "peer_address": message.get("remote-host"),
        "since": _number(message, "established"),
        "agreed": [list(one) for one in agreed(message)],
        "revoked": revoked.get(peer),
        "children": [
            _child(child)
            for child in (children.values() if isinstance(children, dict) else ())
            if isinstance(child, dict)
        ],
    }


def _child(message: Message) -> dict[str, Any]:
    return {
        "name": message.get("name"),
        "state": message.get("state"),
        "protocol": message.get("protocol"),
        "agreed": [list(one) for one in agreed(message)],
        "since": _number(message, "install-time"),
        "received": _number(message, "bytes-in"),
        "sent": _number(message, "bytes-out"),
        # Seconds; it says so only of what was ever used.
        "last_received": _number(message, "use-in"),
        "last_sent": _number(message, "use-out"),
        "local": _texts(message.get("local-ts")),
        "remote": _texts(message.get("remote-ts")),
    }


def connections(text: str) -> list[dict[str, Any]]:
    """The connections in the output of C(swanctl --list-conns --raw --pretty)."""
    return [
        {
            "name": name,
            "version": message.get("version"),
            "ends": {
                kind: [_end(part) for key, part in message.items() if key.startswith(f"{kind}-")]
                for kind in ("local", "remote")
            },
            "children": [
                {"name": child, "local": _texts(about.get("local-ts")), "remote": _texts(about.get("remote-ts"))}
                for child, about in message.get("children", {}).items()
            ],
        }
        for event in events(text, "list-conn")
        for name, message in event.items()
        if isinstance(message, dict)
    ]


def _end(message: Message) -> dict[str, Any]:
    """One round of authentication. C(GOOD) is how vici calls C(revocation = strict)."""
    return {
        "identity": message.get("id"),
        "method": message.get("class"),
        "revocation": message.get("revocation"),
        "authorities": _texts(message.get("cacerts")),
    }


def certificates(text: str) -> list[dict[str, Any]]:
    """The certificates in the output of C(swanctl --list-certs --raw --pretty), received ones too."""
    found = []
    for message in events(text, "list-cert"):
        if message.get("type") != "X509":
            continue
        certificate = read_certificate(_data(message))
        found.append(
            {
                "name": certificate.name,
                "ends": certificate.ends.strftime(_TIME),
                "own": message.get("has_privkey") == "yes",
                "authority": message.get("flag") == "CA",
                "key": certificate.key,
                "bits": certificate.bits,
            }
        )
    return found


def loaded_lists(text: str) -> tuple[RevocationList, ...]:
    """The revocation lists that strongSwan has loaded, in the same output."""
    return tuple(
        read_revocations(_data(message)) for message in events(text, "list-cert") if message.get("type") == "X509_CRL"
    )


def revoked_peers(
    text: str, peers: Iterable[str], lists: Iterable[RevocationList], written: Mapping[str, tuple[bytes, ...]]
) -> dict[str, bool]:
    """Whether a certificate that a peer has shown is on one of the lists; peers of whom nobody knows it are left out.
    I(written): what was written down of that, before strongSwan forgot it.
    """
    cached = [_data(message) for message in events(text, "list-cert") if message.get("type") == "X509"]
    known = list(lists)
    found = {}
    for peer, shown in shown_by_peers(peers, cached, written).items():
        mine = [read_certificate(one) for one in shown]
        found[peer] = any(one.serial in each.revoked for one in mine for each in known if each.issuer == one.issuer)
    return found


def list_document(found: RevocationList, path: str | None) -> dict[str, Any]:
    """A revocation list, loaded, or in a file that is going to be."""
    return {
        "issuer": found.issuer,
        "ends": found.ends.strftime(_TIME),
        "revoked": len(found.revoked),
        "read": found.read,
        "path": path,
    }


def _data(message: Message) -> bytes:
    try:
        return bytes.fromhex(str(message.get("data", "")).removeprefix("0x"))
    except ValueError:
        raise HardeningError("swanctl printed a certificate that isn't one") from None


def _number(message: Message, key: str) -> int | None:
    value = str(message.get(key, ""))
    return int(value) if value.isdecimal() else None


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
