"""What the verifier understands, and what it leaves undecided: rules as nft lists them, of nft 1.0.6 where not said."""

from __future__ import annotations

from typing import Any

import pytest
from handmade_rules import (
    ACCEPT,
    ALL,
    DADDR,
    DPORT,
    DROP,
    ELEMENT,
    LIMIT,
    MEMORY,
    OPENED,
    PLAIN_SYN,
    REMEMBER,
    SADDR,
    TCP_UDP,
    THE_FLOW,
    host,
    match,
    meta,
    named_set,
    other,
    payload,
    policy,
    state,
)
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables import packets
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import ListingError
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import (
    Verification,
    verification_document,
    verify,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.witness import Packet, existing
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


def judged(*forward: list[Any], **more: Any) -> Verification:
    return verify(host(*forward, **more), policy())


REVERSED = {"concat": [DPORT, DADDR, SADDR]}
PROVEN: dict[str, Any] = {
    "matches": {"forward": [[*THE_FLOW, ACCEPT]]},
    "an anonymous set": {"forward": [[match(ALL, {"set": [ELEMENT]}), ACCEPT]]},
    "a named set": {"forward": [[match(ALL, "@s"), ACCEPT]], "more": [named_set("s", [ELEMENT])]},
    "a set with counters": {
        "forward": [[match(ALL, "@s"), ACCEPT]],
        "more": [named_set("s", [{"elem": {"val": ELEMENT, "counter": {"packets": 1}}}], stmt=[{"counter": None}])],
    },
    "fields in another order": {
        "forward": [[match(REVERSED, {"set": [{"concat": [104, "10.0.2.5", "10.0.1.5"]}]}), ACCEPT]]
    },
    "a verdict map": {
        "forward": [
            [
                {
                    "vmap": {
                        "key": {"concat": [SADDR, DADDR]},
                        "data": {"set": [[{"concat": ["10.0.1.5", "10.0.2.5"]}, {"jump": {"target": "c"}}]]},
                    }
                }
            ]
        ],
        "chains": {"c": [[match(DPORT, 104), ACCEPT]]},
    },
    "jump": {
        "forward": [[match(SADDR, "10.0.1.5"), {"jump": {"target": "c"}}]],
        "chains": {"c": [[*THE_FLOW, ACCEPT]]},
    },
    "goto": {
        "forward": [[match(DPORT, 104), {"goto": {"target": "c"}}], [match(DPORT, 104), ACCEPT]],
        "chains": {"c": [[*THE_FLOW, ACCEPT]]},
    },
    "return": {
        "forward": [[{"jump": {"target": "c"}}]],
        "chains": {"c": [[match(SADDR, "10.0.1.5", "!="), {"return": None}], [*THE_FLOW[1:], ACCEPT]]},
    },
    "inequalities": {
        "forward": [
            [match(DPORT, 104, ">"), DROP],
            [match(DPORT, 104, "<"), DROP],
            [*THE_FLOW[:2], match(DPORT, {"range": [1, 200]}), ACCEPT],
        ]
    },
    "an unequal set": {
        "forward": [
            [match(DPORT, {"set": [104]}, "!="), DROP],
            [match(SADDR, {"set": ["10.0.1.5"]}, "!="), DROP],
            [*THE_FLOW, ACCEPT],
        ]
    },
    "only logging is limited": {"forward": [[*THE_FLOW, ACCEPT], [LIMIT, {"log": None}, {"counter": None}]]},
    "a foreign table that only accepts": {"forward": [[*THE_FLOW, ACCEPT]], "more": other("forward", [ACCEPT])},
    "a foreign table that drops others": {
        "forward": [[*THE_FLOW, ACCEPT]],
        "more": other("prerouting", [match(SADDR, "192.0.2.9"), LIMIT, DROP]),
    },
    "an interface that isn't there on this hook": {
        "forward": [[*THE_FLOW, ACCEPT]],
        "more": other("prerouting", [match(meta("oifname"), "eth0"), DROP]),
    },
    "what is dropped is remembered first": {
        "forward": [
            [*THE_FLOW, ACCEPT],
            [PLAIN_SYN, DROP],
            [*REMEMBER, DROP],
        ],
        "more": [MEMORY],
    },
    "nothing is opened": {
        "forward": [[*THE_FLOW, ACCEPT], [OPENED, ACCEPT]],
        "more": [named_set("opened", [], flags=["timeout"])],
    },
    "a forward drop for strangers by a pattern": {
        "forward": [[match(SADDR, "10.0.1.6"), match(meta("iifname"), "eth*"), DROP], [*THE_FLOW, ACCEPT]]
    },
}


def run(case: dict[str, Any]) -> Verification:
    return judged(*case["forward"], chains=case.get("chains"), more=case.get("more"))


@pytest.mark.parametrize("case", PROVEN.values(), ids=list(PROVEN))
def test_proven(case: dict[str, Any]) -> None:
    assert run(case) == Verification("proven", (), (), ())


FLOW = [*THE_FLOW, ACCEPT]
UNDECLARED: dict[str, tuple[dict[str, Any], str]] = {
    "a port more": ({"forward": [[*THE_FLOW[:2], match(DPORT, {"range": [104, 105]}), ACCEPT]]}, "tcp 105"),
    "new is established": ({"forward": [[state("established", "new"), ACCEPT]]}, "would pass"),
    "invalid passes": ({"forward": [FLOW, [state("invalid"), ACCEPT]]}, "state invalid"),
    "IPv6 is open": ({"forward": [FLOW, [match(meta("nfproto"), "ipv6"), ACCEPT]]}, "2001:db8::1"),
    "everybody by one interface": ({"forward": [FLOW, [match(meta("iifname"), "eth*"), ACCEPT]]}, "interface eth*"),
    "everything else in a set": ({"forward": [[match(SADDR, {"set": ["10.0.1.5", "*"]}), ACCEPT]]}, "would pass"),
    "what is remembered passes": ({"forward": [FLOW, [*REMEMBER, ACCEPT]], "more": [MEMORY]}, "tcp 22"),
    "an opening": (
        {
            "forward": [FLOW, [OPENED, ACCEPT]],
            "more": [named_set("opened", [{"elem": {"val": "udp", "timeout": 1800, "expires": 7}}], flags=["timeout"])],
        },
        "udp 22",
    ),
    "both TCP and UDP": (
        {"forward": [[*THE_FLOW[:2], match(payload("th", "dport"), 104), ACCEPT]]},
        "udp 104",
    ),
}


@pytest.mark.parametrize(("case", "text"), UNDECLARED.values(), ids=list(UNDECLARED))
def test_allowed_but_undeclared(case: dict[str, Any], text: str) -> None:
    result = run(case)
    assert result.verdict == "refuted"
    assert result.blocked == ()
    assert any(text in witness.text for witness in result.undeclared), result.undeclared


BLOCKED: dict[str, dict[str, Any]] = {
    "nothing accepts it": {"forward": []},
    "a drop before it": {"forward": [[match(SADDR, {"prefix": {"addr": "10.0.1.0", "len": 24}}), DROP], FLOW]},
    "it is remembered and dropped": {"forward": [[*REMEMBER, DROP], FLOW], "more": [MEMORY]},
    "a foreign table": {
        "forward": [FLOW],
        "more": other("prerouting", [match(DPORT, 104), {"reject": {"type": "tcp reset"}}]),
    },
    "a foreign policy": {"forward": [FLOW], "more": other("postrouting", policy="drop")},
    "part of it": {"forward": [[*THE_FLOW, match(payload("tcp", "sport"), {"range": [1024, 65535]}), ACCEPT]]},
    "no conntrack yet": {
        "forward": [FLOW],
        "more": [
            {"chain": {**item["chain"], "prio": -300}} if "chain" in item else item
            for item in other("prerouting", [state("invalid"), DROP])
        ],
    },
}


@pytest.mark.parametrize("case", BLOCKED.values(), ids=list(BLOCKED))
def test_declared_but_blocked(case: dict[str, Any]) -> None:
    result = run(case)
    assert result.verdict == "refuted"
    assert [witness.flow for witness in result.blocked if witness.packet.protocol == "tcp"][:1] in (
        ["store"],
        ["management"],
    )


def test_answers_must_pass() -> None:
    listing = host(FLOW)
    listing["nftables"] = [item for item in listing["nftables"] if "established" not in str(item)]
    result = verify(listing, policy())
    assert {witness.packet.ct_state for witness in result.blocked} >= {"established", "related"}


NOT_PROVEN: dict[str, tuple[dict[str, Any], str]] = {
    "a limit": ({"forward": [FLOW, [LIMIT, ACCEPT]]}, "limit"),
    "a limited flow": ({"forward": [[*THE_FLOW, LIMIT, ACCEPT]]}, "limit"),
    "a mark": ({"forward": [FLOW, [match(meta("mark"), 5), ACCEPT]]}, "meta mark"),
    "flags": ({"forward": [[match(payload("tcp", "flags"), "syn", "in"), DROP], FLOW]}, "tcp flags"),
    "where an address belongs": (
        {"forward": [[match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), DROP], FLOW]},
        "fib",
    ),
    "translation": (
        {"forward": [FLOW], "more": other("prerouting", [{"dnat": {"addr": "10.0.2.5"}}], kind="nat")},
        "dnat",
    ),
    "a changed mark": ({"forward": [[{"mangle": {"key": meta("mark"), "value": 5}}], FLOW]}, "mangle"),
    "a queue": ({"forward": [FLOW], "more": other("forward", [{"queue": {"num": 1}}])}, "queue"),
    "iptables": ({"forward": [FLOW, [{"xt": None}, ACCEPT]]}, "xt"),
    "a set that packets fill": (
        {
            "forward": [FLOW, [match(SADDR, "@s"), ACCEPT], [{"set": {"op": "add", "elem": SADDR, "set": "@s"}}]],
            "more": [named_set("s", [])],
        },
        "the set s",
    ),
    "a limited set": (
        {"forward": [FLOW, [match(SADDR, "@s"), ACCEPT]], "more": [named_set("s", [], stmt=[LIMIT])]},
        "the set s with limit",
    ),
    "what a full set lets pass": (
        {
            "forward": [FLOW, [*REMEMBER, DROP], [match(meta("nfproto"), "ipv4"), TCP_UDP, ACCEPT]],
            "more": [MEMORY],
        },
        "the set memory may be full",
    ),
    "what a limited set lets pass": (
        {"forward": [FLOW, [*REMEMBER, ACCEPT]], "more": [named_set("memory", [], stmt=[LIMIT])]},
        "what is written to the set memory",
    ),
    "what flags let pass": ({"forward": [FLOW, [PLAIN_SYN, ACCEPT]]}, "tcp flags"),
    "an unknown word": ({"forward": [FLOW, [match(payload("icmp", "type"), "strange"), ACCEPT]]}, "strange"),
    "checksums as ports": (
        {"forward": [FLOW, [match(meta("l4proto"), "icmp"), match(payload("th", "dport"), 1), ACCEPT]]},
        "without ports",
    ),
    "a bridge": ({"forward": [FLOW], "more": other("forward", [DROP], family="bridge")}, "bridge"),
    "a device's own chain": ({"forward": [FLOW], "more": other("ingress", family="netdev", policy="drop")}, "netdev"),
    "a dormant table, of nft 1.0.6": (
        {
            "forward": [FLOW],
            "more": [
                {"table": {"family": "inet", "name": "other", "flags": "other"}},
                *other("forward", policy="drop")[1:],
            ],
        },
        "dormant",
    ),
    "a dormant table, of nft 1.1": (
        {
            "forward": [FLOW],
            "more": [
                {"table": {"family": "inet", "name": "other", "flags": "dormant"}},
                *other("forward", policy="drop")[1:],
            ],
        },
        "dormant",
    ),
}


