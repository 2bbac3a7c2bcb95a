"""Revoked and renewed certificates of IPsec peers: who is thrown out, who stays, and what stays hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernel.ipsec_gateway import installed
from kernel.ipsec_pki import Authority
from kernel.ipsec_place import (
    BRANCH,
    CHILD,
    CONNECTION,
    CRL,
    HOSPITAL,
    PACS,
    Place,
    back,
    load_branch,
    reaches,
)
from kernel.ipsec_report import report

from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec import usable_list
from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec_revocation import Ended
from ansible_collections.pacs.hardening.plugins.module_utils._io.swanctl import Swanctl
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

pytestmark = pytest.mark.skipif(not installed(), reason="needs charon-systemd and strongswan-swanctl")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("ipsec"))
    yield made
    made.close()


RELOADS = {
    "credentials": (("--load-creds", "--noprompt"),),
    "everything": (("--load-all", "--noprompt"),),
    "as systemctl reload does": (("--reload-settings",), ("--load-all", "--noprompt")),
}


def test_a_revoked_peer_is_thrown_out_and_stays_out(place: Place) -> None:
    back(place)
    assert reaches(place.ct, place.pacs, PACS[0], patience=5)
    before = len(place.hospital.log())
    outcome = place.run(place.revocations(BRANCH))
    assert outcome.ended.out == (CONNECTION,)
    assert not place.up
    assert not reaches(place.ct, place.pacs, PACS[0])
    for name, commands in RELOADS.items():
        for arguments in commands:
            place.hospital.tool(*arguments)
        assert not place.branch.initiate(CHILD)[0], name
        assert not place.hospital.initiate(CHILD)[0], name
    place.hospital.stop()
    place.hospital.start()
    place.hospital.load()
    assert not place.branch.initiate(CHILD)[0], "a restart"
    assert "certificate was revoked on" in place.hospital.log()
    assert "203.0.113.2, because its certificate is revoked" in report(place, before)["VPN-03"][1]
    place.run(place.revocations())
    back(place)


def test_a_peer_is_thrown_out_though_strongswan_has_forgotten_what_it_showed(place: Place) -> None:
    """It does with whatever is loaded anew: here a renewed list, on which nobody is."""
    back(place)
    assert place.run(place.revocations()).ended == Ended()
    assert BRANCH not in place.hospital.tool("--list-certs", "--type", "x509").stdout
    assert report(place)["VPN-03"][0] == "pass", "it is written down"
    assert place.run(place.revocations(BRANCH)).ended.out == (CONNECTION,)
    assert not place.up
    place.run(place.revocations())
    back(place)


def test_a_run_that_was_interrupted_is_finished_by_the_next(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list lies there, and strongSwan hasn't read it."""
    back(place)
    revocations = place.revocations(BRANCH)
    with monkeypatch.context() as broken:
        broken.setattr(Swanctl, "load", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            place.run(revocations)
    place.wait()
    finished = place.run(revocations)
    assert finished.changed and finished.ended.out == (CONNECTION,)
    assert not place.up
    again = place.run(revocations)
    assert not again.changed and again.ended == Ended()
    place.run(place.revocations())
    back(place)


def _interrupted(_tool: Swanctl) -> None:
    raise KeyboardInterrupt


def test_whoever_cannot_be_told_must_authenticate_again(place: Place) -> None:
    back(place)
    place.run(place.revocations())
    Path(place.at.shown).unlink()
    state, text = report(place)["VPN-03"]
    assert state == "warn" and f"nobody knows any more which certificate {BRANCH} has shown" in text
    before = {sa.number for sa in place.sas()}
    same = place.run(place.revocations())
    assert same.ended == Ended() and {sa.number for sa in place.sas()} == before, "nobody new is on it"
    somebody = place.authority.issue("somebody.else.example")[2]
    outcome = place.run(place.revocations(serials=[somebody]))
    assert outcome.ended == Ended(again=(CONNECTION,))
    assert before.isdisjoint(sa.number for sa in place.sas())
    place.wait()
    assert all(reaches(place.ct, place.pacs, address, patience=5) for address in PACS)
    assert report(place)["VPN-03"][0] == "pass"
    # And if it is the one that is on it, it doesn't come back.
    place.run(place.revocations())
    Path(place.at.shown).unlink()
    assert place.run(place.revocations(BRANCH)).ended == Ended(away=(CONNECTION,))
    assert not place.up
    place.run(place.revocations())
    back(place)


def test_a_peer_whose_old_certificate_is_revoked_comes_back_with_its_new_one(place: Place) -> None:
    back(place)
    old = place.serials[BRANCH]
    place.certify(place.branch, BRANCH)
    load_branch(place, place.branch_conf())
    outcome = place.run(place.revocations(serials=[old]))
    assert outcome.ended == Ended(again=(CONNECTION,))
    place.wait()
    assert report(place)["VPN-03"][0] == "pass"
    place.run(place.revocations())
    back(place)


def test_a_newer_list_alone_does_not_keep_a_known_peer_out(place: Place) -> None:
    """Why the product clears what is cached: strongSwan's own reload doesn't."""
    place.branch.tool("--terminate", "--ike", CONNECTION, "--force")
    back(place)  # so that it is known
    place.hospital.write({CRL: place.revocations(BRANCH)})
    try:
        place.hospital.tool("--load-creds", "--noprompt")
        before = {sa.number for sa in place.sas()}
        place.branch.tool("--terminate", "--ike", CONNECTION, "--force")
        back(place)
        assert before.isdisjoint(sa.number for sa in place.sas()), "it was let in again"
        state, text = report(place)["VPN-03"]
        assert state == "fail" and f"is up, though the certificate of {BRANCH} is revoked" in text
    finally:
        place.run(place.revocations())
        back(place)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"identifier": False}, "no authorityKeyIdentifier"), ({"days": -1}, "has ended on")],
)
def test_a_list_with_which_nobody_would_be_let_in_is_refused(change: dict[str, Any], message: str) -> None:
    text = Authority("Example CA").revocations_pem([1], 1, **change)
    with pytest.raises(HardeningError, match=message):
        usable_list(text)
    assert not usable_list(Authority("Example CA").revocations_pem([1], 1)).ends_soon


def test_a_renewed_certificate_drops_no_tunnel_and_is_shown_next_time(place: Place) -> None:
    back(place)
    before = {sa.number for sa in place.sas()}
    old = place.serials[HOSPITAL]
    place.certify(place.hospital, HOSPITAL)
    assert place.run(place.revocations()).ended == Ended()
    assert {sa.number for sa in place.sas()} == before
    assert reaches(place.ct, place.pacs, PACS[0], patience=5)
    place.branch.write({CRL: place.authority.revocations([old], 1000)})
    place.branch.tool("--load-creds", "--clear", "--noprompt")
    place.branch.tool("--terminate", "--ike", CONNECTION, "--force")
    back(place)  # with the old one it would be refused: the other side knows it as revoked
    assert before.isdisjoint(sa.number for sa in place.sas())
