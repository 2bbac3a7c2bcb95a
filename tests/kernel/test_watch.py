"""A firewall that watches changes nothing and remembers what it would cut; one that enforces remembers what it cut."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kernel.declared import EXPECTED, PLACES, declared_site, expected_probes
from kernel.hospital import Hospital
from kernel.memory import elements, remembered, undeclared, used
from kernel.probes import Probe, judge, send
from kernel.streams import stray_error_arrives, stream

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import MODES, Mode
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (package iproute2)"),
]

VERSIONS = pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])
ROUTERS = ("core", "edge")


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with closing(Hospital()) as made:
        yield made


def rulesets(mode: Mode) -> dict[str, str]:
    """The ruleset of each firewall of the declared site."""
    return {name: render(policy, mode) for name, policy in compile_site(declared_site()).policies.items()}


def everything() -> dict[Probe, bool]:
    """All probes of the declared site, and whether it declares them."""
    return {probe: verdict for lines in EXPECTED.values() for probe, verdict in expected_probes(lines).items()}


def spelt_out() -> dict[str, object]:
    """The declared site for the oracle, which knows no workflows."""
    site = declared_site()
    for source, target, port in (("ct1", "pacs1", 11112), ("pacs1", "ct1", 4006)):
        site["conduits"].append({"from": source, "to": target, "protocol": "tcp", "ports": [port], "reason": "RAD"})
    return site


def test_watching_everything_passes_and_what_nobody_declared_is_remembered(hospital: Hospital) -> None:
    probes = everything()
    hospital.load(rulesets("watch"))
    assert judge(send(hospital, list(probes)), dict.fromkeys(probes, True)) == []
    for router in ROUTERS:
        seen, expected = remembered(hospital, router), undeclared(spelt_out(), router, probes, dropping=False)
        assert set(seen) == set(expected)
        assert {key: seen[key] for key in seen if seen[key] < expected[key]} == {}
        assert {":" in source for source, _destination, _protocol, _port in seen} == {True, False}
        assert {protocol for _source, _destination, protocol, _port in seen} == {"tcp", "udp"}


def test_enforcing_what_was_dropped_is_remembered_where_it_was(hospital: Hospital) -> None:
    probes = everything()
    hospital.load(rulesets("enforce"))
    assert judge(send(hospital, list(probes)), probes) == []
    for router in ROUTERS:
        assert set(remembered(hospital, router)) == set(undeclared(spelt_out(), router, probes, dropping=True))


@VERSIONS
@pytest.mark.parametrize("mode", MODES)
def test_a_declared_connection_is_counted_with_its_flow_and_not_remembered(
    hospital: Hospital, mode: Mode, version: int
) -> None:
    hospital.load(rulesets(mode))
    name = f"exact{(4, 6)[version]}_from_modality_to_pacs"
    note = "ct1 -> pacs1: RAD-8, RAD-10"
    assert used(hospital, "core", name)[note] == 0
    probes = [Probe(PLACES["ct1"][version], PLACES["pacs1"][version], "tcp", 11112) for _number in range(3)]
    assert judge(send(hospital, probes[:1]), {probes[0]: True}) == []
    assert judge(send(hospital, probes[1:]), {probes[0]: True}) == []
    assert used(hospital, "core", name)[note] == 3
    assert remembered(hospital, "core") == {}


@VERSIONS
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_one_connection_is_one_entry_however_often_it_is_made(hospital: Hospital, protocol: str, version: int) -> None:
    hospital.load(rulesets("watch"))
    probe = Probe(PLACES["ct1"][version], PLACES["pacs1"][version], protocol, 22)
    for _time in range(3):
        assert judge(send(hospital, [probe, probe]), {probe: True}) == []
    assert remembered(hospital, "core") == {(probe.source, probe.destination, protocol, 22): 6}
    assert hospital.counters("core")["undeclared_forward"] == 6
    (element,) = elements(hospital, "core", f"undeclared{(4, 6)[version]}")
    assert 30 * 24 * 3600 >= element["expires"] > 29 * 24 * 3600


def test_a_connection_is_forgotten_so_long_after_it_was_seen_last_not_first(hospital: Hospital) -> None:
    hospital.load(rulesets("watch"))
    known, new = (Probe(PLACES[name][0], PLACES["pacs1"][0], "tcp", 22) for name in ("ct1", "ws1"))
    assert judge(send(hospital, [known]), {known: True}) == []
    time.sleep(2.1)
    (before,) = elements(hospital, "core", "undeclared4")
    assert judge(send(hospital, [known, new]), {known: True, new: True}) == []
    after = {element["val"]["concat"][0]: element["expires"] for element in elements(hospital, "core", "undeclared4")}
    assert after[known.source] > before["expires"] + 1
    assert after[known.source] == pytest.approx(after[new.source], abs=1)


@VERSIONS
def test_watching_even_what_belongs_to_no_connection_passes(hospital: Hospital, version: int) -> None:
    ends = PLACES["internet"][version], PLACES["pacs1"][version]
    hospital.load(rulesets("enforce"))
    assert not stray_error_arrives(hospital, *ends)
    hospital.load(rulesets("watch"))
    assert stray_error_arrives(hospital, *ends)
    assert remembered(hospital, "core") == {}


@VERSIONS
def test_what_is_established_survives_the_step_from_watching_to_enforcing(hospital: Hospital, version: int) -> None:
    hospital.load(rulesets("watch"))
    ends = PLACES["ct1"][version], PLACES["pacs1"][version]
    with stream(hospital, *ends, 2222) as connection:
        assert connection.carries("out") and connection.carries("back")
        hospital.load(rulesets("enforce"))
        assert connection.carries("out", 100_000) and connection.carries("back", 100_000)
        probe = Probe(*ends, "tcp", 2222)
        assert judge(send(hospital, [probe]), {probe: False}) == [], "the same connection, made anew, is cut"
        assert list(remembered(hospital, "core")) == [(*ends, "tcp", 2222)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", ["pacs1", "core"])
def test_a_full_memory_changes_no_verdict_and_says_so(hospital: Hospital, mode: Mode, target: str) -> None:
    small = {name: text.replace("size 65535", "size 4") for name, text in rulesets(mode).items()}
    probes = [
        Probe(PLACES["ct1"][version], PLACES[target][version], protocol, port)
        for version in (0, 1)
        for protocol in ("tcp", "udp")
        for port in range(7000, 7005)
    ]
    hospital.load(small)
    assert judge(send(hospital, probes), dict.fromkeys(probes, mode == "watch")) == []
    seen = remembered(hospital, "core")
    assert [sum(":" in key[0] for key in seen), len(seen)] == [4, 8]
    assert set(seen) <= {(probe.source, probe.destination, probe.protocol, probe.port) for probe in probes}
    counters = hospital.counters("core")
    assert counters["not_remembered"] >= 12
    hook = "undeclared_input" if target == "core" else "undeclared_forward"
    assert counters[hook] >= 20, "counted all the same"
    # What has its place goes on counting.
    known = [probe for probe in probes if (probe.source, probe.destination, probe.protocol, probe.port) in seen]
    assert judge(send(hospital, known), dict.fromkeys(known, mode == "watch")) == []
    again = remembered(hospital, "core")
    assert all(again[key] > seen[key] for key in seen) and set(again) == set(seen)


@VERSIONS
def test_the_midst_of_a_connection_is_not_remembered(hospital: Hospital, version: int) -> None:
    """A firewall that begins to watch meets connections that stand; whoever speaks next looks like their beginning."""
    ends = PLACES["ct1"][version], PLACES["pacs1"][version]
    for rules, entries in ((rulesets("watch"), 0), (_without_flags(rulesets("watch")), 1)):
        hospital.open()
        with stream(hospital, *ends, 11112) as connection:
            hospital.load(rules)
            assert connection.carries("back") and connection.carries("out")
            assert len(remembered(hospital, "core")) == entries, "the second time is the control"
            assert hospital.counters("core")["undeclared_forward"] == 1


def _without_flags(texts: dict[str, str]) -> dict[str, str]:
    return {name: re.sub("(?m)^.*tcp flags.*$", "", text) for name, text in texts.items()}


@VERSIONS
@pytest.mark.parametrize(
    ("opened", "protocol", "passes"),
    [("tcp", "tcp", True), ("tcp", "udp", False), ("udp", "udp", True), ("icmp, ipv6-icmp", "icmp", True)],
)
def test_an_opening_lets_one_protocol_through_until_it_ends(
    hospital: Hospital, opened: str, protocol: str, passes: bool, version: int
) -> None:
    hospital.load(rulesets("enforce"))
    through = Probe(PLACES["ct1"][version], PLACES["ws1"][version], protocol, 0 if protocol == "icmp" else 4444)
    to_firewall = Probe(PLACES["ct1"][version], PLACES["core"][version], protocol, through.port)
    each = " timeout 30m, ".join(opened.split(", ")) + " timeout 30m"
    hospital.routers["core"].run("nft", f"add element inet pacs opened {{ {each} }}")
    expected = {through: passes, to_firewall: False}
    assert judge(send(hospital, list(expected)), expected) == []
    assert hospital.counters("core")["opened_forward"] == passes
    hospital.routers["core"].run("nft", "flush set inet pacs opened")
    assert judge(send(hospital, [through]), {through: False}) == []
