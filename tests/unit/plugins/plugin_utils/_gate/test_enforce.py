"""Enforcing is refused while it would cut a declared device, unless that is named."""

from __future__ import annotations

from typing import Any

import pytest
from proposals import RIS1
from seen_flows import CT1, PACS1, STRANGER, WS1, seen, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.enforce import Enforceable, may_enforce
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.own_tries import own_tries
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.plain_site import site_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.view import read_view
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


def judged(*despite: str, site: dict[str, Any] | None = None, **view: Any) -> Enforceable:
    compiled = compile_site(site or lab_site())
    return may_enforce("core", compiled.site, compiled.policies["core"], read_view(seen(**view)), despite)


FORGOTTEN = undeclared(WS1, CT1, 11112)
DECLARED = undeclared(CT1, PACS1, 11112)


def test_a_declared_device_in_the_memory_stops_it_and_the_message_says_what_to_do() -> None:
    found = judged(undeclared=[FORGOTTEN])
    assert not found.allowed
    assert found.message == (
        "core: nothing was changed, because enforcing would cut 1 connection of 1 declared device, seen while the "
        "firewall watched:\n"
        "  1. would be cut: ws1 -> ct1:11112 tcp, 12 times, last 3 min ago\n"
        "For each of them:\n"
        "  - declare it in pacs_site: a workflow, or a conduit with its reason;\n"
        "  - or cut it knowingly: firewall_enforce_despite: [ws1];\n"
        "  - or go on watching: firewall_mode: watch."
    )


def test_named_it_is_cut_and_that_is_said() -> None:
    found = judged("ws1", undeclared=[FORGOTTEN])
    assert found.allowed
    assert found.warnings == (
        "core: cut, as firewall_enforce_despite says: ws1 -> ct1:11112 tcp, 12 times, last 3 min ago",
    )


def test_only_the_device_that_opens_the_connection_can_be_given_up() -> None:
    assert not judged("ct1", undeclared=[FORGOTTEN]).allowed, "ct1 is the other end"
    assert judged("ct1", undeclared=[undeclared(STRANGER, CT1, 22)]).allowed, "a stranger has no name: ct1 answers"


def test_a_declared_device_at_the_other_end_stops_it_too() -> None:
    found = judged(undeclared=[undeclared(STRANGER, CT1, 22, count=1, idle=7200)])
    assert not found.allowed
    assert "198.18.20.77 (modality) -> ct1:22 tcp, once, last 2 h ago" in found.message


def test_what_was_declared_meanwhile_stops_nothing() -> None:
    assert judged(undeclared=[DECLARED]) == Enforceable(True)
    site = lab_site()
    site["conduits"] = [{"from": "ws1", "to": "ct1", "service": "dicom", "reason": "it was forgotten"}]
    assert judged(undeclared=[FORGOTTEN], site=site) == Enforceable(True)


def test_what_comes_another_way_than_declared_stops_it() -> None:
    found = judged(undeclared=[{**DECLARED, "declared": True}])
    assert not found.allowed
    assert "it is declared, but came or went by another interface than the site expects" in found.message
    assert "correct the device's zone or the firewall's interfaces" in found.message


def test_strangers_stop_nothing_and_are_told() -> None:
    found = judged(undeclared=[undeclared(STRANGER, "198.18.50.99", 445)])
    assert found.allowed
    assert found.warnings[0].startswith("core: cut, between addresses of no declared device: 198.18.20.77 (modality)")


def test_what_the_compliance_report_tries_itself_stops_nothing_and_is_told() -> None:
    compiled = compile_site(lab_site())
    tries = own_tries(compiled)
    (own,) = (key for key in tries if (key.source, key.destination) == (PACS1, RIS1))
    traces = [undeclared(own.source, own.destination, own.port), undeclared(WS1, CT1, 22)]
    view = read_view(seen(undeclared=traces))
    found = may_enforce("core", compiled.site, compiled.policies["core"], view, [], lambda: tries)
    assert not found.allowed, "ct1 is no host of ours: nobody but ws1 itself tries that"
    assert "1 connection of 1 declared device" in found.message and "ris1" not in found.message
    view = read_view(seen(undeclared=traces[:1]))
    found = may_enforce("core", compiled.site, compiled.policies["core"], view, [], lambda: tries)
    assert found.allowed
    assert found.warnings == (
        "core: cut, and taken for what the compliance report tries itself: pacs1 -> ris1:22 tcp, 12 times, "
        "last 3 min ago",
    )
    assert not judged(undeclared=traces[:1]).allowed, "without a report's plan it is a connection like any other"


def test_what_is_refused_already_may_stay_refused() -> None:
    assert judged(mode="enforce", undeclared=[FORGOTTEN]) == Enforceable(True)


def test_a_host_that_never_watched_is_warned_of_loudly() -> None:
    found = judged(mode="none", mode_reason="nft isn't installed")
    assert found.allowed and found.warnings[0].startswith("core NEVER WATCHED")


def test_what_nobody_could_read_stops_it() -> None:
    found = judged(mode=None, mode_reason="needs root")
    assert not found.allowed and "can't be read (needs root); nothing was changed" in found.message


@pytest.mark.parametrize(
    ("view", "says"), [({"not_remembered": 5}, "5 attempts found no place"), ({"memory": False}, "without a memory")]
)
def test_a_memory_with_gaps_is_said(view: dict[str, Any], says: str) -> None:
    found = judged(**view)
    assert found.allowed and says in found.warnings[0]


def test_a_misspelt_name_is_a_fault_and_not_a_permission() -> None:
    found = judged("ws11", undeclared=[])
    assert not found.allowed and found.message.endswith("Did you mean 'ws1'?")


def test_a_long_list_is_cut_short() -> None:
    found = judged(undeclared=[undeclared(CT1, PACS1, port) for port in range(1, 31)])
    assert "enforcing would cut 30 connections of 1 declared device" in found.message
    assert "  and 10 more\n" in found.message


def test_without_a_site_the_declared_addresses_are_the_devices() -> None:
    flows = [{"source": CT1, "destination": "198.18.30.0/24", "protocol": "tcp", "port": "104", "reason": "images"}]
    policy = policy_from_flows("core", flows, {"sources": ["198.18.0.0/28"]})
    site = site_of(policy)
    assert list(site.devices) == [CT1]
    view = read_view(seen(undeclared=[undeclared(CT1, PACS1, 105), undeclared(STRANGER, PACS1, 105)]))
    refused = may_enforce("core", site, policy, view, [])
    assert not refused.allowed and f"firewall_enforce_despite: [{CT1}]" in refused.message
    assert may_enforce("core", site, policy, view, [CT1]).allowed
