"""The verifier and a differently written interpreter agree on single packets, on damaged rulesets too."""

from __future__ import annotations

from dataclasses import replace
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
    seen = passed = open_ = 0
    for number in range(RULESETS):
        random = Random(f"packets {number}")
        policy, listing = compiled(random.choice(list(SITES)))
        for _damage in range(number % 4):
            made = mutate(random, listing, random.choice(MUTATIONS))
            listing = made[0] if made else listing
        hosts, verifier = {full: Host(listing, full) for full in (False, True)}, VerifiersView(listing, policy)
        for packet in random_packets(random, (listing,), PACKETS * 2):
            for full, host in hosts.items():
                expected, fates = host.passes(packet), verifier.fates(packet, full)
                assert expected in fates, f"{packet} passes: {expected}"
                if len(fates) > 1:
                    # It may leave open only what does hang on the flags.
                    open_ += 1
                    assert host.passes(replace(packet, starts=not packet.starts)) != expected, packet
            seen += 1
            passed += expected
    assert seen >= 50_000
    assert passed >= 5_000
    assert open_ < seen // 20
