"""The text of the coarse ruleset for an emergency. What the kernel makes of it is shown in tests/kernel."""

from __future__ import annotations

import re

from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

MANAGEMENT = {"sources": ["10.0.9.0/28", "fd00:9::/64"]}


def rendered(document: object, firewall: str) -> str:
    return render_fallback(compile_site(document).policies[firewall])


def test_both_hooks_drop_by_default() -> None:
    text = rendered(lab_site(), "core")
    assert text.count("policy drop;") == 2
    assert "policy accept" not in text


def test_plain_rules_only() -> None:
    text = rendered(lab_site(), "core")
    assert not re.search(r"\b(set|map|vmap|counter|log|limit|jump|update)\b|@| \. ", text)


def test_one_zone_pair_is_one_rule_a_protocol_and_ip_version() -> None:
    site = example_site()
    site["conduits"] = [
        {"from": "ris1", "to": "pacs1", "protocol": "tcp", "ports": [port], "reason": "test"}
        for port in (104, 2575, 2576, 2577, *range(20000, 20500))
    ]
    lines = [line for line in rendered(site, "core").splitlines() if "198.18.40.0/24 ip daddr 198.18.30.0/24" in line]
    assert [line.strip() for line in lines] == [
        'iifname "ens21" oifname "ens20" ip saddr 198.18.40.0/24 ip daddr 198.18.30.0/24 '
        "tcp dport { 104, 2575-2577, 20000-20499 } accept"
    ]


def test_who_administers_is_not_mixed_with_who_else_is_admitted() -> None:
    site = lab_site()
    site["conduits"] = [{"from": "external", "to": "core", "protocol": "tcp", "ports": [443], "reason": "VPN"}]
    text = rendered(site, "core")
    assert 'iifname "mgmt0" ip saddr 198.18.0.0/28 tcp dport 22 accept' in text
    admitted = [line for line in text.splitlines() if "dport 443 accept" in line]
    assert admitted and all('iifname "uplink0"' in line and "198.18.0.0" not in line for line in admitted)


def test_without_zones_each_service_keeps_its_own_ends() -> None:
    flows: list[dict[str, object]] = [
        {"source": "10.0.1.4", "destination": "10.0.2.5", "protocol": "tcp", "port": 104, "reason": "x"},
        {"source": "10.0.1.5", "destination": "10.0.2.5", "protocol": "tcp", "port": 104, "reason": "x"},
        {"source": "10.0.3.0/24", "destination": "10.0.2.9", "protocol": "tcp", "port": "500-510", "reason": "x"},
        {"source": "fd00:1::/64", "destination": "fd00:2::5", "protocol": "icmp", "reason": "x"},
    ]
    text = render_fallback(policy_from_flows("fw", flows, MANAGEMENT))
    forward = text.split("chain input", maxsplit=1)[0]
    assert [line.strip() for line in forward.splitlines() if "saddr" in line] == [
        "ip saddr 10.0.1.4/31 ip daddr 10.0.2.5 tcp dport 104 accept",
        "ip saddr 10.0.3.0/24 ip daddr 10.0.2.9 tcp dport 500-510 accept",
        "ip6 saddr fd00:1::/64 ip6 daddr fd00:2::5 icmpv6 type echo-request accept",
    ]


def test_without_passages_nothing_is_forwarded() -> None:
    text = render_fallback(policy_from_flows("fw", [], MANAGEMENT))
    forward = text.split("chain input", maxsplit=1)[0]
    assert re.findall(r".* accept", forward) == ["\t\tct state established,related accept"]
    assert "ip saddr 10.0.9.0/28 tcp dport 22 accept" in text


def test_one_policy_gives_one_text() -> None:
    site = lab_site()
    shuffled = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in site.items()}
    assert rendered(site, "core") == rendered(shuffled, "core")
