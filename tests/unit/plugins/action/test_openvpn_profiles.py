"""What users are handed: written once it can be, for one pair of eyes, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from vpn_ca import Authority
from vpn_example import gateway, user

from ansible_collections.pacs.hardening.plugins.action.openvpn_profiles import Handing, hand_over_all
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import TlsGateway

NOW = datetime.now(UTC)
SMITH, ROBOT = user("r.smith", 10), user("robot", 40, kind="machine", second_factor=False)
SECRETS = {"tls_crypt": "TLS-CRYPT-SECRET\n", "codes": {"r.smith": "JBSWY3DPEHPK3PXP"}}


class Desk:
    """A directory, and the authority that works on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority()

    def run(self, value: TlsGateway | None = None, check: bool = False, **changes: Any) -> Handing:
        value = value or gateway(SMITH, ROBOT)
        given = {"secrets": SECRETS, "request": None, "own_keys": True, "now": NOW, **changes}
        handing = Handing(self.directory, check)
        hand_over_all(handing, value, value.users_on(NOW.date()), **given)
        shown = repr((handing.written, handing.removed, handing.awaiting, handing.profiles))
        assert not [word for word in ("SECRET", "JBSWY3", "PRIVATE") if word in shown]
        return handing

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.directory / folder).glob("*"))

    def sign(self) -> None:
        (self.directory / "certificates").mkdir(exist_ok=True)
        for request in (self.directory / "requests").glob("*.csr"):
            signed = self.authority.sign(request.read_text(), "client")
            (self.directory / "certificates" / f"{request.stem}.crt").write_text(signed)
        (self.directory / "ca.crt").write_text(self.authority.certificate)
        (self.directory / "ca.crl").write_text(self.authority.crl())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "people")


def test_first_requests_then_profiles_then_nothing(desk: Desk) -> None:
    first = desk.run()
    assert desk.names("requests") == ["r.smith.csr", "robot.csr"]
    assert desk.names("profiles") == [] and first.profiles == []
    assert [said for said in first.awaiting if said.startswith("r.smith: certificates/r.smith.crt is missing")]

    desk.sign()
    second = desk.run()
    assert desk.names("profiles") == ["r.smith.ovpn", "robot.ovpn"] == [f"{name}.ovpn" for name in second.profiles]
    assert desk.names("codes") == ["r.smith.txt"], "a machine has none"
    text = (desk.directory / "codes" / "r.smith.txt").read_text()
    label = "vpn.hospital.example%3Ar.smith"
    assert text == f"otpauth://totp/{label}?secret=JBSWY3DPEHPK3PXP&issuer=vpn.hospital.example\n"
    files = [
        path for path in desk.directory.rglob("*") if path.parent.name in ("keys", "profiles", "codes", "requests")
    ]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (desk.directory, desk.directory / "keys")} == {0o700}

    third = desk.run()
    assert (third.written, third.removed) == ([], [])


def test_a_mode_that_was_opened_is_closed_again(desk: Desk) -> None:
    desk.run()
    desk.sign()
    desk.run()
    (desk.directory / "profiles" / "robot.ovpn").chmod(0o644)
    assert desk.run().written == [str(desk.directory / "profiles" / "robot.ovpn")]
    assert (desk.directory / "profiles" / "robot.ovpn").stat().st_mode & 0o777 == 0o600


def test_check_mode_says_it_and_writes_nothing(desk: Desk) -> None:
    assert str(desk.directory / "requests" / "r.smith.csr") in desk.run(check=True).written
    assert not desk.directory.exists()


def test_a_former_user_keeps_nothing_here_and_is_to_be_revoked(desk: Desk) -> None:
    desk.run()
    desk.sign()
    desk.run()
    gone = desk.run(gateway(ROBOT))
    assert (
        desk.names("profiles") == ["robot.ovpn"] and desk.names("codes") == [] and desk.names("keys") == ["robot.key"]
    )
    assert "r.smith is no user any more: have certificates/r.smith.crt revoked" in gone.awaiting

    from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.certificates import serial_of

    serial = serial_of((desk.directory / "certificates" / "r.smith.crt").read_text())
    assert serial is not None
    desk.authority.revoked.append(serial)
    (desk.directory / "ca.crl").write_text(desk.authority.crl())
    assert desk.run(gateway(ROBOT)).awaiting == [said for said in gone.awaiting if "revoked" not in said]


def test_a_users_own_key_never_comes_here(desk: Desk) -> None:
    first = desk.run(own_keys=False)
    assert "r.smith: requests/r.smith.csr is missing, made on the user's own machine" in first.awaiting
    elsewhere = Desk(desk.directory.parent / "laptop")
    elsewhere.run()
    (desk.directory / "requests").mkdir(parents=True)
    for request in (elsewhere.directory / "requests").iterdir():
        (desk.directory / "requests" / request.name).write_text(request.read_text())
    desk.sign()
    desk.run(own_keys=False)
    assert desk.names("keys") == []
    assert "\nkey private.key\n" in (desk.directory / "profiles" / "r.smith.ovpn").read_text()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("another's", "its common name isn't 'r.smith'"),
        ("another key's", "it is for another key than the request's"),
        ("a server's", "it isn't for clients"),
        ("a stranger's", "it is of another authority"),
        ("rubbish", "it can't be read"),
    ],
)
def test_a_certificate_that_does_not_fit_is_not_used(desk: Desk, what: str, said: str) -> None:
    desk.run()
    desk.sign()
    at, requests = desk.directory / "certificates" / "r.smith.crt", desk.directory / "requests"
    mine = (requests / "r.smith.csr").read_text()
    wrong: dict[str, Callable[[], str]] = {
        "another's": lambda: desk.authority.sign((requests / "robot.csr").read_text(), "client"),
        "another key's": lambda: desk.authority.issue("r.smith").certificate,
        "a server's": lambda: desk.authority.sign(mine, "server"),
        "a stranger's": lambda: Authority().sign(mine, "client"),
        "rubbish": lambda: "-----BEGIN CERTIFICATE-----\n",
    }
    at.write_text(wrong[what]())
    found = desk.run()
    assert [one for one in found.awaiting if said in one] and found.profiles == ["robot"]
    assert desk.names("profiles") == ["robot.ovpn"]


def test_a_gateway_without_keys_hands_out_nothing(desk: Desk) -> None:
    desk.run()
    desk.sign()
    found = desk.run(secrets={"tls_crypt": None, "codes": {}})
    assert found.profiles == [] and "robot: the gateway has no keys yet" in found.awaiting


def test_an_end_that_would_shut_everybody_out_is_announced(desk: Desk) -> None:
    desk.run()
    desk.sign()
    crl = desk.directory / "ca.crl"
    said = [one for one in desk.run().awaiting if one.startswith("ca.crl")]
    assert said == [], "it is good for a week"
    later = [one for one in desk.run(now=NOW + timedelta(days=5)).awaiting if one.startswith("ca.crl ends on")]
    assert len(later) == 1 and "nobody is let in" in later[0]
    crl.write_text("rubbish")
    with pytest.raises(ValueError, match="PEM"):
        desk.run(gateway(ROBOT))


def test_the_servers_request_waits_for_its_certificate(desk: Desk) -> None:
    assert desk.run(request="REQUEST\n").written[0].endswith("requests/gateway.csr")
    assert not [path for path in desk.run(request="ANOTHER\n").written if path.endswith("gateway.csr")]