@pytest.mark.parametrize(("case", "text"), NOT_PROVEN.values(), ids=list(NOT_PROVEN))
def test_not_proven_and_said_why(case: dict[str, Any], text: str) -> None:
    result = run(case)
    assert result.verdict == "not proven"
    assert any(text in reason for reason in result.not_understood), result.not_understood


def test_a_rule_that_writes_to_a_set_takes_only_what_has_the_key() -> None:
    """IPv6 and ICMP never get past a memory of TCP and UDP over IPv4, so that of them the policy is certain."""
    listing = host(FLOW, [*REMEMBER, DROP], more=[MEMORY])
    opened = next(item["chain"] for item in listing["nftables"] if item.get("chain", {}).get("hook") == "forward")
    opened["policy"] = "accept"
    result = verify(listing, policy())
    assert result.verdict == "refuted"
    texts = [witness.text for witness in result.undeclared if witness.packet.out_interface]
    assert any("icmp" in text for text in texts) and any("2001:db8::" in text and "tcp" in text for text in texts)


def test_first_packets_are_shown_before_all_others() -> None:
    result = judged([state("invalid"), ACCEPT], [match(DPORT, 23), ACCEPT], FLOW)
    assert [witness.packet.ct_state for witness in result.undeclared if witness.packet.family == 4] == ["new"]


