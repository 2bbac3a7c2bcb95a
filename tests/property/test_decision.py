"""Whether a policy permits a flow: as the oracle reads it from the site document, on random sites."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from random import Random
from typing import Any

import pytest
from kernel import oracle
from kernel.random_sites import JOINS, random_probes, random_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.decision import Decision
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import FlowKey
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy, Passage, Permit
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Ports

pytestmark = pytest.mark.together

PORTS = (104, 443, 2575, 8000, 11112)
_seen: list[bool] = []


@pytest.mark.parametrize("seed", range(12))
def test_the_oracle_agrees(seed: int) -> None:
    random = Random(f"seen {seed}")
    site = random_site(random, JOINS[seed % len(JOINS)])
    decisions = {name: Decision(policy) for name, policy in compile_site(site).policies.items()}
    for probe in random_probes(random, site, 120):
        if probe.protocol == "icmp":
            continue
        key = FlowKey(probe.source, probe.destination, probe.protocol, probe.port)
        for router, _entry, leg in probe.hops:
            if router not in decisions:
                continue
            decision = decisions[router]
            answer = decision.admits(key) if leg is None else decision.passes(key)
            expected = any(
                oracle.allowed(site, [hop], probe.source, probe.destination, probe.protocol, probe.port)
                for hop in hops(site, router, to_itself=leg is None)
            )
            assert answer == expected, f"{router}: {key}"
            _seen.append(expected)


def hops(site: dict[str, Any], router: str, *, to_itself: bool) -> Iterator[tuple[str, str, str | None]]:
    """Every way through a router, a memory doesn't say which; back where it came from only to another zone there."""
    legs = site["firewalls"][router]["interfaces"].values()
    interfaces = Counter(leg["interface"] if isinstance(leg, dict) else leg for leg in legs)
    for entry, leg in product(interfaces, [None] if to_itself else interfaces):
        if entry != leg or interfaces[entry] > 1:
            yield router, entry, leg


def test_that_was_enough() -> None:
    if len(_seen) < 12:
        pytest.skip("not all of this file was run")
    assert len(_seen) >= 1000
    assert min(_seen.count(True), _seen.count(False)) >= 300


def host(number: int) -> str:
    return f"10.{number % 200}.{number // 200 % 16}.{number % 250}"


def policy(permits: list[Permit]) -> EnforcementPolicy:
    return EnforcementPolicy("core", "", (), {}, None, (Passage("a", "b", (), tuple(permits)),), ())


def test_a_full_memory_against_ten_thousand_flows_takes_about_a_second() -> None:
    random = Random("many")
    permits = []
    for number in range(10_000):
        source = ip_network(host(number) if number % 3 else f"10.{number % 200}.0.0/20")
        first = random.choice(PORTS)
        target = ip_network(f"10.2.0.{number % 250}")
        permits.append(Permit(source, target, "tcp", Ports(first, first + number % 2), ""))
    flows = [
        FlowKey(host(number), f"10.2.0.{random.randrange(250)}", "tcp", random.choice(PORTS))
        for number in range(65_535)
    ]
    started = time.process_time()
    decision = Decision(policy(permits))
    passed = [decision.passes(flow) for flow in flows]
    spent = time.process_time() - started
    assert 100 < sum(passed) < 65_000
    assert spent < 1.5, f"{spent:.1f} s of processor time, where 0.2 are usual"
    let_through = [place for place, verdict in enumerate(passed) if verdict]
    for place in (*random.sample(range(65_535), 10), *random.sample(let_through, 10)):
        assert passed[place] == slowly(permits, flows[place])


def slowly(permits: list[Permit], flow: FlowKey) -> bool:
    return any(
        ip_address(flow.source) in permit.source
        and ip_address(flow.destination) in permit.destination
        and permit.ports is not None
        and permit.ports.first <= flow.port <= permit.ports.last
        for permit in permits
    )
