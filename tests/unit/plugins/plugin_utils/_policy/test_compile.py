"""Each flow is compiled on every firewall on its path, and nowhere else."""

from __future__ import annotations

import pytest
from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document, to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

FLOW = {"source": "10.0.1.5", "destination": "10.0.2.0/24", "protocol": "tcp", "port": 104, "reason": "CT to archive"}
MANAGEMENT = {"sources": ["10.0.9.0/28"]}


def passages(policy: EnforcementPolicy) -> dict[str, list[str]]:
    """What a policy permits, readable."""
    return {
        f"{passage.source_zone} -> {passage.destination_zone} by {passage.interfaces}": [
            f"{permit.source} {permit.destination} {permit.protocol}" for permit in passage.permits
        ]
        for passage in policy.passages
    }


def test_a_flow_between_inner_zones_is_the_inner_firewalls_alone() -> None:
    policies = compile_site(lab_site()).policies
    assert "modality -> pacs by (('modality0', 'pacs0'),)" in passages(policies["core"])
    assert not passages(policies["edge"]), "nothing of the lab crosses the edge"


def test_administration_of_the_outer_firewall_passes_the_inner_one() -> None:
    policies = compile_site(lab_site()).policies
    assert passages(policies["core"])["management -> edge by (('mgmt0', 'uplink0'),)"] == [
        "198.18.0.0/28 198.18.1.14/32 tcp",
        "fd00:18::/64 fd00:18:1::fe/128 tcp",
    ]
    admitted = {(admission.interface, str(admission.source)) for admission in policies["edge"].admissions}
    assert admitted == {("downlink0", "198.18.0.0/28"), ("downlink0", "fd00:18::/64")}


def test_a_flow_from_outside_is_compiled_on_both_firewalls() -> None:
    site = example_site()
    site["conduits"] = [{"from": "external", "to": "pacs1", "service": "https", "reason": "portal"}]
    policies = compile_site(site).policies
    for name, interfaces in (("edge", "(('ens18', 'ens19'),)"), ("core", "(('ens22', 'ens20'),)")):
        assert "0.0.0.0/0 198.18.30.10/32 tcp" in passages(policies[name])[f"external -> pacs by {interfaces}"]


def test_the_outside_is_what_no_zone_declares() -> None:
    site = example_site()
    site["conduits"] = [{"from": "external", "to": "pacs1", "service": "https", "reason": "portal"}]
    spans = compile_site(site).policies["core"].zones["external"]
    declared = [(int(span.first), int(span.last)) for span in compile_site(site).policies["core"].zones["pacs"]]
    for first, last in declared:
        assert not [span for span in spans if span.version == 4 and span.first <= last and first <= span.last]


def test_an_outside_without_addresses_of_a_version_admits_none_of_it() -> None:
    site = example_site()
    site["zones"]["ris"]["networks"] = ["0.0.0.0/0"]
    for name in ("modality", "pacs"):
        site["zones"][name]["networks"] = ["fd00:20::/64"] if name == "modality" else ["fd00:30::/64"]
    site["devices"] = {"ris1": {"zone": "ris", "addresses": ["198.18.40.10"]}}
    site["workflows"] = []
    site["firewalls"]["edge"]["addresses"] = ["198.18.1.1", "fd00:1::1"]
    site["conduits"] = [{"from": "external", "to": "edge", "service": "ntp", "reason": "time"}]
    policy = compile_site(site).policies["edge"]
    assert [str(item.source) for item in policy.admissions if item.protocol == "udp"] == ["::/0"]
    assert {span.version for span in policy.zones["external"]} == {6}


def test_zones_that_no_firewall_joins_are_a_finding() -> None:
    site = example_site()
    for name in ("modality", "ris"):
        del site["firewalls"]["core"]["interfaces"][name]
    findings = [str(finding) for finding in compile_site(site).findings]
    assert "zones modality -> pacs: no firewall lies on the path. Add the interfaces that join these zones." in findings


def test_ends_without_a_common_ip_version_are_a_finding() -> None:
    site = example_site()
    site["devices"]["ct1"]["addresses"] = ["fd00:18:20::11"]
    assert any("ct1 -> pacs1: the two ends share no IP version" in str(item) for item in compile_site(site).findings)


def test_a_firewall_behind_another_needs_an_address_to_be_administered() -> None:
    findings = [str(finding) for finding in compile_site(example_site()).findings]
    assert any(finding.startswith("management -> core: another firewall lies on the path") for finding in findings)


@pytest.mark.parametrize("firewall", ["core", "edge"])
def test_a_policy_survives_its_document(firewall: str) -> None:
    policy = compile_site(lab_site()).policies[firewall]
    assert from_document(to_document(policy)) == policy


def test_a_policy_from_plain_flows() -> None:
    policy = policy_from_flows("fw", [FLOW], MANAGEMENT)
    assert [str(permit.destination) for permit in policy.passages[0].permits] == ["10.0.2.0/24"]
    assert [(admission.interface, str(admission.source)) for admission in policy.admissions] == [("", "10.0.9.0/28")]


@pytest.mark.parametrize(
    ("flows", "management", "message"),
    [
        ([FLOW], {}, "management: nobody could administer this firewall."),
        ([FLOW | {"port": 0}], MANAGEMENT, "flows[0].port: '0' is not a port."),
        ([FLOW | {"protocol": "icmp"}], MANAGEMENT, "flows[0].port: icmp has no ports."),
        ([FLOW | {"source": "fd00::1"}], MANAGEMENT, "flows[0]: source and destination are of different IP versions."),
        ([FLOW | {"dest": "x"}], MANAGEMENT, "flows[0].dest: unknown key."),
        ({"a": 1}, MANAGEMENT, "is not a list."),
    ],
)
def test_bad_plain_flows_are_refused(flows: object, management: object, message: str) -> None:
    with pytest.raises(SiteError) as caught:
        policy_from_flows("fw", flows, management)
    assert message in str(caught.value)


def test_a_damaged_policy_document_is_refused() -> None:
    document = to_document(policy_from_flows("fw", [FLOW], MANAGEMENT))
    document["format"] = 7
    document["passages"][0]["permits"][0]["protocol"] = "carrier pigeon"
    with pytest.raises(SiteError, match=r"2 faults"):
        from_document(document)