def test_what_is_certain_stays_certain() -> None:
    result = judged([LIMIT, ACCEPT], [match(DPORT, 23), ACCEPT], [*THE_FLOW, ACCEPT])
    assert result.verdict == "refuted"
    assert "tcp 23" in result.undeclared[0].text
    assert result.not_understood


def test_without_any_rules_everything_passes() -> None:
    result = verify({"nftables": []}, policy())
    assert (result.verdict, result.blocked) == ("refuted", ())
    assert {witness.packet.family for witness in result.undeclared} == {4, 6}
    assert {bool(witness.packet.out_interface) for witness in result.undeclared} == {True, False}


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_nobody_talks_to_himself(family: str) -> None:
    found = judged([match(meta("nfproto"), family), ACCEPT])
    assert all(witness.packet.source != witness.packet.destination for witness in found.undeclared)
    assert found.undeclared


def test_a_witness_in_words_and_as_data() -> None:
    document = verification_document(judged([match(DPORT, 23), ACCEPT], [*THE_FLOW, ACCEPT]))
    witness = document["undeclared"][0]
    assert witness["packet"]["port"] == 23
    assert witness["where"] == "table inet t, chain forward, rule handle 2"
    assert witness["text"].startswith("a packet from 192.0.2.1")
    assert witness["text"].endswith("tcp 23 would pass")


