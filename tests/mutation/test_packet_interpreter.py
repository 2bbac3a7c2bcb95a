"""The verifier and a differently written interpreter agree on single packets, on damaged rulesets too."""

from __future__ import annotations

from random import Random

import pytest
from mutation.mutate import MUTATIONS, mutate
from mutation.packets import random_packets
from mutation.test_mutations import SITES, compiled
from nft_listing import needs_nft
from packet_interpreter import Host
from single_packet import VerifiersView

pytestmark = [needs_nft, pytest.mark.kernel, pytest.mark.slow]

RULESETS, PACKETS = 26, 2000


def test_both_agree_on_fifty_thousand_packets() -> None:
    seen = passed = 0
    for number in range(RULESETS):
        random = Random(f"packets {number}")
        policy, listing = compiled(random.choice(list(SITES)))
        for _damage in range(number % 4):
            made = mutate(random, listing, random.choice(MUTATIONS))
            listing = made[0] if made else listing
        host, verifier = Host(listing), VerifiersView(listing, policy)
        for packet in random_packets(random, (listing,), PACKETS * 2):
            expected = host.passes(packet)
            assert verifier.passes(packet) == expected, f"{packet} passes: {expected}"
            seen += 1
            passed += expected
    assert seen >= 50_000
    assert passed >= 5_000
