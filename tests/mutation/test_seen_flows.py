"""Whether a policy permits a seen flow: as its ruleset answers, listed by nft and run packet by packet."""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

import pytest
from kernel.random_sites import JOINS, random_site
from mutation.packets import random_packets
from nft_listing import listed, needs_nft
from packet_interpreter import Host, Sent

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.decision import Decision
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import FlowKey
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [needs_nft, pytest.mark.kernel, pytest.mark.slow]

SITES, PACKETS = 16, 400


def test_both_agree_on_random_sites() -> None:
    answers: Counter[tuple[bool, bool]] = Counter()
    for seed in range(SITES):
        random = Random(f"decision {seed}")
        for policy in compile_site(random_site(random, JOINS[seed % len(JOINS)])).policies.values():
            listing = listed(render(policy))
            host, decision = Host(listing), Decision(policy)
            for packet in random_packets(random, (listing,), PACKETS):
                if packet.protocol not in ("tcp", "udp"):
                    continue
                key = FlowKey(packet.source, packet.destination, packet.protocol, packet.port)
                for to_itself, answer in ((False, decision.passes(key)), (True, decision.admits(key))):
                    ways = product(policy.interfaces, [""] if to_itself else policy.interfaces)
                    expected = any(
                        host.passes(Sent(entry, leaves, key.source, key.destination, key.protocol, key.port))
                        for entry, leaves in ways
                    )
                    assert answer == expected, f"{policy.enforcement_point}, to itself: {to_itself}: {key}"
                    answers[to_itself, expected] += 1
    assert min(answers.values()) >= 100, answers
    assert len(answers) == 4
