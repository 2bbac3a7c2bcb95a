# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' certificates on the controller: keys and requests are made, certificates looked at. Nothing is signed here.

The library cryptography is imported where it is used; ansible-core itself depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

#: Before a certificate's end somebody should know.
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is wrong with a certificate, None where nothing is, and when it ends where that is soon."""

    problem: str | None
    ends_soon: datetime | None = None


def new_key() -> str:
    """A private key on P-384, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP384R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def new_request(name: str, private_key: str) -> str:
    """A request for a user's certificate, as PEM. Raises ValueError where the key is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = serialization.load_pem_private_key(private_key.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key on an elliptic curve")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signs = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    builder = builder.add_extension(signs, critical=True)
    return builder.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def look_at(certificate: str, name: str, request: str, authority: str, now: datetime) -> Looked:
    """Whether a certificate is for that user, the key of the request, clients and today, and of the authority."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
        wanted = x509.load_pem_x509_csr(request.encode())
        issuer = x509.load_pem_x509_certificate(authority.encode())
    except ValueError:
        return Looked("it can't be read: give it as PEM")
    names = [attribute.value for attribute in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    problem = None
    if names != [name]:
        problem = f"its common name isn't '{name}'"
    elif _public(found) != _public(wanted):
        problem = "it is for another key than the request's"
    elif not _for_clients(found):
        problem = "it isn't for clients: it needs keyUsage digitalSignature and extendedKeyUsage clientAuth"
    elif not _issued_by(found, issuer):
        problem = "it is of another authority"
    elif found.not_valid_after_utc <= now:
        problem = f"it ended on {found.not_valid_after_utc:%Y-%m-%d}"
    return Looked(problem, found.not_valid_after_utc if found.not_valid_after_utc <= now + SOON else None)


def end_of(text: str) -> datetime | None:
    """When a certificate or a list of revocations (PEM) ends, None where it can't be read."""
    from cryptography import x509

    try:
        if "X509 CRL" in text:
            return x509.load_pem_x509_crl(text.encode()).next_update_utc
        return x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except ValueError:
        return None


def serial_of(certificate: str) -> int | None:
    """The serial number of a certificate, None where it can't be read."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate.encode()).serial_number
    except ValueError:
        return None


def revoked(revocations: str) -> frozenset[int]:
    """The serial numbers in a list of revocations. Raises ValueError where it can't be read."""
    from cryptography import x509

    return frozenset(entry.serial_number for entry in x509.load_pem_x509_crl(revocations.encode()))


def _public(value: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return value.public_key().public_bytes(serialization.Encoding.DER, form)


def _for_clients(certificate: x509.Certificate) -> bool:
    """As OpenVPN's remote-cert-tls sees it: both usages must be there."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signs = certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        return False
    return signs and ExtendedKeyUsageOID.CLIENT_AUTH in usage


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
