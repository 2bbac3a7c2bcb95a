"""The ruleset for an emergency: it loads, passes what is declared, and is no open forwarder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from benchmarks.policies import policy as large_policy
from kernel.declared import EXPECTED, PLACES, declared_site, expected_probes
from kernel.hospital import Hospital
from kernel.probes import Probe, expect, judge, send
from kernel.random_sites import JOINS, random_probes, random_site
from nft_listing import listed
from packet_interpreter import Sent
from single_packet import VerifiersView

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (package iproute2)"),
]

#: Coarser than what is declared, but no coarser than zones and ports: see declared.py for the places.
COARSE = """
    + ct_x pacs_x tcp/11112
    + pacs_x ct_x tcp/4006
    + ws1 pacs_x tcp/443 tcp/8000 tcp/8010
    + internet dmz_last tcp/443
    - ct1 pacs1 tcp/11111 tcp/11113 udp/11112 tcp/104 icmp
    - pacs1 ct1 tcp/11112 icmp
    - ws1 pacs1 tcp/7999 tcp/8011 udp/443
    - ct1 ws1 tcp/11112
    - kiosk1 pacs1 tcp/443
    - ws1 kiosk1 udp/5000
    - behind_ct_x pacs1 tcp/11112
    - behind_ws_x pacs1 tcp/443
    - partner_x pacs1 tcp/2762
    - internet ct1 tcp/11112 tcp/22
    - internet pacs1 tcp/22 tcp/443
    - ct1 internet tcp/443
    - ct1 pacs1 tcp/11112 by outside
    - ops1 pacs1 tcp/22 by outside
    - ops_x core tcp/22
    - ops1 core tcp/22 by scanner
    - ct1 core tcp/22
    - internet core tcp/22
    + internet core udp/500
    - ct1 edge udp/123
"""


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with closing(Hospital()) as made:
        yield made


def test_all_that_is_declared_passes_and_nothing_between_other_zones(hospital: Hospital) -> None:
    policies = compile_site(declared_site()).policies
    declared = {probe for lines in EXPECTED.values() for probe, passes in expected_probes(lines).items() if passes}
    expected = {**expected_probes(COARSE), **dict.fromkeys(declared, True)}
    rulesets = {name: render_fallback(policy) for name, policy in policies.items()}
    assert expect(hospital, rulesets, expected) == []
    for name, policy in policies.items():
        result = verify(listed(rulesets[name]), policy)
        assert (result.blocked, result.not_understood) == ((), ())
        assert all(witness.packet.ct_state == "new" for witness in result.undeclared)


@pytest.mark.parametrize("seed", range(8))
def test_random_sites(hospital: Hospital, seed: int) -> None:
    """What a site declares passes; of everything else the kernel does what the verifier says."""
    random = Random(f"fallback {seed}")
    site = random_site(random, JOINS[seed % len(JOINS)])
    policies = compile_site(site).policies
    rulesets = {name: render_fallback(policy) for name, policy in policies.items()}
    views = {name: VerifiersView(listed(text), policies[name]) for name, text in rulesets.items()}
    for name, policy in policies.items():
        assert verify(listed(rulesets[name]), policy).blocked == ()
    declared = {probe: passes for probe, passes in random_probes(random, site, 120).items() if probe.protocol != "icmp"}
    expected = {probe: _passes(views, probe) for probe in declared}
    assert all(expected[probe] for probe, passes in declared.items() if passes)
    assert list(expected.values()).count(False) >= 10
    assert expect(hospital, rulesets, expected) == []


def _passes(views: dict[str, VerifiersView], probe: Probe) -> bool:
    return all(
        views[router].passes(Sent(entry, leg or "", probe.source, probe.destination, probe.protocol, probe.port))
        for router, entry, leg in probe.hops
        if router in views
    )


def test_with_nothing_declared_nothing_is_forwarded(hospital: Hospital) -> None:
    policy = policy_from_flows("core", [], {"sources": ["10.10.0.0/28", "fd00:10::/120"]})
    expected = {
        Probe(PLACES[source][version], PLACES[target][version], protocol, port): target == "core" and port == 22
        for version in (0, 1)
        for source, target in (("ops1", "core"), ("ops1", "pacs1"), ("ct1", "pacs1"), ("internet", "ct1"))
        for protocol, port in (("tcp", 22), ("tcp", 11112), ("udp", 53), ("icmp", 0))
    }
    assert expect(hospital, {"core": render_fallback(policy)}, expected) == []


def test_what_it_is_compared_with_would_be_noticed(hospital: Hospital) -> None:
    """The control: one zone pair too many, and one too few."""
    text = render_fallback(compile_site(declared_site()).policies["core"])
    for broken in (
        text.replace("10.40.0.0/24 ip daddr", "10.40.0.0/23 ip daddr"),
        text.replace("dport 4006", "dport 9"),
    ):
        assert broken != text
        hospital.open()
        hospital.load({"core": broken})
        expected = {**expected_probes(COARSE), **expected_probes("+ pacs1 ct1 tcp/4006")}
        assert judge(send(hospital, list(expected)), expected) != []


def test_ten_thousand_flows_are_small_and_load_at_once() -> None:
    policy = large_policy(10_000, 0.5)
    text, real = render_fallback(policy), render(policy)
    assert text.count(" accept") < 200 and len(text) < len(real) / 5
    assert _seconds(text) < _seconds(real)
    assert verify(listed(text), policy).blocked == ()


def _seconds(ruleset: str) -> float:
    """The best of three times that nft takes to load a ruleset and to list it."""
    best = float("inf")
    for _time in range(3):
        start = time.monotonic()
        listed(ruleset)
        best = min(best, time.monotonic() - start)
    return best
