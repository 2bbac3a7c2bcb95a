"""What is read on a gateway: vici's messages, serial numbers, and whom they concern."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from kernel.ipsec_pki import Authority

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import (
    Sa,
    agreed,
    certificates_in,
    revoked_peers,
    sas_in,
    unknown_peers,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.secrets import secrets_text
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import (
    read_shown,
    shown_by_peers,
    shown_text,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.vici import events
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

#: As swanctl 5.9.8 prints it, shortened.
SAS = """\
list-sa event {
  pacs-branch {
    uniqueid = 2
    state = ESTABLISHED
    remote-id = C=DE, O=Example, CN=gw-b
    encr-alg = AES_CBC
    encr-keysize = 256
    integ-alg = HMAC_SHA2_256_128
    prf-alg = PRF_HMAC_SHA2_256
    dh-group = ECP_384
    child-sas {
      pacs-branch-1-1 {
        name = pacs-branch-1
        state = INSTALLED
        encr-alg = AES_GCM_16
        encr-keysize = 256
        local-ts = [
          10.1.0.0/24
        ]
        remote-ts = [
        ]
      }
      pacs-branch-2-3 {
        name = pacs-branch-2
        state = REKEYED
      }
    }
  }
}
list-sa event {
  pacs-vendor {
    uniqueid = 3
    state = CONNECTING
    remote-id = %any
    child-sas {
    }
  }
}
list-sas reply {
}
"""


def test_established_is_not_carrying() -> None:
    assert sas_in(SAS) == (
        Sa("pacs-branch", "2", "C=DE, O=Example, CN=gw-b", True, ("pacs-branch-1",)),
        Sa("pacs-vendor", "3", "%any", False, ()),
    )


def test_lists_and_messages_are_read() -> None:
    (branch, _vendor) = events(SAS, "list-sa")
    child = branch["pacs-branch"]["child-sas"]["pacs-branch-1-1"]
    assert (child["local-ts"], child["remote-ts"]) == (["10.1.0.0/24"], [])
    assert agreed(child) == (("AES_GCM_16", 256),)
    assert agreed(branch["pacs-branch"]) == (
        ("AES_CBC", 256),
        ("HMAC_SHA2_256_128", None),
        ("PRF_HMAC_SHA2_256", None),
        ("ECP_384", None),
    )
    assert events("", "list-sa") == []


@pytest.mark.parametrize("text", ["no such daemon", "list-sa event {\n a = b", "list-sa event {\n what is this\n}"])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(HardeningError, match="swanctl"):
        events(text, "list-sa")


class TestCertificates:
    """Against those that a library makes."""

    authority = Authority("Example CA")

    def test_serial_numbers(self) -> None:
        certificate, _key, serial = self.authority.issue("gw-b.branch.example")
        assert der.serial_of(der.from_pem(certificate, "CERTIFICATE")) == serial

    @pytest.mark.parametrize("serials", [[], [5], [5, 1 << 158, 200]])
    def test_what_a_list_revokes(self, serials: list[int]) -> None:
        listed = self.authority.revocations(serials, 7)
        assert der.revoked_in(listed) == set(serials)
        assert timedelta(days=29) < der.ends(listed) - datetime.now(UTC) < timedelta(days=31)
        assert der.names_authority_key(listed)
        assert not der.names_authority_key(self.authority.revocations(serials, 7, identifier=False))

    def test_whose_certificate_is_revoked(self) -> None:
        shown, revoked = [], []
        for name in ("gw-b.branch.example", "vpn.acme.example"):
            certificate, _key, serial = self.authority.issue(name)
            shown.append(der.from_pem(certificate, "CERTIFICATE"))
            revoked.append(serial)
        peers = {"pacs-branch": "gw-b.branch.example", "pacs-vendor": "vpn.acme.example", "pacs-c": "c.example"}
        text = "".join(f"list-cert event {{\n type = X509\n data = 0x{one.hex()}\n}}\n" for one in shown)
        certificates = certificates_in(text + "list-cert event {\n type = X509_CRL\n data = 0x30\n}\n")
        assert list(certificates) == shown
        listed = self.authority.revocations(revoked[:1], 1)
        known = shown_by_peers(peers.values(), certificates, {})
        assert known == {"gw-b.branch.example": (shown[0],), "vpn.acme.example": (shown[1],)}
        assert revoked_peers(known, listed, peers) == ("pacs-branch",)
        assert revoked_peers(known, self.authority.revocations([], 2), peers) == ()
        sas = [Sa(name, "1", peer, True, ()) for name, peer in peers.items()]
        assert unknown_peers(known, sas, peers) == ("pacs-c",)
        assert unknown_peers(known, sas[:2], peers) == (), "it isn't up"

    def test_what_was_written_down_holds_until_something_newer_is_shown(self) -> None:
        old, new = (der.from_pem(self.authority.issue("gw-b.branch.example")[0], "CERTIFICATE") for _one in "on")
        written = read_shown(shown_text({"gw-b.branch.example": (old,)}))
        assert written == {"gw-b.branch.example": (old,)}
        assert shown_by_peers(["gw-b.branch.example"], [], written) == written
        assert shown_by_peers(["gw-b.branch.example"], [new], written) == {"gw-b.branch.example": (new,)}
        assert shown_by_peers(["another.example"], [new], written) == {}

    @pytest.mark.parametrize("text", [None, "", "{", "[]", "3", '{"a": 1}', '{"a": ["%"]}', '{"a": [1]}', '{"a": "x"}'])
    def test_what_was_written_down_and_is_no_longer_whole_is_nothing(self, text: str | None) -> None:
        assert read_shown(text) == {}

    @pytest.mark.parametrize("damage", [b"", b"\x30", b"\x30\x82\xff\xff", b"\x02\x01\x05", b"\x30\x02\x02\x00"])
    def test_damage_is_refused(self, damage: bytes) -> None:
        for read in (der.serial_of, der.revoked_in, der.ends):
            with pytest.raises(HardeningError):
                read(damage)

    def test_what_is_no_pem_is_refused(self) -> None:
        with pytest.raises(HardeningError, match="no X509 CRL in PEM"):
            der.from_pem("hello", "X509 CRL")
        with pytest.raises(HardeningError, match="damaged"):
            der.from_pem("-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----", "X509 CRL")


def test_no_secret_can_leave_its_line() -> None:
    secret = 'x"\n}\nconnections { evil { } }'
    text = secrets_text({"pacs-branch": secret}, {"pacs-branch": "gw-b"})
    assert "evil" not in text
    assert base64.b64decode(text.partition("secret = 0s")[2].split("\n")[0]).decode() == secret
