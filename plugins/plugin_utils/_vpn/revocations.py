# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of revocations of a site's own authority: it only grows, and is made anew in time.

community.crypto's x509_crl writes no authorityKeyIdentifier, without which strongSwan ignores a list. The library
cryptography is imported where it is used; ansible-core itself depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

#: So that a host whose clock is a little behind takes it, too.
_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority that can sign: its certificate and its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def digest(self) -> hashes.SHA384 | None:
        """What it signs with; keys of Edwards curves have their own."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

        own = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
        return None if isinstance(self.key, own) else hashes.SHA384()


def signer(certificate: str, private_key: str, passphrase: str) -> Signer:
    """The authority of a certificate and a key, PEM. Raises ValueError with what is wrong, and nothing of the key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as error:
        raise ValueError("the authority's certificate can't be read: give it as PEM") from error
    try:
        key = serialization.load_pem_private_key(private_key.encode(), passphrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            "the authority's key can't be read: is the passphrase the right one, and is it PEM?"
        ) from error
    if key.public_key() != loaded.public_key():
        raise ValueError("the authority's key isn't that of its certificate")
    return Signer(loaded, key)


def next_list(
    authority: Signer, existing: str | None, revoked: Mapping[str, str], days: int, now: datetime
) -> str | None:
    """A list that holds what the existing one does, and the certificates ``revoked`` (PEM by the name of their file).

    None where the existing one says it all, and more than a third of its days is left. Raises ValueError.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    old = None if existing is None else _own(authority, existing)
    entries = {entry.serial_number: entry for entry in old or ()}
    fresh = {_serial(authority, name, text) for name, text in revoked.items()} - entries.keys()
    if old is not None and not fresh and _identified(old) and _until(old) > now + timedelta(days=days) / 3:
        return None
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(now - _BEFORE).next_update(now + timedelta(days=days))
    builder = builder.add_extension(x509.CRLNumber(_number(old) + 1), critical=False)
    builder = builder.add_extension(_identifier(authority), critical=False)
    for entry in [*entries.values(), *_entries(fresh, now)]:
        builder = builder.add_revoked_certificate(entry)
    made = builder.sign(authority.key, authority.digest)
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _own(authority: Signer, text: str) -> x509.CertificateRevocationList:
    from cryptography import x509

    try:
        found = x509.load_pem_x509_crl(text.encode())
    except ValueError as error:
        raise ValueError("the list of revocations can't be read: give it as PEM, or move it away") from error
    # The types name every kind of key; one that can't sign is no authority's.
    if not found.is_signature_valid(authority.certificate.public_key()):  # type: ignore[arg-type]
        raise ValueError("the list of revocations is another authority's: move it away")
    return found


def _serial(authority: Signer, name: str, text: str) -> int:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        found = x509.load_pem_x509_certificate(text.encode())
        found.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ValueError(f"{name} is no certificate (PEM) of this authority, so it can't revoke it") from error
    return found.serial_number


def _entries(serials: Iterable[int], now: datetime) -> Iterable[x509.RevokedCertificate]:
    from cryptography import x509

    for serial in sorted(serials):
        yield x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()


def _until(found: x509.CertificateRevocationList) -> datetime:
    """One without an end is made anew."""
    return found.next_update_utc or found.last_update_utc


def _identified(found: x509.CertificateRevocationList) -> bool:
    from cryptography import x509

    return any(isinstance(one.value, x509.AuthorityKeyIdentifier) for one in found.extensions)


def _number(found: x509.CertificateRevocationList | None) -> int:
    from cryptography import x509

    values = [one.value for one in found.extensions] if found is not None else []
    return next((value.crl_number for value in values if isinstance(value, x509.CRLNumber)), 0)


def _identifier(authority: Signer) -> x509.AuthorityKeyIdentifier:
    """As the authority's own certificate has it: it needn't be derived from the key in the usual way."""
    from cryptography import x509

    for one in authority.certificate.extensions:
        if isinstance(one.value, x509.SubjectKeyIdentifier):
            return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(one.value)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
