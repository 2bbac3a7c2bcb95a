"""Whether the guard is in force, from what the real nft lists of the one that is rendered, and of broken ones."""

from __future__ import annotations

import copy
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from nft_listing import listed, needs_nft

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import (
    KERNEL,
    Form,
    interface_form,
    render_guard,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard_seen import GuardSeen, guard_seen
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import read_listing

pytestmark = needs_nft

#: Two that touch, which nft may join, one that is no prefix's half, and IPv6.
NETWORKS = [ip_network(text) for text in ("10.2.0.0/24", "10.2.1.0/24", "192.0.2.4/32", "fd00:2::/64")]


@pytest.fixture(scope="module")
def listing() -> dict[str, Any]:
    return listed(render_guard(NETWORKS, KERNEL))


def seen(listing: dict[str, Any]) -> GuardSeen:
    return guard_seen(read_listing(listing), NETWORKS, "ipsec0")


@pytest.mark.parametrize("form", [KERNEL, interface_form("ipsec0")], ids=["kernel", "userspace"])
def test_both_forms_hold(form: Form) -> None:
    assert seen(listed(render_guard(NETWORKS, form))) == GuardSeen(True, (), 0)


def test_another_interface_is_no_protection() -> None:
    made = seen(listed(render_guard(NETWORKS, interface_form("eth0"))))
    assert len(made.open) == len(NETWORKS) * 3


def test_none_is_none() -> None:
    made = seen({"nftables": []})
    assert not made.there and made.open[0] == "nothing keeps packets of 10.2.0.0/24 in the tunnel"


def rules(listing: dict[str, Any], chain: str) -> list[dict[str, Any]]:
    return [one["rule"] for one in listing["nftables"] if one.get("rule", {}).get("chain") == chain]


def _no_verdict(listing: dict[str, Any]) -> None:
    rules(listing, "outbound")[0]["expr"].pop()


def _narrower(listing: dict[str, Any]) -> None:
    """Only of TCP."""
    more = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "tcp"}}
    rules(listing, "outbound")[0]["expr"].insert(0, more)


def _other_field(listing: dict[str, Any]) -> None:
    rules(listing, "outbound")[0]["expr"][0]["match"]["left"]["payload"]["field"] = "saddr"


def _protected(listing: dict[str, Any]) -> None:
    """What IPsec protects is stopped, and the rest isn't."""
    rules(listing, "outbound")[0]["expr"][1]["match"]["right"] = True


def _no_hook(listing: dict[str, Any]) -> None:
    chain = next(one["chain"] for one in listing["nftables"] if one.get("chain", {}).get("name") == "outbound")
    chain.pop("hook")


@pytest.mark.parametrize("spoil", [_no_verdict, _narrower, _other_field, _protected, _no_hook])
def test_a_rule_that_does_not_stop_it_all_does_not_count(
    listing: dict[str, Any], spoil: Callable[[dict[str, Any]], None]
) -> None:
    changed = copy.deepcopy(listing)
    spoil(changed)
    assert "packets of 10.2.0.0/24 from the gateway itself may travel in clear" in seen(changed).open


def test_what_it_stopped_is_counted(listing: dict[str, Any]) -> None:
    changed = copy.deepcopy(listing)
    for number, rule in enumerate(rules(changed, "through")):
        next(one for one in rule["expr"] if "counter" in one)["counter"]["packets"] = number
    assert seen(changed).stopped == 0 + 1 + 2 + 3
