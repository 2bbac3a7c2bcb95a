# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a certificate or revocation list is, until when it is good, and for what key (RFC 5280). Private, pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_COMMON_NAME = bytes([0x55, 0x04, 0x03])
_RSA = bytes.fromhex("2a864886f70d010101")
#: Named curves (RFC 5480 section 2.1.1.1), with the bits of their keys.
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): 256,
    bytes.fromhex("2b81040022"): 384,
    bytes.fromhex("2b81040023"): 521,
}


@dataclass(frozen=True)
class Certificate:
    """What is judged of a certificate. I(key) is C(rsa), C(ecdsa) or C(other), whose I(bits) aren't known (0)."""

    name: str
    issuer: str
    ends: datetime
    serial: int
    key: str
    bits: int


@dataclass(frozen=True)
class RevocationList:
    """What is judged of a revocation list. I(read): whether strongSwan takes it into account."""

    issuer: str
    ends: datetime
    revoked: frozenset[int]
    read: bool


def read_certificate(content: bytes) -> Certificate:
    """Read a certificate, DER. Raises HardeningError."""
    parts = [item for item in der.signed_part(content) if item[0] != der.EXPLICIT_0]
    if len(parts) < 6:
        raise HardeningError("a certificate that is cut off")
    # Serial number, signature, issuer, validity, subject, key.
    validity = list(der.items(parts[3][1]))
    if len(validity) < 2:
        raise HardeningError("a certificate without an end")
    key, bits = _key(parts[5][1])
    ends = der.moment_of(*validity[1])
    return Certificate(_common_name(parts[4][1]), _common_name(parts[2][1]), ends, der.serial_of(content), key, bits)


def read_revocations(content: bytes) -> RevocationList:
    """Read a revocation list, DER. Raises HardeningError."""
    # The version, where there is one, then signature and issuer.
    parts = [item for item in der.signed_part(content) if item[0] != der.INTEGER]
    if len(parts) < 2:
        raise HardeningError("a revocation list that is cut off")
    ends, revoked = der.ends(content), der.revoked_in(content)
    return RevocationList(_common_name(parts[1][1]), ends, revoked, der.names_authority_key(content))


def shown_by(identity: str, certificates: Iterable[bytes]) -> tuple[bytes, ...]:
    """The certificates in which an identity stands."""
    return tuple(one for one in certificates if identity and identity.encode() in one)


def _common_name(name: bytes) -> str:
    found = ""
    for _set, attributes in der.items(name):
        for _sequence, pair in der.items(attributes):
            fields = list(der.items(pair))
            if len(fields) == 2 and fields[0][1] == _COMMON_NAME:
                found = fields[1][1].decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "?" for character in found)[:100]


def _key(information: bytes) -> tuple[str, int]:
    parts = list(der.items(information))
    if len(parts) != 2:
        raise HardeningError("a certificate without a key")
    algorithm = [content for _tag, content in der.items(parts[0][1])]
    if algorithm and algorithm[0] == _RSA:
        # Behind the count of unused bits: a sequence that begins with the modulus.
        _tag, numbers = next(der.items(parts[1][1][1:]), (0, b""))
        _tag, modulus = next(der.items(numbers), (0, b""))
        return "rsa", int.from_bytes(modulus, "big").bit_length()
    bits = _CURVES.get(algorithm[1]) if len(algorithm) > 1 else None
    return ("ecdsa", bits) if bits else ("other", 0)
