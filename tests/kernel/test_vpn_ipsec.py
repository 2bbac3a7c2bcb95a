"""A tunnel between two real gateways: what crosses, what never leaves in clear, and who is refused.

Each test leaves the tunnel up.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pydicom
import pytest
from kernel.dicom_place import PORT, program
from kernel.ipsec_gateway import installed
from kernel.ipsec_place import (
    BRANCH,
    CERTIFICATE,
    CHILD,
    CONNECTION,
    CT,
    GUARD,
    PACS,
    USERSPACE,
    Capture,
    Place,
    back,
    carries,
    in_clear,
    load_branch,
    reaches,
    wait_for,
)
from kernel.ipsec_report import ESP, REFUSED, STRONG, WEAK, report
from pydicom.data import get_testdata_file
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import agreed
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.vici import events
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance import remote_ipsec
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import KERNEL, Form
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.algorithms import live_word
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.judge import judge_agreed

pytestmark = pytest.mark.skipif(not installed(), reason="needs charon-systemd and strongswan-swanctl")

IMAGES = ("CT_small.dcm", "MR_small.dcm", "examples_palette.dcm", "examples_rgb_color.dcm")
#: What may be seen on the link between the sites while the tunnel carries everything.
OUTSIDE = {"esp in udp", "ike", "arp", "neighbours", "igmp"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("ipsec"))
    yield made
    made.close()


def marked_images(folder: Path) -> tuple[list[Path], bytes]:
    """Real images, each with a marker that nobody else sends."""
    marker = f"MARKER-{uuid4()}"
    paths = []
    for name in IMAGES:
        dataset = pydicom.dcmread(str(get_testdata_file(name)))
        dataset.StudyDescription = marker
        paths.append(folder / name)
        dataset.save_as(paths[-1])
    return paths, marker.encode()


@contextmanager
def branch_with(place: Place, *changes: tuple[str, str], **certificate: Any) -> Iterator[None]:
    """The other side with another configuration or certificate, and with nothing up; afterwards as it was."""
    names = (f"x509/{CERTIFICATE}", "private/pacs-gateway.key")
    kept = {name: (place.branch.folder / name).read_bytes() for name in names}
    serial = place.serials[BRANCH]
    if certificate:
        place.certify(place.branch, **{"name": BRANCH, **certificate})
    load_branch(place, place.branch_conf(*changes))
    place.branch.tool("--terminate", "--ike", CONNECTION, "--force")
    wait_for(lambda: not place.up, "the tunnel to be down", place.hospital)
    try:
        yield
    finally:
        place.branch.write(kept)
        place.serials[BRANCH] = serial
        load_branch(place, place.branch_conf())
        back(place)


def test_images_cross_inside_the_tunnel_and_nothing_else_leaves(place: Place, tmp_path: Path) -> None:
    back(place)
    paths, marker = marked_images(tmp_path)
    (tmp_path / "archive").mkdir()
    inner, outer = Capture(place.hospital.namespace, "inner0"), Capture(place.hospital.namespace, "outer0")
    with program(place.pacs, "storescp", "--output-directory", str(tmp_path / "archive"), str(PORT)):
        place.ct.run("dcmsend", PACS[0], str(PORT), *map(str, paths))
    assert reaches(place.ct, place.pacs, PACS[1], patience=5), "IPv6, too"
    stored = [pydicom.dcmread(path, force=True) for path in (tmp_path / "archive").iterdir()]
    assert [dataset.StudyDescription for dataset in stored] == [marker.decode()] * len(IMAGES)
    inside, outside = inner.frames(), outer.frames()
    assert sum(frame.count(marker) for frame in inside) == len(IMAGES), "the capture does see what isn't encrypted"
    assert len(outside) > 100
    assert not [frame for frame in outside if marker in frame]
    assert {carries(frame) for frame in outside} <= OUTSIDE
    assert sum(len(frame) for frame in outside) > sum(path.stat().st_size for path in paths)


def clear_frames(place: Place, address: str) -> tuple[bool, list[str]]:
    """Whether the archive can be reached, and what between the two sites was seen on the outer link in clear."""
    outer = Capture(place.hospital.namespace, "outer0")
    answer = reaches(place.ct, place.pacs, address)
    return answer, [carries(frame) for frame in outer.frames() if in_clear(frame)]


@contextmanager
def without_guards(place: Place) -> Iterator[None]:
    for gateway in (place.hospital, place.branch):
        gateway.namespace.run("nft", "delete", "table", *GUARD.split())
    try:
        yield
    finally:
        place.guard()


@pytest.mark.parametrize("address", PACS)
@pytest.mark.parametrize("form", [USERSPACE, KERNEL], ids=["userspace", "kernel"])
def test_a_tunnel_that_is_down_leaks_nothing(place: Place, address: str, form: Form) -> None:
    """The kernel's form as well: what it lets through can't be tried without ESP in the kernel, what it stops can."""
    with branch_with(place, (STRONG, WEAK)):
        place.guard(form)
        assert clear_frames(place, address) == (False, [])
        assert re.search(r"counter packets [1-9]", place.branch.namespace.run("nft", "list", "ruleset"))
        with without_guards(place):
            leaked = clear_frames(place, address)
        assert leaked[0] and leaked[1], "without its guard the gateway does send it in clear"


def test_what_comes_in_clear_is_dropped(place: Place) -> None:
    """The other side has no guard and no tunnel, and sends in clear."""
    with branch_with(place, (STRONG, WEAK)):
        place.branch.namespace.run("nft", "delete", "table", *GUARD.split())
        try:
            answer, seen = clear_frames(place, PACS[0])
        finally:
            place.guard()
    assert not answer
    assert seen == ["ipv4 6"], "one attempt was seen, and nobody answered"


def test_a_stopped_daemon_leaks_nothing(place: Place) -> None:
    place.branch.stop()
    try:
        assert [clear_frames(place, address) for address in PACS] == [(False, [])] * 2
        with without_guards(place):
            assert all(answer and seen for answer, seen in (clear_frames(place, address) for address in PACS))
    finally:
        place.branch.start()
        place.branch.load()
        back(place)


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_profile_does_not_allow_is_refused(place: Place, name: str) -> None:
    changes, said, logged, control, why = REFUSED[name]
    before = len(place.hospital.log())
    with branch_with(place, *changes):
        up, text = place.branch.initiate(CHILD)
        assert (up, place.up) == (False, False)
        assert said in text, text
        assert not reaches(place.ct, place.pacs, PACS[0])
        made = report(place, before)
    assert re.search(logged, place.hospital.log()[before:])
    assert why in made[control][1]
    alone = "IKE is up, but nothing can pass" if name == "weak ESP" else "tunnel branch isn't up"
    assert made["VPN-05"][0] == "warn" and alone in made["VPN-05"][1]
    assert not {state for state, _text in made.values()} & {"fail", "not_assessed"}, made


def test_another_identity_is_refused(place: Place) -> None:
    before = len(place.hospital.log())
    with branch_with(place, (BRANCH, "stranger.example"), name="stranger.example"):
        up, text = place.branch.initiate(CHILD)
        assert (up, "AUTHENTICATION_FAILED" in text) == (False, True), text
    assert "no matching peer config found" in place.hospital.log()[before:]
    assert "203.0.113.2, because its identity is none that is configured here" in report(place, before)["VPN-03"][1]


def test_an_expired_certificate_is_refused(place: Place) -> None:
    before = len(place.hospital.log())
    with branch_with(place, last=timedelta(days=-1)):
        up, text = place.branch.initiate(CHILD)
        assert (up, "AUTHENTICATION_FAILED" in text) == (False, True), text
    assert "subject certificate invalid" in place.hospital.log()[before:]
    assert "203.0.113.2, because its certificate has ended" in report(place, before)["VPN-03"][1]


def test_what_is_weak_on_both_sides_comes_up_and_is_judged(place: Place) -> None:
    """Somebody has changed the hospital's configuration by hand, too."""
    path = place.hospital.folder / "conf.d" / "pacs-hardening.conf"
    kept = path.read_bytes()
    try:
        with branch_with(place, (STRONG, WEAK), (ESP, f"esp_proposals = {WEAK}")):
            weak = kept.decode().replace(STRONG, WEAK).replace(ESP, f"esp_proposals = {WEAK}")
            place.hospital.write({"conf.d/pacs-hardening.conf": weak})
            place.hospital.load()
            wait_for(lambda: bool(place.sas() and place.sas()[0].children), "the weak tunnel", place.hospital)
            assert {what for kind, what in weaknesses(place) if kind == "ike"} == {"3des", "sha1", "modp1024"}
            assert {what for kind, what in weaknesses(place) if kind == "esp"} >= {"3des", "sha1"}
            state, text = report(place)["VPN-01"]
            assert state == "fail"
            assert "IKE agreed upon 3des-sha1-prfsha1-modp1024: 'modp1024' is not allowed by the profile cnsa" in text
            assert f"it offers {WEAK} for ESP: '3des' is not allowed" in text
            place.hospital.write({"conf.d/pacs-hardening.conf": kept})
            place.hospital.load()
    finally:
        place.hospital.write({"conf.d/pacs-hardening.conf": kept})
        place.hospital.load()
    back(place)
    assert weaknesses(place) == set(), "the right one is found to be right"
    assert reaches(place.ct, place.pacs, PACS[0], patience=5)
    assert {control: state for control, (state, _text) in report(place).items()} == dict.fromkeys(
        ("VPN-01", "VPN-02", "VPN-03", "VPN-05"), "pass"
    )


