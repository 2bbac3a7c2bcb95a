"""What strongSwan's tools, files and log say, as evidence: certificates, settings, refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from kernel.ipsec_pki import Authority
from vpn_example import TODAY
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import (
    read_certificate,
    read_revocations,
    shown_by,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.refusals import Line, journal_lines, refusals_in
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.settings import (
    Section,
    connections_in,
    merge,
    read_settings,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.swanctl import swanctl_conf
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import plain_tunnels

SECRET = "not to be seen"


class TestCertificates:
    def test_whose_it_is_until_when_and_for_which_key(self) -> None:
        authority = Authority("Example CA")
        text, _key, serial = authority.issue("gw-a.hospital.example", last=timedelta(days=9))
        content = der.from_pem(text, "CERTIFICATE")
        found = read_certificate(content)
        assert (found.name, found.issuer, found.serial) == ("gw-a.hospital.example", "Example CA", serial)
        assert (found.key, found.bits) == ("ecdsa", 384)
        left = found.ends - datetime.now(UTC)
        assert timedelta(days=8, hours=23) < left <= timedelta(days=9)
        assert shown_by("gw-a.hospital.example", [content]) == (content,)
        assert shown_by("gw-b.branch.example", [content]) == shown_by("", [content]) == ()

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            (rsa.generate_private_key(65537, 2048), ("rsa", 2048)),
            (ec.generate_private_key(ec.SECP256R1()), ("ecdsa", 256)),
            (ec.generate_private_key(ec.SECP192R1()), ("other", 0)),
        ],
        ids=["rsa", "P-256", "P-192"],
    )
    def test_keys(self, key: Any, expected: tuple[str, int]) -> None:
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")]), datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        found = read_certificate(builder.sign(key, SHA256()).public_bytes(Encoding.DER))
        assert (found.key, found.bits) == expected

    def test_a_list_of_revocations(self) -> None:
        found = read_revocations(Authority("Example CA").revocations([7, 9], 1, days=3))
        assert (found.issuer, found.revoked, found.read) == ("Example CA", frozenset({7, 9}), True)
        assert not read_revocations(Authority("Example CA").revocations([], 1, identifier=False)).read

    @given(st.binary(max_size=200), st.integers(0, 400))
    def test_what_is_none_is_refused(self, noise: bytes, at: int) -> None:
        whole = CERTIFICATE
        for content in (noise, whole[:at], whole[:at] + noise + whole[at:]):
            for read in (read_certificate, read_revocations):
                try:
                    read(content)
                except HardeningError:
                    continue


CERTIFICATE = der.from_pem(Authority("Example CA").issue("gw")[0], "CERTIFICATE")


class TestSettings:
    def test_what_the_role_writes_is_read_back(self) -> None:
        end = {"addresses": ["192.0.2.1"], "identity": "gw-a.example"}
        tunnel = {
            "name": "branch",
            "profile": "nist",
            "local": end,
            "peer": {"addresses": ["192.0.2.2"], "identity": "gw-b.example"},
            "selectors": [{"local": "10.1.0.0/24", "remote": "10.2.0.0/24"}],
        }
        text = swanctl_conf(plain_tunnels([tunnel], profiles(), TODAY), "kernel")
        root, includes = read_settings(text)
        assert includes == ()
        (said,) = connections_in(root).values()
        assert said["proposals"] == list(profiles()["nist"].ike)
        assert said["children"] == {"pacs-branch-1": list(profiles()["nist"].esp)}
        assert (said["version"], said["aggressive"], said["inherits"]) == ("2", False, False)
        assert said["remote"] == [{"auth": "pubkey", "revocation": "strict"}]

    def test_other_ways_to_write(self) -> None:
        text = f"""
        include conf.d/*.conf   # as shipped
        connections {{ old : defaults {{ version = 1 ; aggressive = yes
            remote-1 {{ auth = psk }} children {{ a {{ esp_proposals = 3des-sha1 , null-md5 }} }} }} }}
        secrets {{ ike {{ secret = "{SECRET} }} {{" }} }}"""
        root, includes = read_settings(text)
        assert includes == ("conf.d/*.conf",)
        said = connections_in(root)["old"]
        assert (said["version"], said["aggressive"], said["inherits"], said["proposals"]) == ("1", True, True, None)
        assert said["children"] == {"a": ["3des-sha1", "null-md5"]}
        assert SECRET not in json.dumps(connections_in(root))

    def test_a_later_file_wins(self) -> None:
        first, _none = read_settings("connections { a { version = 2\n proposals = x } }")
        later, _none = read_settings("connections { a { version = 1 } }")
        merge(first, later)
        said = connections_in(first)["a"]
        assert (said["version"], said["proposals"]) == ("1", ["x"])

    @pytest.mark.parametrize("text", ["a { b = 1", "}", "a b c", "a { include x\n }", "="])
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(HardeningError):
            read_settings(text)

    @given(st.text(alphabet=' {}\n;="#abc', max_size=80))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            root, _includes = read_settings(text)
        except HardeningError:
            return
        assert isinstance(root, Section)


def said(thread: str, *texts: str, when: int | None = None) -> list[Line]:
    return [Line(thread, text, when) for text in texts]


PACKET = "received packet: from 203.0.113.2[500] to 203.0.113.1[500] (240 bytes)"


class TestRefusals:
    def test_each_is_counted_by_who_and_why(self) -> None:
        bad = [PACKET, "parsed IKE_SA_INIT request 0 [ SA KE No ]", "received proposals unacceptable"]
        lines = [*said("07", *bad, when=10), *said("08", *bad, when=20)]
        lines += said("09", "received packet: from 192.0.2.9[500] to ...", "no IKE config found for ...", when=30)
        found = [one.document() for one in refusals_in(lines)]
        assert found == [
            {"kind": "proposal", "why": "nothing it offered is allowed", "peer": "203.0.113.2", "count": 2, "last": 20},
            {
                "kind": "peer",
                "why": "it is no gateway that is configured here",
                "peer": "192.0.2.9",
                "count": 1,
                "last": 30,
            },
        ]

    def test_ikev1_is_told_from_a_stranger(self) -> None:
        lines = said("07", PACKET, "parsed ID_PROT request 0 [ SA V V ]", "no IKE config found for 203.0.113.1...")
        lines += said("07", PACKET, "parsed IKE_SA_INIT request 0 [ SA ]", "no IKE config found for 203.0.113.1...")
        assert [one.kind for one in refusals_in(lines)] == ["version", "peer"]

    def test_threads_do_not_mix(self) -> None:
        lines = [
            *said("07", PACKET),
            *said("08", "received packet: from 192.0.2.8[500] to x"),
            *said("07", "certificate was revoked on Nov 20, reason: unspecified"),
        ]
        (found,) = refusals_in(lines)
        assert (found.peer, found.why) == ("203.0.113.2", "its certificate is revoked")

    def test_of_one_refusal_several_lines_are_one(self) -> None:
        lines = said("07", PACKET, "certificate was revoked on Nov 20", "certificate was revoked on Nov 20")
        assert [one.count for one in refusals_in(lines)] == [1]

    def test_what_journald_prints(self) -> None:
        entries: list[Any] = [
            {"MESSAGE": PACKET, "THREAD": "7", "__REALTIME_TIMESTAMP": "1764200000123456"},
            {"MESSAGE": "no shared key found for 'a'", "THREAD": "7", "__REALTIME_TIMESTAMP": "1764200001123456"},
            {"MESSAGE": "Started strongswan.service", "__REALTIME_TIMESTAMP": "1764200002123456"},
            {"MESSAGE": [1, 2], "THREAD": "7"},
            7,
        ]
        text = "\n".join(json.dumps(one) for one in entries) + "\nnot json\n"
        (found,) = refusals_in(journal_lines(text))
        assert (found.why, found.peer, found.last) == ("it came with a pre-shared key", "203.0.113.2", 1764200001)
