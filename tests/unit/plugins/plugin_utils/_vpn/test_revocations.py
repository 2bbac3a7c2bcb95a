"""The list of a site's own authority: it only grows, is made anew in time, and strongSwan and openssl take it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from kernel.ipsec_pki import Authority

from ansible_collections.pacs.hardening.plugins.action.revocation_list import keep_list
from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec import usable_list
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.revocations import next_list, signer

NOW = datetime.now(UTC)
AUTHORITY = Authority("Example CA")
OURS = signer(AUTHORITY.certificate, AUTHORITY.key, "")


def made(existing: str | None, *certificates: str, now: datetime = NOW, days: int = 90) -> str | None:
    revoked = {f"{number}.crt": text for number, text in enumerate(certificates)}
    return next_list(OURS, existing, revoked, days, now)


def read(text: str | None) -> x509.CertificateRevocationList:
    assert text is not None
    return x509.load_pem_x509_crl(text.encode())


def number(text: str | None) -> int:
    return read(text).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_it_grows_and_is_left_alone_between() -> None:
    first, serial = AUTHORITY.issue("a.example")[::2]
    other, other_serial = AUTHORITY.issue("b.example")[::2]
    empty = made(None)
    assert list(read(empty)) == []
    assert made(empty) is None
    one = made(empty, first)
    assert [entry.serial_number for entry in read(one)] == [serial]
    assert made(one, first) is None
    two = made(one, other)
    assert {entry.serial_number for entry in read(two)} == {serial, other_serial}, "the first one's file may be gone"
    assert [number(text) for text in (empty, one, two)] == [1, 2, 3]
    dates = {entry.serial_number: entry.revocation_date_utc for entry in read(two)}
    assert dates[serial] == read(one)[0].revocation_date_utc


def test_it_is_made_anew_when_a_third_is_left() -> None:
    one = made(None, AUTHORITY.issue("a.example")[0])
    assert made(one, now=NOW + timedelta(days=59)) is None
    renewed = made(one, now=NOW + timedelta(days=61))
    assert [entry.serial_number for entry in read(renewed)] == [entry.serial_number for entry in read(one)]
    assert read(renewed).next_update_utc == (NOW + timedelta(days=151)).replace(microsecond=0)


def test_one_that_strongswan_would_ignore_is_made_anew() -> None:
    serial = AUTHORITY.issue("a.example")[2]
    bare = AUTHORITY.revocations_pem([serial], 7, identifier=False, days=365)
    better = made(bare)
    assert [entry.serial_number for entry in read(better)] == [serial] and number(better) == 8
    kept = AUTHORITY.revocations_pem([serial], 7, days=365)
    assert made(kept) is None, "the positive control"


def test_gateways_and_openssl_take_it(tmp_path: Path) -> None:
    text = made(None, AUTHORITY.issue("a.example")[0])
    assert text is not None
    assert usable_list(text).until > NOW
    (tmp_path / "ca.crt").write_text(AUTHORITY.certificate)
    command = ["openssl", "crl", "-noout", "-verify", "-CAfile", str(tmp_path / "ca.crt")]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert "verify OK" in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("existing", "revoked", "says"),
    [
        ("nothing", "", "the list of revocations can't be read: give it as PEM, or move it away"),
        (Authority("Another CA").revocations_pem([], 1), "", "the list of revocations is another authority's"),
        (None, Authority("Another CA").issue("a.example")[0], "0.crt is no certificate (PEM) of this authority"),
        (None, "nothing", "0.crt is no certificate (PEM) of this authority"),
    ],
    ids=["unreadable list", "another's list", "another's certificate", "unreadable certificate"],
)
def test_what_is_not_understood_is_refused(existing: str | None, revoked: str, says: str) -> None:
    with pytest.raises(ValueError) as raised:
        made(existing, *([revoked] if revoked else []))
    assert says in str(raised.value)


def test_the_key_must_be_the_authoritys_and_open() -> None:
    with pytest.raises(ValueError, match="isn't that of its certificate"):
        signer(AUTHORITY.certificate, Authority("Another CA").key, "")
    with pytest.raises(ValueError, match="is the passphrase the right one") as raised:
        signer(AUTHORITY.certificate, AUTHORITY.key, "too much")
    assert "PRIVATE" not in str(raised.value)


def test_the_file_is_written_when_it_has_to_be_and_never_in_check_mode(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(AUTHORITY.certificate)
    (tmp_path / "ca.key").write_text(AUTHORITY.key)
    path = tmp_path / "ca.crl"
    arguments = {"path": str(path), "revoked": [], "days": 90, "passphrase": ""}
    arguments |= {"authority": str(tmp_path / "ca.crt"), "authority_key": str(tmp_path / "ca.key")}
    assert keep_list(arguments, NOW, check=True) and not path.exists()
    assert keep_list(arguments, NOW, check=False) and list(read(path.read_text())) == []
    assert not keep_list(arguments, NOW, check=False)
    with pytest.raises(ValueError, match="give at least 1"):
        keep_list({**arguments, "days": 0}, NOW, check=False)
