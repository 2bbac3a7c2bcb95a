# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial numbers in certificates and revocation lists (RFC 5280), DER. Private, pure.

Managed hosts have no library for it. What isn't such a thing is a HardeningError, never half understood.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime, timezone

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

INTEGER, SEQUENCE, _UTC_TIME, _TIME = 0x02, 0x30, 0x17, 0x18
EXPLICIT_0 = 0xA0
_AKI = bytes([0x06, 0x03, 0x55, 0x1D, 0x23])

_Item = tuple[int, bytes]


def from_pem(text: str, kind: str) -> bytes:
    """The bytes of the first PEM block of a kind, like C(X509 CRL)."""
    begin, end = f"-----BEGIN {kind}-----", f"-----END {kind}-----"
    _head, found, rest = text.partition(begin)
    body, ended, _tail = rest.partition(end)
    if not found or not ended:
        raise HardeningError(f"no {kind} in PEM: it begins with {begin}")
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        raise HardeningError(f"the {kind} in PEM is damaged") from None


def serial_of(certificate: bytes) -> int:
    """The serial number of a certificate."""
    parts = [item for item in signed_part(certificate) if item[0] != EXPLICIT_0]
    if not parts or parts[0][0] != INTEGER:
        raise HardeningError("a certificate without a serial number")
    return int.from_bytes(parts[0][1], "big", signed=True)


def revoked_in(revocations: bytes) -> frozenset[int]:
    """The serial numbers in a revocation list."""
    parts = signed_part(revocations)
    # version, signature, issuer, thisUpdate, then nextUpdate and the list, where there are any.
    times = [place for place, (tag, _content) in enumerate(parts) if tag in (_UTC_TIME, _TIME)]
    if not times:
        raise HardeningError("a revocation list without a date")
    entries = parts[times[-1] + 1] if len(parts) > times[-1] + 1 else (0, b"")
    if entries[0] != SEQUENCE:
        return frozenset()
    found = set()
    for tag, content in items(entries[1]):
        first = next(items(content), (0, b""))
        if tag != SEQUENCE or first[0] != INTEGER:
            raise HardeningError("a revocation list with an entry that has no serial number")
        found.add(int.from_bytes(first[1], "big", signed=True))
    return frozenset(found)


def ends(revocations: bytes) -> datetime:
    """Until when a revocation list is good (nextUpdate). One without an end is refused: it would never be renewed."""
    times = [(tag, content) for tag, content in signed_part(revocations) if tag in (_UTC_TIME, _TIME)]
    if len(times) < 2:
        raise HardeningError("a revocation list without nextUpdate: have it made with one")
    return moment_of(*times[1])


def moment_of(tag: int, content: bytes) -> datetime:
    """A time in a certificate or revocation list."""
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    try:
        return datetime.strptime(content.decode("ascii"), form).replace(tzinfo=timezone.utc)
    except ValueError:
        raise HardeningError("a certificate or revocation list with a date that can't be read") from None


def names_authority_key(revocations: bytes) -> bool:
    """Whether a revocation list has an authorityKeyIdentifier: without it strongSwan ignores the whole list."""
    return _AKI in revocations


def signed_part(content: bytes) -> list[_Item]:
    """What is signed: certificates and revocation lists alike are a sequence that begins with it, a sequence too."""
    for _depth in range(2):
        tag, content = next(items(content), (0, b""))
        if tag != SEQUENCE:
            raise HardeningError("neither a certificate nor a revocation list")
    return list(items(content))


def items(content: bytes) -> Iterator[_Item]:
    """Tags and contents of DER items, one after the other."""
    at = 0
    while at < len(content):
        if at + 2 > len(content):
            raise HardeningError("a certificate or revocation list that is cut off")
        tag, size, start = content[at], content[at + 1], at + 2
        if size >= 0x80:
            octets = size & 0x7F
            size = int.from_bytes(content[start : start + octets], "big")
            start += octets
        if start + size > len(content):
            raise HardeningError("a certificate or revocation list that is cut off")
        yield tag, content[start : start + size]
        at = start + size
