"""A small certificate authority for tests: certificates that are good, expired or revoked, and revocation lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


class Authority:
    """An authority with P-384 keys, and SHA-384 for its signatures."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP384R1())
        self._name = _name(name)
        now = datetime.now(UTC)
        builder = _dated(self._name, self._name, self._key.public_key(), now - _DAY, now + 365 * _DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._certificate = builder.add_extension(identifier, critical=False).sign(self._key, hashes.SHA384())

    @classmethod
    def of_key(cls, key: str, certificate: str) -> Authority:
        """One that was made before."""
        made = cls.__new__(cls)
        loaded = serialization.load_pem_private_key(key.encode(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        made._key = loaded
        made._certificate = x509.load_pem_x509_certificate(certificate.encode())
        made._name = made._certificate.subject
        return made

    @property
    def key(self) -> str:
        """Its private key, PEM."""
        return _private(self._key)

    @property
    def _identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())

    @property
    def certificate(self) -> str:
        """Its own certificate, PEM."""
        return _pem(self._certificate)

    def issue(self, identity: str, last: timedelta = 60 * _DAY) -> tuple[str, str, int]:
        """A certificate for a gateway and its key, both PEM, and its serial number; it ends ``last`` from now."""
        key = ec.generate_private_key(ec.SECP384R1())
        names = x509.SubjectAlternativeName([x509.DNSName(identity)])
        made = self._made(_name(identity), names, key.public_key(), last)
        return _pem(made), _private(key), made.serial_number

    def sign(self, request: str) -> str:
        """The certificate for a request, both PEM."""
        wanted = x509.load_pem_x509_csr(request.encode())
        names = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return _pem(self._made(wanted.subject, names, wanted.public_key(), 30 * _DAY))

    def _made(
        self, subject: x509.Name, names: x509.SubjectAlternativeName, key: Any, last: timedelta
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = _dated(subject, self._name, key, now - 60 * _DAY, now + last)
        builder = builder.add_extension(names, critical=False).add_extension(self._identifier, critical=False)
        return builder.add_extension(_usage(signs=False), critical=True).sign(self._key, hashes.SHA384())

    def revocations_pem(self, serials: Iterable[int], number: int, identifier: bool = True, days: int = 30) -> str:
        """The same as PEM."""
        made = x509.load_der_x509_crl(self.revocations(serials, number, identifier, days))
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def revocations(self, serials: Iterable[int], number: int, identifier: bool = True, days: int = 30) -> bytes:
        """A CRL, DER; without ``identifier`` it lacks what strongSwan needs to take it into account."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now - 40 * _DAY).next_update(now + days * _DAY)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        if identifier:
            builder = builder.add_extension(self._identifier, critical=False)
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(hours=1))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _dated(subject: x509.Name, issuer: x509.Name, key: Any, first: datetime, last: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)


def serial_number(certificate: str) -> int:
    """Of a certificate, PEM."""
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
