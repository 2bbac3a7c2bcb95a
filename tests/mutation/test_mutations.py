"""No damage to a compiled ruleset escapes the verifier: each is shown by a packet, or harmless."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from mutation.mutate import MUTATIONS, Mutation, move_rule, mutate
from mutation.packets import random_packets, sent
from nft_listing import listed, needs_nft
from packet_interpreter import Host
from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import Verification, verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [needs_nft, pytest.mark.kernel]

ROUNDS = 24
PACKETS = 3000


def _richer(site: dict[str, Any]) -> dict[str, Any]:
    """With ranges of ports, pings, whole zones and everybody outside, so that all kinds of sets are there."""
    zones = [name for name, zone in site["zones"].items() if zone["networks"] != ["any"]]
    outside = next(name for name, zone in site["zones"].items() if zone["networks"] == ["any"])
    more = [
        {"from": zones[1], "to": zones[2], "protocol": "tcp", "ports": ["50000-50010", 104], "reason": "x"},
        {"from": zones[0], "to": zones[2], "service": "ping", "reason": "x"},
        {"from": zones[2], "to": outside, "service": "https", "reason": "x"},
        {"from": outside, "to": zones[2], "protocol": "udp", "ports": [4500], "reason": "x"},
    ]
    return {**site, "conduits": [*site.get("conduits", ()), *more]}


SITES = {
    "lab core": (lab_site, "core"),
    "rich lab core": (lambda: _richer(lab_site()), "core"),
    "rich lab edge": (lambda: _richer(lab_site()), "edge"),
    "rich example core": (lambda: _richer(example_site()), "core"),
}


@cache
def compiled(name: str) -> tuple[EnforcementPolicy, dict[str, Any]]:
    """The policy, and what nft makes of its ruleset."""
    make, firewall = SITES[name]
    policy = compile_site(make()).policies[firewall]
    return policy, listed(render(policy))


@pytest.mark.parametrize("site", SITES)
def test_what_was_compiled_is_proven(site: str) -> None:
    policy, listing = compiled(site)
    assert verify(listing, policy) == Verification("proven", (), (), ())


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
def test_every_mutation_is_shown_by_a_packet_or_harmless(mutation: Mutation) -> None:
    tried = refuted = 0
    for number in range(ROUNDS):
        random = Random(f"{mutation.__name__} {number}")
        policy, listing = compiled(random.choice(list(SITES)))
        made = mutate(random, listing, mutation)
        if made is None:
            continue
        mutant, what = made
        tried += 1
        refuted += _judged(policy, listing, mutant, what, random)
    assert tried >= ROUNDS * 3 // 4
    # Our rules mostly don't care for their order, which is why moving one is mostly harmless.
    assert refuted >= tried // 4 or mutation is move_rule, "a mutation that mostly does nothing tests nothing"


def _judged(policy: EnforcementPolicy, listing: Any, mutant: Any, what: str, random: Random) -> bool:
    """Hold the verifier's word against the other interpreter's; True where the mutant is refuted."""
    result = verify(mutant, policy)
    before, after = Host(listing), Host(mutant)
    assert result.verdict != "not proven", f"{what}: {result.not_understood}"
    if result.verdict == "proven":
        # A declared flow may, but needn't, pass in odd states of conntrack.
        for packet in random_packets(random, (listing, mutant), PACKETS):
            if packet.state in ("new", "established"):
                assert before.passes(packet) == after.passes(packet), f"{what} escaped: {packet}"
        return False
    for witness in result.blocked:
        packet = sent(witness.packet)
        assert before.passes(packet) and not after.passes(packet), f"{what}: {witness}"
    for witness in result.undeclared:
        packet = sent(witness.packet)
        assert after.passes(packet) and not before.passes(packet), f"{what}: {witness}"
    return True
