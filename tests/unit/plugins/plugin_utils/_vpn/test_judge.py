"""Crypto profiles: what they offer they allow, and each weakness has a name."""

from __future__ import annotations

import pytest
import yaml
from vpn_profiles import FOLDER, profiles

from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.vocabulary import CRYPTO_PROFILES
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.algorithms import ALGORITHMS, live_word
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.judge import judge, judge_agreed
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.profile import load_profile

PROFILES = profiles()


def test_the_site_model_knows_every_profile_and_no_other() -> None:
    assert set(PROFILES) == set(CRYPTO_PROFILES) == {path.stem for path in FOLDER.glob("*.yml")}


@pytest.mark.parametrize("name", CRYPTO_PROFILES)
def test_a_profile_allows_what_it_offers_and_says_what_nobody_has_verified(name: str) -> None:
    profile = PROFILES[name]
    for proposal in profile.ike:
        assert judge(proposal, profile, ike=True) == ()
    for proposal in profile.esp:
        assert judge(proposal, profile, ike=False) == ()
    assert profile.unverified
    assert any(not source.read for source in profile.sources)


@pytest.mark.parametrize(
    ("proposal", "ike", "weak"),
    [
        ("aes256gcm16-prfsha384-ecp384", True, set()),
        ("aes256gcm16-ecp384", False, set()),
        ("3des-sha1-modp1024", True, {"3des", "sha1", "modp1024"}),
        ("aes256-sha256-modp2048", True, {"aes256", "sha256", "modp2048"}),
        ("aes256gcm16", False, {"no_pfs"}),
        ("aes256gcm16-ecp384", True, {"no_prf"}),
        ("aes256-ecp384", False, {"aes256", "no_integrity"}),
        ("sha384-ecp384", False, {"sha384", "null"}),
        ("null-sha384-ecp384", False, {"null", "sha384"}),
        ("aes256gcm16-prfsha384-ecp384-rot13", True, {"rot13"}),
        ("aes256gcm16-esn-ecp384", False, set()),
    ],
)
def test_weaknesses_under_cnsa(proposal: str, ike: bool, weak: set[str]) -> None:
    assert {weakness.what for weakness in judge(proposal, PROFILES["cnsa"], ike)} == weak


def test_nist_takes_what_cnsa_does_not() -> None:
    assert judge("aes128-sha256-modp3072", PROFILES["nist"], ike=True) == ()
    assert [str(one) for one in judge("aes128-sha256-modp2048", PROFILES["nist"], ike=True)] == [
        "'modp2048' is not allowed by the profile nist"
    ]


def test_the_first_keys_of_esp_have_no_group_by_design() -> None:
    assert judge_agreed(["aes256gcm16"], PROFILES["cnsa"], ike=False) == ()
    assert {one.what for one in judge_agreed(["3des", "sha1"], PROFILES["cnsa"], ike=False)} == {"3des", "sha1"}


def test_every_word_comes_back_from_its_live_name() -> None:
    assert [live_word(item.name, item.bits) for item in ALGORITHMS.values()] == list(ALGORITHMS)
    assert live_word("ROT_13", 13) == "rot_13_13"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "x"}, "p.schema: it is of another schema"),
        ({"allowed": {"encryption": ["rot13"], "integrity": [], "prf": [], "group": []}}, "'rot13' is no encryption"),
        ({"allowed": {"encryption": ["modp2048"], "integrity": [], "prf": [], "group": []}}, "is no encryption"),
        ({"keys": {"rsa": "long", "ecdsa": []}}, "p.keys.rsa: not a number of bits"),
        ({"more": 1}, "p.more: unknown key"),
    ],
)
def test_a_profile_that_says_something_else_is_refused(change: dict[str, object], message: str) -> None:
    document = yaml.safe_load((FOLDER / "cnsa.yml").read_text(encoding="utf-8"))
    with pytest.raises(SiteError) as caught:
        load_profile({**document, **change}, "p")
    assert message in str(caught.value)
