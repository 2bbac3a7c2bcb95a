"""What the verifier says of a packet is what the kernel does with it: real packets, on compiled and damaged rulesets.

Every probe is first sent without any ruleset, to the same listener, and must be answered then: that is the positive
control of those that are dropped afterwards.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from kernel.hospital import Hospital
from kernel.probes import Probe, expect
from kernel.random_sites import JOINS, random_probes, random_site
from nft_listing import listed
from packet_interpreter import Sent
from single_packet import VerifiersView

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [
    pytest.mark.together,
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (package iproute2)"),
]

SEEDS, PROBES = 24, 160
_seen: list[bool] = []


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with closing(Hospital()) as made:
        yield made


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_kernel_agrees(hospital: Hospital, seed: int) -> None:
    random = Random(f"verifier {seed}")
    site = random_site(random, JOINS[seed % len(JOINS)])
    policies = compile_site(site).policies
    rulesets = {name: render(policy) for name, policy in policies.items()}
    if seed % 2 == 0:
        for name, policy in policies.items():
            assert verify(listed(rulesets[name]), policy).verdict == "proven"
    else:
        rulesets = {name: damaged(random, text) for name, text in rulesets.items()}
    views = {name: VerifiersView(listed(text), policies[name]) for name, text in rulesets.items()}
    probes = [probe for probe in random_probes(random, site, PROBES) if probe.protocol != "icmp"]
    fates = {probe: _fate(views, probe) for probe in probes}
    expected = {probe: fate for probe, fate in fates.items() if fate is not None}
    assert len(expected) >= len(fates) // 2
    _seen.extend(expected.values())
    assert expect(hospital, rulesets, expected) == []


def test_that_was_enough() -> None:
    if len(_seen) < SEEDS:
        pytest.skip("not all of this file was run")
    assert len(_seen) >= 2000
    assert min(_seen.count(True), _seen.count(False)) >= 400


def damaged(random: Random, text: str) -> str:
    """A ruleset with a few accidents."""
    for _accident in range(random.randint(1, 4)):
        lines = text.splitlines()
        kind = random.randrange(7)
        elements = [place for place, line in enumerate(lines) if " comment " in line and " . " in line]
        chains = [
            place for place, line in enumerate(lines) if re.match(r"\s*(type filter|chain (from|way)_.*\{)", line)
        ]
        if kind == 0 and elements:
            # Elsewhere: nft takes no set without elements from a text.
            place = random.choice(elements)
            lines[place] = re.sub(r"(\. (?:tcp|udp) \.) [\d-]+", r"\1 9", lines[place])
        elif kind == 1 and elements:
            place = random.choice(elements)
            lines[place] = lines[place].replace(". tcp .", ". udp .")
        elif kind == 2:
            port = random.choice([22, 104, 443, 11112, 8005])
            verdict = random.choice(["accept", "drop", "return"])
            ip = random.choice(["", "meta nfproto ipv4 ", "ip6 saddr fd00::/17 ", "ip saddr 10.0.0.0/11 "])
            lines.insert(random.choice(chains) + 1, f"{ip}{random.choice(['tcp', 'udp', 'th'])} dport {port} {verdict}")
        elif kind == 3:
            place = random.choice([place for place, line in enumerate(lines) if "policy drop" in line])
            lines[place] = lines[place].replace("policy drop", "policy accept")
        elif kind == 4:
            place = random.choice(
                [place for place, line in enumerate(lines) if "undeclared" in line and "drop" in line]
            )
            lines[place] = lines[place].replace("drop", "accept")
        elif kind == 5:
            place = next(place for place, line in enumerate(lines) if "type inet_proto" in line and " . " not in line)
            opened = random.choice(["tcp timeout 30m", "udp timeout 1h", "icmp", "tcp, udp"])
            lines.insert(place + 2, f"elements = {{ {opened} }}")
        else:
            lines.insert(
                random.choice(chains) + 1, f"meta l4proto {random.choice(['tcp', 'udp'])} th dport >= 1024 accept"
            )
        text = "\n".join(lines) + "\n"
    return text


def _fate(views: dict[str, VerifiersView], probe: Probe) -> bool | None:
    """Whether it passes all routers; None where that hangs on flags of TCP, of which the verifier knows nothing."""
    fates = [
        views[router].fates(Sent(entry, leg or "", probe.source, probe.destination, probe.protocol, probe.port))
        for router, entry, leg in probe.hops
        if router in views
    ]
    if {False} in fates:
        return False
    return None if {True, False} in fates else True
