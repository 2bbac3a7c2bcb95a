"""The guard of a VPN gateway: what nft makes of it, and the verifier, beside the firewall's own rules."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from nft_listing import listed, needs_nft
from sites import remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import (
    KERNEL,
    Form,
    interface_form,
    render_guard,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

NETWORKS = [ip_network(text) for text in ("198.18.90.0/24", "fd00:18:90::/64", "198.18.100.0/24", "198.18.100.8/29")]


def remote(leg: str) -> dict[str, Any]:
    """The lab's site with its tunnels behind an interface."""
    site = remote_site()
    for name in ("branch", "vendor"):
        site["firewalls"]["edge"]["interfaces"][name]["interface"] = leg
    return site


@needs_nft
@pytest.mark.parametrize("form", [KERNEL, interface_form("ipsec0")], ids=["kernel", "userspace"])
def test_it_loads_for_both_ip_versions_and_stops_every_way(form: Form) -> None:
    items = listed(render_guard(NETWORKS, form))["nftables"]
    rules = [item["rule"] for item in items if "rule" in item]
    stopped = {(rule["chain"], next(iter(rule["expr"][-1]))) for rule in rules if "accept" not in rule["expr"][-1]}
    assert stopped == {("outbound", "reject"), ("inbound", "drop"), ("through", "reject"), ("through", "drop")}
    assert len(rules) == 9, "and one for neighbours"
    elements = {item["set"]["name"]: len(item["set"]["elem"]) for item in items if "set" in item}
    assert elements == {"remote4": 2, "remote6": 1}, "a network within another is one with it"


def test_without_networks_it_stops_nothing() -> None:
    text = render_guard([], KERNEL)
    assert "set" not in text and "drop" not in text


@needs_nft
@pytest.mark.parametrize(("form", "leg"), [(KERNEL, "external0"), (interface_form("ipsec0"), "ipsec0")])
def test_a_firewall_with_its_guard_is_proven(form: Form, leg: str) -> None:
    policy = compile_site(remote(leg)).policies["edge"]
    assert verify(listed(render(policy) + render_guard(NETWORKS, form)), policy).verdict == "proven"


@needs_nft
def test_a_guard_for_the_wrong_interface_stops_what_is_declared() -> None:
    policy = compile_site(remote("external0")).policies["edge"]
    result = verify(listed(render(policy) + render_guard(NETWORKS, interface_form("ipsec0"))), policy)
    assert result.verdict == "refuted"
    assert result.blocked


@needs_nft
def test_a_guard_opens_nothing() -> None:
    policy = compile_site(remote("external0")).policies["edge"]
    ruleset = render(policy).replace("policy drop", "policy accept")
    assert verify(listed(ruleset + render_guard(NETWORKS, KERNEL)), policy).verdict == "refuted"


@needs_nft
def test_nobody_else_is_believed_about_ipsec() -> None:
    policy = compile_site(remote("external0")).policies["edge"]
    foreign = render_guard(NETWORKS, KERNEL).replace("pacs_vpn_guard", "somebody")
    assert verify(listed(render(policy) + foreign), policy).verdict == "not proven"
