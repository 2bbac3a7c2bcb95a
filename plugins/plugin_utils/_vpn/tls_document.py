# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the modules on a gateway need of a server, as plain data."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from .._site.faults import Fault, SiteError
from .openvpn import GatewayFile, gateway_files, places
from .tls_model import TlsGateway

_CERTIFICATE, _REVOCATIONS = "-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CRL-----"


def rendered_document(
    gateway: TlsGateway, today: date, authority: str = "", certificate: str = "", revocations: str = ""
) -> dict[str, Any]:
    """Places, files and names of a server. Certificates and the list of revocations are PEM texts, empty where they
    aren't there yet. Raises SiteError where one of them is something else.
    """
    at = places(gateway.name)
    given = (
        ("authority", at.authority, authority, _CERTIFICATE, True),
        ("certificate", at.certificate, certificate, _CERTIFICATE, True),
        # Read at each connection.
        ("revocations", at.revocations, revocations, _REVOCATIONS, False),
    )
    faults = [_fault(name, text, begin) for name, _path, text, begin, _restarts in given if text]
    found = [fault for fault in faults if fault]
    if found:
        raise SiteError(found)
    pem = [GatewayFile(path, text.strip() + "\n", restarts=again) for _name, path, text, _begin, again in given if text]
    users = gateway.users_on(today)
    return {
        "server": {
            "name": gateway.name,
            "identity": gateway.identity,
            "unit": at.unit,
            "owned": [at.users],
            "management": at.management,
            "private_key": at.private_key,
            "certificate": at.certificate,
            "authority": at.authority,
            "revocations": at.revocations,
            "tls_crypt": at.tls_crypt,
            "token_key": at.token_key,
            "codes": at.codes,
            "settled": at.settled,
        },
        "files": [asdict(file) for file in (*pem, *gateway_files(gateway, today))],
        "users": [user.name for user in users],
        "coded": [user.name for user in users if user.second_factor],
        "notes": _notes(gateway, today),
    }


def _fault(name: str, text: str, begin: str) -> Fault | None:
    if "PRIVATE KEY" in text:
        return Fault(name, "it holds a private key", "Give the certificate alone; keys stay where they were born.")
    if not text.strip().startswith(begin):
        return Fault(name, f"it doesn't begin with {begin}", "Give it as PEM text, without what openssl prints above.")
    return None


def _notes(gateway: TlsGateway, today: date) -> list[str]:
    """What somebody should know who reads the run."""
    notes = [
        f"{user.name} is let in no more: the last day was {user.until}."
        for user in gateway.users
        if user not in gateway.users_on(today)
    ]
    notes += [f"{user.name} needs no code." for user in gateway.users_on(today) if not user.second_factor]
    old = gateway.tls_1_2
    if old is not None and old.expires_on >= today:
        notes.append(f"TLS 1.2 is accepted until {old.expires_on}: {old.reason} ({old.owner}).")
    elif old is not None:
        notes.append(f"TLS 1.2 is no longer accepted: the exception ended on {old.expires_on}.")
    return notes
