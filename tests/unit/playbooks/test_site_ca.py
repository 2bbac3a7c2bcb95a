"""The site's own authority, on the controller: it signs, renews before the end, revokes, and does nothing else.

With the real community.crypto (scripts/lib/other_collections.py), and an authority made as docs/vpn-tls.md says.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.certificates import look_at, revoked, serial_of
from playbooks import PROJECT, WITH_OTHERS, PlaybookRun, run_playbook

PASSPHRASE = "not in any output"
NAMES = {"vpn_ipsec": "gw-a.hospital.example", "vpn_tls": "vpn.hospital.example"}
SERVER = {
    "name": "people",
    "interface": "tun-people",
    "identity": NAMES["vpn_tls"],
    "addresses": ["198.51.100.1"],
    "networks": ["10.1.80.0/24"],
    "users": {"r.smith": {"kind": "person", "addresses": ["10.1.80.10"], "reaches": ["10.1.30.10"]}},
}


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    """A directory with an authority in it, made by the command that the documentation shows."""
    text = (PROJECT / "docs" / "vpn-tls.md").read_text(encoding="utf-8")
    shown = re.search(r"^    (openssl req -x509 .*?-out ca\.crt)$", text, re.MULTILINE | re.DOTALL)
    assert shown
    directory = tmp_path / "pki"
    directory.mkdir()
    command = [*shlex.split(shown[1].replace("\\\n", " ")), "-passout", f"pass:{PASSPHRASE}"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture
def play(tmp_path: Path, pki: Path) -> Callable[..., PlaybookRun]:
    """Lets a role's authority sign for the gateway ``a``; arguments are more of the role's variables."""

    def run(role: str, *arguments: str, **more: Any) -> PlaybookRun:
        given = {"directory": str(pki), "authority_passphrase": PASSPHRASE, **more}
        variables: dict[str, Any] = {f"{role}_{name}": value for name, value in given.items()}
        if role == "vpn_tls":
            variables |= {"vpn_tls_server": SERVER, "vpn_tls__keys": {"request": request(pki, NAMES[role])}}
        else:
            (pki / "a.csr").write_text(request(pki, NAMES[role]), encoding="utf-8")
        include = {"name": f"pacs.hardening.{role}", "tasks_from": "site_ca.yml"}
        tasks = [{"name": "Sign", "ansible.builtin.include_role": include}]
        plays = [{"name": "Authority", "hosts": "a", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
        # Of a gateway for people its secrets are read, which aren't there.
        hosts = {"a": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        done = run_playbook(
            tmp_path / "play.yml",
            *arguments,
            variables=variables,
            inventory=tmp_path / "hosts.yml",
            collections=WITH_OTHERS,
        )
        assert PASSPHRASE not in done.output
        return done

    return run


def request(directory: Path, identity: str) -> str:
    """What the gateway asks for: the same each time."""
    path = directory.parent / "asked.csr"
    if not path.exists():
        builder = x509.CertificateSigningRequestBuilder()
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity)]))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(identity)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        made = builder.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA384())
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path.read_text(encoding="utf-8")


def certificate(directory: Path, role: str) -> Path:
    return directory / ("a.crt" if role == "vpn_ipsec" else "certificates/gateway.crt")


def days_left(path: Path) -> float:
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return (found.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=1)


def listed(directory: Path) -> x509.CertificateRevocationList:
    """The list of revocations, signed by the authority and saying by which of its keys (RFC 5280, 5.2.1)."""
    found = x509.load_pem_x509_crl((directory / "ca.crl").read_bytes())
    issuer = x509.load_pem_x509_certificate((directory / "ca.crt").read_bytes())
    assert found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # a key on P-384, as made above
    found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)  # raises where there is none
    return found


def kept(directory: Path) -> Mapping[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def a_user_has_one_too(directory: Path) -> None:
    asked, signed = (directory / name for name in ("requests/r.smith.csr", "certificates/r.smith.crt"))
    authority = (directory / "ca.crt").read_text(encoding="utf-8")
    seen = look_at(signed.read_text("utf-8"), "r.smith", asked.read_text("utf-8"), authority, datetime.now(UTC))
    assert seen.problem is None
    assert (directory / "keys" / "r.smith.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("role", NAMES)
def test_it_signs_renews_and_revokes(play: Callable[..., PlaybookRun], pki: Path, role: str) -> None:
    path = certificate(pki, role)
    first = play(role, certificate_days=30)
    assert first.ok, first.output
    signed = x509.load_pem_x509_certificate(path.read_bytes())
    signed.verify_directly_issued_by(x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes()))
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAMES[role]]
    assert 29 < days_left(path) <= 30
    assert len(list(listed(pki))) == 0
    if role == "vpn_tls":
        a_user_has_one_too(pki)
    assert (path.stat().st_mode & 0o777, (pki / "ca.key").stat().st_mode & 0o777) == (0o644, 0o600)

    before = kept(pki)
    assert play(role, certificate_days=30).changed == {"a": 0}
    assert kept(pki) == before, "a third of its time isn't over yet"

    dry = play(role, "--check", "--diff", certificate_days=93)
    assert dry.ok and dry.changed["a"] > 0, dry.output
    assert kept(pki) == before, "a dry run says that it would renew, and signs nothing"

    renewed = play(role, certificate_days=93)
    assert renewed.ok, renewed.output
    assert 92 < days_left(path) <= 93, "less than a third of 93 days was left"
    replaced = next(path.parent.glob(f"{path.name}.*"))
    assert replaced.read_bytes() == before[str(path)], "the one before is needed to revoke it"
    assert (listed(pki).next_update_utc or datetime.now(UTC)) > datetime.now(UTC) + timedelta(days=92)

    (pki / "revoked").mkdir()
    replaced.rename(pki / "revoked" / replaced.name)
    assert play(role, certificate_days=93).ok
    assert revoked((pki / "ca.crl").read_text(encoding="utf-8")) == {signed.serial_number}
    assert serial_of(path.read_text(encoding="utf-8")) != signed.serial_number
    listed(pki)


@pytest.mark.parametrize("role", NAMES)
def test_with_another_passphrase_nothing_is_signed(play: Callable[..., PlaybookRun], pki: Path, role: str) -> None:
    done = play(role, authority_passphrase="another that stays unseen")
    assert done.failed == {"a": 1}
    assert "another that stays unseen" not in done.output
    assert "passphrase" in done.output.lower()
    assert not certificate(pki, role).exists()
