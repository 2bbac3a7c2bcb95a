"""No damage to a compiled ruleset escapes the verifier: each is shown by a packet, or harmless."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
from mutation.mutate import MUTATIONS, Mutation, move_rule, mutate
from mutation.packets import random_packets, sent
from nft_listing import listed, needs_nft
from packet_interpreter import Host, Sent
from sites import example_site, lab_site, remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import Verification, verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [needs_nft, pytest.mark.kernel]

ROUNDS = 24
_LEFT_OPEN = ("tcp flags", "the set undeclared4 may be full", "the set undeclared6 may be full")
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
    # With interventions: of one a window is open, all others are closed.
    "remote core": (remote_site, "core"),
}
_OPEN = (
    "set window4_from_remote_to_modality {",
    "elements = { 198.18.80.20 . 198.18.20.11 . tcp . 22 timeout 1h }",
)


#: With several zones behind one interface, and connections to and from a firewall that another one lets through.
REMOTE = {"remote edge": (remote_site, "edge")}


@cache
def compiled(name: str) -> tuple[EnforcementPolicy, dict[str, Any]]:
    """The policy, and what nft makes of its ruleset."""
    make, firewall = {**SITES, **REMOTE}[name]
    policy = compile_site(make()).policies[firewall]
    return policy, listed(_with_a_window(render(policy)))


def _with_a_window(ruleset: str) -> str:
    """Somebody opened one, where the rules know any."""
    return ruleset.replace(_OPEN[0], "\n".join(_OPEN))


@pytest.mark.parametrize("site", [*SITES, *REMOTE])
def test_what_was_compiled_is_proven(site: str) -> None:
    policy, listing = compiled(site)
    assert verify(listing, policy) == Verification("proven", (), (), ())


@pytest.mark.parametrize("site", SITES)
def test_what_only_watches_drops_nothing_and_is_no_proof(site: str) -> None:
    policy, _listing = compiled(site)
    listing = listed(_with_a_window(render(policy, "watch")))
    result = verify(listing, policy)
    assert (result.verdict, result.blocked, result.not_understood) == ("refuted", (), ())
    assert {witness.packet.ct_state for witness in result.undeclared} == {"new"}
    host = Host(listing)
    assert all(host.passes(packet) for packet in random_packets(Random(site), (listing,), PACKETS))


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
    before, after = _Fates(listing), _Fates(mutant)
    if result.verdict == "not proven":
        # Only where it hangs on what no listing says: how full the memory is, and the flags of TCP.
        assert all(reason.endswith(_LEFT_OPEN) for reason in result.not_understood), f"{what}: {result}"
        packets = random_packets(random, (listing, mutant), PACKETS)
        assert any(len(after.of(packet)) == 2 for packet in packets), f"{what}: {result}"
        return False
    if result.verdict == "proven":
        # A declared flow may, but needn't, pass in odd states of conntrack; so may neighbours where IPv6 isn't in use.
        for packet in random_packets(random, (listing, mutant), PACKETS):
            if packet.state in ("new", "established") and packet.kind not in (133, 135, 136):
                fate = after.of(packet)
                assert fate == before.of(packet) or (fate == {False} and before.idle(packet)), (
                    f"{what} escaped: {packet}"
                )
        return False
    for witness in result.blocked:
        packet = sent(witness.packet)
        assert before.of(packet) == {True} and after.usual(packet) == {False}, f"{what}: {witness}"
    for witness in result.undeclared:
        packet = sent(witness.packet)
        assert before.of(packet) == {False} and after.usual(packet) == {True}, f"{what}: {witness}"
    return True


class _Fates:
    """What may become of a packet, over all that a listing doesn't say."""

    def __init__(self, listing: Any) -> None:
        self._roomy, self._full = Host(listing), Host(listing, full=True)

    def usual(self, packet: Sent) -> set[bool]:
        """While the memory has room."""
        return {self._roomy.passes(one) for one in _with_either_flags(packet)}

    def of(self, packet: Sent) -> set[bool]:
        """At any time, and if it is TCP, whether or not it starts a connection."""
        return self.usual(packet) | {self._full.passes(one) for one in _with_either_flags(packet)}

    def idle(self, packet: Sent) -> bool:
        """Whether it belongs to a connection that nobody could have begun: whether it passes is all one."""
        answered = replace(
            packet,
            enters=packet.leaves,
            leaves=packet.enters,
            source=packet.destination,
            destination=packet.source,
            port=packet.source_port,
            source_port=packet.port,
            kind={0: 8, 129: 128}.get(packet.kind, packet.kind),
        )
        begun = [packet, answered] if packet.leaves else [packet]
        return packet.state == "established" and all(self.usual(replace(one, state="new")) == {False} for one in begun)


def _with_either_flags(packet: Sent) -> list[Sent]:
    return [replace(packet, starts=starts) for starts in ((True, False) if packet.protocol == "tcp" else (True,))]
