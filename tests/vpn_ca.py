"""A certificate authority for tests: P-384, made in memory in a few milliseconds, with revocation."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_USES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as PEM, and its serial number."""

    certificate: str
    private_key: str
    serial: int


@dataclass
class Authority:
    """One authority; ``revoked`` holds serial numbers."""

    name: str = "Test CA"
    revoked: list[int] = field(default_factory=list)
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP384R1()))
    _crl_number: int = 0

    @classmethod
    def of_key(cls, key: str, name: str) -> Authority:
        """One that was made before; its next list of revocations is newer than any of its earlier ones."""
        loaded = serialization.load_pem_private_key(key.encode(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return cls(name, _key=loaded, _crl_number=int(time.time()))

    @property
    def key(self) -> str:
        """Its private key."""
        return _private(self._key)

    @property
    def certificate(self) -> str:
        """Its own certificate, another text each time."""
        builder = self._builder(self.name, self._key.public_key(), 3650)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(signs, critical=True)
        return _pem(builder.sign(self._key, hashes.SHA384()))

    def issue(self, name: str, use: str = "client", identity: str = "") -> Issued:
        """A certificate and its key; the identity, a host name, stands beside the name."""
        key = ec.generate_private_key(ec.SECP384R1())
        names = [x509.SubjectAlternativeName([x509.DNSName(identity)])] if identity else []
        certificate, serial = self._certify(name, key.public_key(), use, names)
        return Issued(certificate, _private(key), serial)

    def sign(self, request: str, use: str = "server") -> str:
        """A certificate for a request (PEM), with the names that it asks for."""
        wanted = x509.load_pem_x509_csr(request.encode())
        assert wanted.is_signature_valid
        name = wanted.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        key = wanted.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey) and isinstance(name, str)
        asked = [one.value for one in wanted.extensions]
        names = [value for value in asked if isinstance(value, x509.SubjectAlternativeName)]
        return self._certify(name, key, use, names)[0]

    def crl(self) -> str:
        """The revocation list of now."""
        self._crl_number += 1
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name))
        builder = builder.last_update(now - timedelta(minutes=5)).next_update(now + timedelta(days=7))
        builder = builder.add_extension(x509.CRLNumber(self._crl_number), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        for serial in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        return _pem(builder.sign(self._key, hashes.SHA384()))

    def _certify(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        use: str,
        names: Iterable[x509.SubjectAlternativeName] = (),
    ) -> tuple[str, int]:
        builder = self._builder(name, key, 30)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_USES[use]]), critical=False)
        builder = builder.add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True
        )
        for one in names:
            builder = builder.add_extension(one, critical=False)
        signed = builder.sign(self._key, hashes.SHA384())
        return _pem(signed), signed.serial_number

    def _builder(self, name: str, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def serial_of(certificate: str) -> int:
    """The serial number of a certificate (PEM)."""
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(value: x509.Certificate | x509.CertificateRevocationList) -> str:
    return value.public_bytes(serialization.Encoding.PEM).decode()
