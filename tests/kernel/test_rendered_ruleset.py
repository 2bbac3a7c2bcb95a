"""What a site declares is what the kernel does with the rendered rulesets: real packets, both IP versions.

Every probe is first sent without any ruleset, to the same listener, and must be answered then: that is the positive
control of those that are dropped afterwards.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from ipaddress import ip_network
from itertools import permutations
from random import Random

import pytest
from kernel import oracle
from kernel.declared import EXPECTED, PLACES, declared_site, expected_probes
from kernel.hospital import BLOCKS, OWN, Hospital
from kernel.mistakes import MISTAKES
from kernel.probes import BedError, Probe, expect, judge, send
from kernel.random_sites import JOINS, random_probes, random_site
from kernel.streams import stray_error_arrives, stream

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft (package nftables)"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip (package iproute2)"),
]


VERSIONS = pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with closing(Hospital()) as made:
        yield made


@pytest.fixture(scope="module")
def declared() -> dict[str, str]:
    return rendered(declared_site())


def rendered(site: object) -> dict[str, str]:
    """The ruleset of each firewall."""
    return {name: render(policy) for name, policy in compile_site(site).policies.items()}


def everything_expected() -> dict[Probe, bool]:
    """All probes of the declared site."""
    return {probe: verdict for lines in EXPECTED.values() for probe, verdict in expected_probes(lines).items()}


@pytest.mark.parametrize("lines", EXPECTED.values(), ids=[name.replace(" ", "-") for name in EXPECTED])
def test_what_is_declared_passes_and_nothing_else(hospital: Hospital, declared: dict[str, str], lines: str) -> None:
    expected = expected_probes(lines)
    assert set(expected.values()) == {True, False}
    assert expect(hospital, declared, expected) == []
    counted = [hospital.counters(router) for router in declared]
    undeclared = sum(counters["undeclared_forward"] + counters["undeclared_input"] for counters in counted)
    assert undeclared >= sum(not verdict for verdict in expected.values()), "what was dropped is not counted"


@pytest.mark.parametrize("seed", range(20))
def test_random_sites(hospital: Hospital, seed: int) -> None:
    random = Random(seed)
    site = random_site(random, JOINS[seed % len(JOINS)])
    expected = random_probes(random, site, 120)
    assert min(list(expected.values()).count(verdict) for verdict in (True, False)) >= 40, "a site of no use"
    assert expect(hospital, rendered(site), expected) == [], site


def test_the_oracle_of_the_random_sites_agrees_with_what_was_written_by_hand() -> None:
    site = declared_site()
    for source, target, port in (("ct1", "pacs1", 11112), ("pacs1", "ct1", 4006)):  # it knows no workflows
        site["conduits"].append({"from": source, "to": target, "protocol": "tcp", "ports": [port], "reason": "RAD"})
    site["conduits"] = [
        {**conduit, **{end: [conduit[end]] for end in ("from", "to") if isinstance(conduit[end], str)}}
        for conduit in site["conduits"]
    ]
    wrong = [
        str(probe)
        for probe, verdict in everything_expected().items()
        if verdict != oracle.allowed(site, probe.hops, probe.source, probe.destination, probe.protocol, probe.port)
    ]
    assert wrong == []


def test_packets_take_the_way_that_the_oracle_thinks(hospital: Hospital) -> None:
    """Rules that pass nothing but those pairs of interfaces let a probe and its answer through."""
    places = {name: str(ip_network(blocks[0])[7]) for name, blocks in BLOCKS.items()}
    places |= {name: addresses[0] for name, addresses in OWN.items()}
    probes = [Probe(one, other, "udp", 104) for one, other in permutations(places.values(), 2)]
    for closed in OWN:
        hospital.open()
        hospital.load({closed: _only(closed, [])})
        passed = {probe: closed not in {router for router, _entry, _leg in probe.hops} for probe in probes}
        assert judge(send(hospital, probes), passed) == []
    for hops in {tuple(probe.hops) for probe in probes}:
        same_way = [probe for probe in probes if tuple(probe.hops) == hops]
        hospital.load({router: _only(router, hops) for router in OWN})
        assert judge(send(hospital, same_way), dict.fromkeys(same_way, True)) == []


def _only(router: str, hops: Iterable[tuple[str, str, str | None]]) -> str:
    mine = [(entry, leg) for name, entry, leg in hops if name == router]
    start = "priority filter; policy drop; ct state established accept"
    neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
    forward = [f'iifname "{entry}" oifname "{leg}" accept' for entry, leg in mine if leg]
    own = [neighbours, *(f'iifname "{entry}" accept' for entry, leg in mine if not leg)]
    forward = [f"chain f {{ type filter hook forward {start}", *forward, "}"]
    own = [f"chain i {{ type filter hook input {start}", *own, "}"]
    return "\n".join(["table inet pacs {", *forward, *own, "}"])


def test_plain_flows(hospital: Hospital) -> None:
    flows: list[dict[str, object]] = [
        {"source": PLACES["ct1"][0], "destination": "10.30.0.0/24", "protocol": "tcp", "port": 104},
        {"source": "10.20.0.0/24", "destination": PLACES["pacs1"][0], "protocol": "tcp", "port": "100-110"},
        {"source": "10.20.0.0/23", "destination": "10.30.0.0/28", "protocol": "tcp", "port": "105-120"},
        {"source": PLACES["ct1"][0], "destination": PLACES["pacs1"][0], "protocol": "tcp", "port": 105},
        {"source": "fd00:20::/64", "destination": "fd00:30::/64", "protocol": "udp", "port": "50000-50010"},
        {"source": "fd00:20::11", "destination": "fd00:30::10", "protocol": "udp", "port": 50005},
        {"source": "10.40.0.0/24", "destination": "0.0.0.0/0", "protocol": "icmp"},
        {"source": "::/0", "destination": "fd00:40::/64", "protocol": "icmp"},
    ]
    management = {"sources": ["10.10.0.0/28", "fd00:10::/120"], "ports": [22, 8443]}
    policy = policy_from_flows("core", [flow | {"reason": "plain"} for flow in flows], management)
    expected = {
        probe: verdict
        for probe, verdict in expected_probes(
            """
            + ct1 pacs1 tcp/100 tcp/104 tcp/105 tcp/110 tcp/111 tcp/120
            - ct1 pacs1 tcp/99 tcp/121 udp/104 udp/105
            + ct1 pacs_x tcp/104 tcp/105 tcp/120
            - ct1 pacs_x tcp/100
            + ct_x pacs1 tcp/100 tcp/120
            + behind_ct_x pacs1 tcp/105 tcp/120
            - behind_ct_x pacs1 tcp/104
            - pacs1 ct1 tcp/104
            + ws1 pacs1 icmp
            + ws1 internet icmp
            - ct1 internet icmp
            - kiosk1 pacs1 icmp
            + ops1 core tcp/22 tcp/8443
            - ops_x core tcp/22
            - ops1 pacs1 tcp/22
            - ops1 core tcp/23 udp/22
            - ct1 core tcp/22
            """
        ).items()
        if ":" not in probe.source
    } | {
        probe: verdict
        for probe, verdict in expected_probes(
            """
            + ct1 pacs1 udp/50000 udp/50005 udp/50010
            + ct_x pacs_x udp/50000 udp/50005
            - ct1 pacs1 udp/49999 udp/50011 tcp/50005 icmp
            - behind_ct_x pacs1 udp/50005
            + ct1 ws1 icmp
            + internet ws1 icmp
            - ct1 behind_ws_x icmp
            - ws1 ct1 icmp
            + ops1 core tcp/22
            - ops_x core tcp/22
            """
        ).items()
        if ":" in probe.source
    }
    assert expect(hospital, {"core": render(policy)}, expected) == []


def test_datagrams_in_fragments(hospital: Hospital, declared: dict[str, str]) -> None:
    expected = {
        Probe(PLACES[source][version], PLACES["web1"][version], "udp", port, size=4000): port == 514
        for version in (0, 1)
        for source, port in (("ct1", 514), ("ct1", 515))
    }
    assert expect(hospital, declared, expected) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_rendered_text_is_noticed(hospital: Hospital, declared: dict[str, str], mistake: str) -> None:
    broken = {router: MISTAKES[mistake](text) for router, text in declared.items()}
    assert broken != declared, "the mistake wasn't made"
    hospital.load(broken)
    expected = everything_expected()
    assert judge(send(hospital, list(expected)), expected) != []


def test_what_is_lost_elsewhere_is_an_error_and_no_verdict(hospital: Hospital) -> None:
    hospital.open()
    archive = hospital.hosts["archive"]
    archive.run("nft", "add table inet deaf { chain i { type filter hook input priority 0; policy drop; }; }")
    try:
        with pytest.raises(BedError, match="neither answered nor swallowed"):
            send(hospital, [Probe(PLACES["ct1"][0], PLACES["pacs1"][0], "tcp", 104)], patience=0.3)
    finally:
        archive.run("nft", "delete table inet deaf")


@VERSIONS
def test_what_is_established_goes_on_when_its_flow_is_removed(hospital: Hospital, version: int) -> None:
    site = declared_site()
    hospital.load(rendered(site))
    ends = PLACES["ws1"][version], PLACES["pacs1"][version]
    with stream(hospital, *ends, 443) as connection:
        assert connection.carries("out") and connection.carries("back")
        site["conduits"] = [conduit for conduit in site["conduits"] if 443 not in conduit.get("ports", ())]
        hospital.load(rendered(site))
        assert connection.carries("out") and connection.carries("back")
        assert not send(hospital, [Probe(*ends, "tcp", 443)])[0].arrived


@VERSIONS
def test_a_smaller_mtu_beyond_the_next_firewall_is_found_out(
    hospital: Hospital, declared: dict[str, str], version: int
) -> None:
    """The edge says to the sender that a packet is too big; the core must let that pass as related."""
    narrow = hospital.routers["edge"]
    hospital.load(declared)
    narrow.ip("link set external0 mtu 1300")
    try:
        with stream(hospital, PLACES["ws1"][version], PLACES["internet"][version], 443) as connection:
            assert connection.carries("out", 200_000)
        # Another address each time, so that nothing is known of the way yet.
        deaf = {name: text.replace("related : accept", "related : drop") for name, text in declared.items()}
        hospital.load(deaf)
        with stream(hospital, PLACES["ws1"][version], PLACES["between_dmz"][version], 443) as connection:
            assert not connection.carries("out", 200_000, patience=1)
    finally:
        narrow.ip("link set external0 mtu 1500")


@VERSIONS
def test_an_icmp_error_about_no_connection_is_dropped(
    hospital: Hospital, declared: dict[str, str], version: int
) -> None:
    ends = PLACES["internet"][version], PLACES["pacs1"][version]
    hospital.open()
    assert stray_error_arrives(hospital, *ends)
    hospital.load(declared)
    assert not stray_error_arrives(hospital, *ends)


def test_a_firewall_finds_its_neighbours_and_is_found(declared: dict[str, str]) -> None:
    """Neighbour discovery of IPv6, with every cache cold; by the firewall's and the device's own addresses."""
    probe = Probe(PLACES["ct1"][1], PLACES["pacs1"][1], "tcp", 11112)
    with closing(Hospital()) as cold:
        cold.routers["core"].ip("addr add fd00:20::1/64 dev modality0 nodad")
        cold.hosts["scanner"].ip(
            f"addr add {probe.source}/64 dev lan0 nodad", "route replace ::/0 via fd00:20::1 dev lan0"
        )
        for rules, passes in ((declared, True), (_without_discovery(declared), False), (declared, True)):
            cold.load(rules)
            for place in cold.places.values():
                place.ip("neigh flush all")
            if passes:
                assert send(cold, [probe])[0].complete
            else:
                with pytest.raises(BedError, match="0 probes were swallowed"):
                    send(cold, [probe], patience=0.5)


def _without_discovery(rulesets: dict[str, str]) -> dict[str, str]:
    return {name: re.sub("(?m)^.*nd-neighbor-solicit.*$", "", text) for name, text in rulesets.items()}
