# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenVPN's management interface says, read without touching anything. Private. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_ROW = "CLIENT_LIST"
#: The columns of CLIENT_LIST that we need, by the words of the header: their order is OpenVPN's business.
_COLUMNS = {
    "name": "Common Name",
    "real_address": "Real Address",
    "ipv4": "Virtual Address",
    "ipv6": "Virtual IPv6 Address",
    "received": "Bytes Received",
    "sent": "Bytes Sent",
    "since": "Connected Since (time_t)",
    "username": "Username",
    "client_id": "Client ID",
    "cipher": "Data Channel Cipher",
}


@dataclass(frozen=True)
class Session:
    """A client that was let in. I(since) is in seconds since 1970, I(received) and I(sent) are bytes of the tunnel."""

    name: str
    username: str
    real_address: str
    ipv4: str
    ipv6: str
    received: int
    sent: int
    since: int
    client_id: int
    cipher: str


@dataclass(frozen=True)
class Status:
    """One answer to C(status 3): when it was written, in seconds since 1970, and who was in."""

    written: int
    sessions: tuple[Session, ...]


def parse_status(text: str) -> Status:
    """Read C(status 3), as the management interface or the status file have it. Raises HardeningError.

    Rows without an address of the tunnel are no sessions: such a client is still knocking, or was refused.
    """
    lines = [line.split("\t") for line in text.splitlines()]
    if ["END"] not in lines:
        raise HardeningError("the status of OpenVPN ends in mid-sentence: it is being written, or the server broke off")
    written = next((fields[2] for fields in lines if fields[0] == "TIME" and len(fields) == 3), "")
    header = next((fields[2:] for fields in lines if fields[:2] == ["HEADER", _ROW]), None)
    if header is None or not written.isdigit():
        raise HardeningError("this isn't OpenVPN's status in version 3: set status-version 3")
    lacking = [title for title in _COLUMNS.values() if title not in header]
    if lacking:
        raise HardeningError(f"OpenVPN's status has no column {', '.join(lacking)}: this version of it isn't known")
    rows = (dict(zip(header, fields[1:])) for fields in lines if fields[0] == _ROW)
    return Status(int(written), tuple(_session(row) for row in rows if row.get(_COLUMNS["ipv4"])))


def _session(row: dict[str, str]) -> Session:
    value = {name: row.get(title, "") for name, title in _COLUMNS.items()}
    try:
        return Session(
            name=value["name"],
            username=value["username"],
            real_address=value["real_address"],
            ipv4=value["ipv4"],
            ipv6=value["ipv6"],
            received=int(value["received"]),
            sent=int(value["sent"]),
            since=int(value["since"]),
            client_id=int(value["client_id"]),
            cipher=value["cipher"],
        )
    except ValueError:
        raise HardeningError("a row of OpenVPN's status isn't understood: this version of it isn't known") from None


def undeclared(sessions: Iterable[Session], users: Iterable[str]) -> tuple[Session, ...]:
    """Sessions of whoever isn't among the users."""
    known = frozenset(users)
    return tuple(session for session in sessions if session.name not in known)


def revoked_serials(text: str) -> frozenset[str]:
    """The serial numbers in what C(openssl crl -text) prints."""
    return frozenset(
        line.partition(":")[2].strip().upper()
        for line in text.splitlines()
        if line.strip().startswith("Serial Number:")
    )