def weaknesses(place: Place) -> set[tuple[str, str]]:
    """What the profile says of the live tunnel."""
    profile = profiles()["cnsa"]
    found: set[tuple[str, str]] = set()
    for event in events(place.hospital.tool("--list-sas", "--raw", "--pretty").stdout, "list-sa"):
        for message in event.values():
            for kind, one in (("ike", message), *(("esp", child) for child in message["child-sas"].values())):
                words = [live_word(*name) for name in agreed(one)]
                found |= {(kind, weakness.what) for weakness in judge_agreed(words, profile, ike=kind == "ike")}
    return {(kind, what.removeprefix("prf")) for kind, what in found if what != "no_prf"}


def test_a_dead_peer_that_is_shown_as_established_is_told_from_a_living_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the patience is shorter than two minutes: the daemon is killed, and its tunnel is up by the other's word."""
    back(place)
    monkeypatch.setattr(remote_ipsec, "_SILENT", 1)
    assert reaches(place.ct, place.pacs, PACS[0], patience=5)
    assert "tunnel branch carries" in report(place)["VPN-05"][1]
    place.branch.kill()
    try:
        deadline = time.monotonic() + 15
        made = report(place)
        while "its peer is silent" not in made["VPN-05"][1]:
            assert time.monotonic() < deadline, made
            reaches(place.pacs, place.ct, CT[0], patience=0.3)
            made = report(place)
        assert place.sas()[0].established, "it is shown as established all the same"
        assert made["VPN-05"][0] == "warn"
    finally:
        place.branch.start()
        place.branch.load()
        place.hospital.tool("--terminate", "--ike", CONNECTION, "--force")
        back(place)


def test_without_its_guard_the_gateway_fails(place: Place) -> None:
    with without_guards(place):
        state, text = report(place)["VPN-05"]
    assert state == "fail" and "nothing keeps packets of 10.2.0.0/24 in the tunnel" in text
    place.guard(KERNEL)
    try:
        assert "the guard keeps what belongs into a tunnel" in report(place)["VPN-05"][1], "both forms count"
    finally:
        place.guard()
