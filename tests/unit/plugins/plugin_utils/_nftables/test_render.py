"""The text of a ruleset. What the kernel makes of it is shown in tests/kernel and by Molecule."""

from __future__ import annotations

import re

import pytest
from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import MODES, Mode
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.names import chain_name, comment
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

MANAGEMENT = {"sources": ["10.0.9.0/28", "fd00:9::/64"]}


def rendered(document: object, firewall: str, mode: Mode = "enforce") -> str:
    """The ruleset of one firewall of a site."""
    return render(compile_site(document).policies[firewall], mode)


def test_default_is_drop_on_both_hooks() -> None:
    text = rendered(lab_site(), "core")
    assert text.count("policy drop;") == 2
    assert "policy accept" not in text


def test_watching_drops_nothing() -> None:
    text = rendered(lab_site(), "core", "watch")
    assert text.count("policy accept;") == 2
    assert "drop" not in text and "reject" not in text


def test_both_modes_declare_the_same() -> None:
    """Counters, sets and zone pairs are the same text: only the base chains differ."""
    texts = [rendered(lab_site(), "core", mode) for mode in MODES]
    heads = [text.split("chain forward {")[0] for text in texts]
    assert heads[0] == heads[1]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hook", ["forward", "input"])
def test_what_no_rule_takes_is_logged_counted_and_remembered_in_this_order(mode: Mode, hook: str) -> None:
    lines = [line.strip() for line in rendered(lab_site(), "core", mode).splitlines()]
    start = next(number for number, line in enumerate(lines) if f'log prefix "pacs-{hook} "' in line)
    refused = f"counter name undeclared_{hook} {'drop' if mode == 'enforce' else 'accept'}"
    key, key6 = (f"{ip} saddr . {ip} daddr . meta l4proto . th dport" for ip in ("ip", "ip6"))
    assert lines[start + 1 : lines.index("}", start)] == [
        f"tcp flags & (fin | syn | rst | ack) != syn {refused}",
        f"meta nfproto ipv4 meta l4proto {{ tcp, udp }} update @undeclared4 {{ {key} }} {refused}",
        f"meta nfproto ipv6 meta l4proto {{ tcp, udp }} update @undeclared6 {{ {key6} }} {refused}",
        "meta l4proto { tcp, udp } counter name not_remembered",
        refused if mode == "watch" else f"counter name undeclared_{hook}",
    ]


def test_an_opening_lets_through_and_never_in() -> None:
    text = rendered(lab_site(), "core")
    assert text.count("@opened") == 1
    assert text.index("meta l4proto @opened counter name opened_forward accept") < text.index("chain input")
    assert re.search(r"set opened \{\s+type inet_proto\s+flags timeout\s+\}", text), "nothing is opened by the text"


def test_never_a_rule_per_flow() -> None:
    site = example_site()
    site["conduits"] = [
        {"from": "ris1", "to": "pacs1", "protocol": "tcp", "ports": [port], "reason": "test"}
        for port in range(20000, 20500)
    ]
    text = rendered(site, "core")
    assert text.count(" accept\n") < 20
    assert text.count("198.18.40.10 . 198.18.30.10 . tcp . ") == 500


def test_both_ip_versions_are_treated_alike() -> None:
    text = rendered(lab_site(), "core")
    assert text.count("ipv4_addr . ipv4_addr") == text.count("ipv6_addr . ipv6_addr") > 0


def test_one_policy_gives_one_text() -> None:
    site = lab_site()
    shuffled = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in site.items()}
    assert rendered(site, "core") == rendered(shuffled, "core")


def test_zones_behind_one_interface_are_told_apart_by_prefix() -> None:
    site = example_site()
    site["conduits"] = [{"from": "external", "to": "pacs1", "service": "https", "reason": "portal"}]
    text = rendered(site, "edge")
    assert re.search(r'"ens18" \. "ens19" : jump way_\d', text)
    assert "198.18.41.0-255.255.255.255 . 198.18.30.0/24 : jump from_external_to_pacs," in text


def test_one_map_never_holds_overlapping_elements() -> None:
    """A firewall's address lies in the outside zone here, and nft refuses a map where two elements want one packet."""
    site = lab_site()
    site["conduits"] = [{"from": "management", "to": "external", "service": "https", "reason": "updates"}]
    text = rendered(site, "core")
    maps = re.findall(r"vmap \{\n(.*?)\}", text, re.DOTALL)
    assert [len(re.findall(r"_to_edge,", one)) for one in maps if "_to_edge," in one] == [1, 1]
    assert not [one for one in maps if "_to_edge," in one and "_to_external," in one]


def test_whom_the_outside_may_reach_on_a_firewall_no_declared_zone_may() -> None:
    site = lab_site()
    site["conduits"] = [{"from": "external", "to": "core", "protocol": "udp", "ports": [500], "reason": "VPN"}]
    text = rendered(site, "core")
    assert '"uplink0" . 0.0.0.0-198.17.255.255 . udp . 500 comment' in text
    assert '"uplink0" . ::-fd00:17:ffff:ffff:ffff:ffff:ffff:ffff . udp . 500 comment' in text
    assert "0.0.0.0/0" not in text


def test_the_same_connection_for_two_reasons_is_one_element() -> None:
    flow = {"source": "10.0.1.5", "destination": "10.0.2.5", "protocol": "tcp", "port": 104}
    text = render(policy_from_flows("fw", [flow | {"reason": "one"}, flow | {"reason": "two"}], MANAGEMENT))
    assert '10.0.1.5 . 10.0.2.5 . tcp . 104 comment "one + two",' in text


def test_without_zones_administration_is_admitted_from_any_interface() -> None:
    text = render(policy_from_flows("fw", [], MANAGEMENT))
    assert "ip saddr . meta l4proto . th dport @admit4_any accept" in text
    assert "ip6 saddr . meta l4proto . th dport @admit6_any accept" in text
    assert "iifname . ip saddr" not in text


@pytest.mark.parametrize("text", ['a" accept\n', "a\nb", "semi;colon", "back\\slash", "ü", "{brace}", "x" * 500])
def test_comments_hold_nothing_that_could_become_a_rule(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 _.,:/>+?-]{0,100}", comment(text))


def test_zone_pairs_never_share_a_chain() -> None:
    pairs = [("a.b", "c"), ("a_b", "c"), ("a", "b_to_c"), ("a_to_b", "c"), ("a-b", "c"), ("1a", "drop")]
    names = [chain_name(*pair) for pair in pairs]
    assert len(set(names)) == len(pairs)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", name) for name in names)