def lab_witnesses(firewall: str) -> list[Packet]:
    """The packets that show that an untouched firewall of the lab filters nothing."""
    return [
        witness.packet for witness in verify({"nftables": []}, compile_site(lab_site()).policies[firewall]).undeclared
    ]


@pytest.mark.parametrize("firewall", ["core", "edge"])
def test_witnesses_are_packets_that_anybody_can_send(firewall: str) -> None:
    for packet in lab_witnesses(firewall):
        assert (packet.protocol, packet.ct_state) == ("tcp", "new") and packet.port in (22, 80)
        assert packet.source != packet.destination


def test_behind_a_leg_stands_who_administers_from_there() -> None:
    ends = {(one.source, one.destination) for one in lab_witnesses("edge") if one.out_interface == "downlink0"}
    assert {("192.0.2.1", "198.18.0.1"), ("2001:db8::1", "fd00:18::1")} <= ends


def test_no_packet_of_ipv6_is_of_a_header_that_the_kernel_steps_over() -> None:
    everything = packets.everything(6, (1, 1), (2, 2))
    protocols = {box[packets.PROTOCOL] for box in existing(everything)}
    for number in (0, 43, 44, 51, 60):
        assert not any(first <= number <= last for first, last in protocols)
    assert any(first <= 135 <= last for first, last in protocols), "mobility is taken for a protocol"


@pytest.mark.parametrize("listing", [{}, {"nftables": "x"}, {"nftables": ["x"]}, {"nftables": [{"rule": {}}]}])
def test_something_else_is_no_listing(listing: Any) -> None:
    if listing == {"nftables": [{"rule": {}}]}:
        listing = {"nftables": [{"rule": {"family": "inet", "table": "t", "chain": "none"}}]}
    with pytest.raises(ListingError, match="nft"):
        verify(listing, policy())
