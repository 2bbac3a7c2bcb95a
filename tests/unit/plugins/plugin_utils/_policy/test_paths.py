"""Which firewalls decide about a flow."""

from __future__ import annotations

from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.paths import Paths
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


def met() -> dict[tuple[str, str], tuple[str, ...]]:
    site = lab_site()
    site["conduits"] = [
        {"from": "external", "to": "pacs1", "service": "https", "reason": "web viewer"},
        {"from": "edge", "to": "ops1", "service": "syslog", "reason": "its log"},
        {"from": "core", "to": "external", "service": "ntp", "reason": "its clock"},
    ]
    compiled = compile_site(site)
    paths = Paths(compiled.site)
    return {(flow.source.name, flow.destination.name): paths.of(flow) for flow in compiled.flows}


def test_a_flow_meets_the_firewalls_between_its_ends() -> None:
    assert met()["ct1", "pacs1"] == ("core",)
    assert met()["external", "pacs1"] == ("core", "edge")


def test_a_firewall_decides_about_what_is_addressed_to_it_and_not_about_what_it_opens() -> None:
    assert met()["management", "core"] == ("core",)
    assert met()["management", "edge"] == ("core", "edge")
    assert met()["edge", "ops1"] == ("core",)
    assert met()["core", "external"] == ("edge",)


def test_every_policy_holds_exactly_the_flows_that_meet_its_firewall() -> None:
    """The policies are compiled by other code: both must agree."""
    site = lab_site()
    site["conduits"] = [{"from": "external", "to": "pacs1", "service": "https", "reason": "web viewer"}]
    compiled = compile_site(site)
    paths = Paths(compiled.site)
    for name, policy in compiled.policies.items():
        held = {permit.note for passage in policy.passages for permit in passage.permits}
        held |= {admission.note for admission in policy.admissions}
        met_here = {
            f"{flow.source.name} -> {flow.destination.name}" for flow in compiled.flows if name in paths.of(flow)
        }
        assert {note.partition(":")[0] for note in held} == met_here
