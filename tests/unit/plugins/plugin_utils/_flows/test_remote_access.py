"""What carries a VPN is a flow like any other; what only a window opens is none."""

from __future__ import annotations

import pytest
from sites import lab_site, remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site


def test_flows_of_remote_access() -> None:
    own = {str(flow) for flow in derive(load_site(lab_site()).site).flows}
    derived = derive(load_site(remote_site()).site)
    assert [str(flow) for flow in derived.flows if str(flow) not in own] == [
        "reader1 -> pacs1:11112 tcp, conduit teleradiology",
        "ct9 -> pacs1:11112 tcp, conduit images of the branch",
        "ct1 -> hub:443 tcp, telemetry remote diagnosis",
        "external -> edge:1194 udp, vpn clients of people",
        "gw-b.branch.example -> edge:500 udp, vpn IKE of tunnel branch",
        "edge -> gw-b.branch.example:500 udp, vpn IKE of tunnel branch",
        "gw-b.branch.example -> edge:4500 udp, vpn IKE and ESP of tunnel branch",
        "edge -> gw-b.branch.example:4500 udp, vpn IKE and ESP of tunnel branch",
        "vpn.acme.example -> edge:500 udp, vpn IKE of tunnel vendor",
        "edge -> vpn.acme.example:500 udp, vpn IKE of tunnel vendor",
        "vpn.acme.example -> edge:4500 udp, vpn IKE and ESP of tunnel vendor",
        "edge -> vpn.acme.example:4500 udp, vpn IKE and ESP of tunnel vendor",
    ]
    assert [str(flow) for flow in derived.interventions] == [
        "vendor1 -> ct1:22 tcp, intervention service of the scanner",
        "hub -> ct1:443 tcp, intervention remote service",
    ]
    assert derived.findings == ()


def test_no_policy_permits_an_intervention() -> None:
    policies = compile_site(remote_site()).policies
    permitted = {
        (str(permit.source), str(permit.destination), permit.ports.first if permit.ports else 0)
        for policy in policies.values()
        for passage in policy.passages
        for permit in passage.permits
    }
    assert ("198.18.80.10/32", "198.18.30.10/32", 11112) in permitted
    assert not [one for one in permitted if one[0] in ("198.18.80.20/32", "198.18.100.5/32")]


def test_only_the_peers_gateway_reaches_ike_and_everybody_the_server() -> None:
    admitted = {
        (admission.interface, str(admission.source), admission.ports.first if admission.ports else 0)
        for admission in compile_site(remote_site()).policies["edge"].admissions
        if admission.source.version == 4
    }
    assert admitted == {
        ("downlink0", "198.18.0.0/28", 22),
        ("external0", "0.0.0.0/0", 1194),
        ("external0", "198.19.0.66/32", 500),
        ("external0", "198.19.0.66/32", 4500),
        ("external0", "198.19.0.77/32", 500),
        ("external0", "198.19.0.77/32", 4500),
    }


def test_a_gateway_behind_another_firewall_is_let_through_there() -> None:
    site = remote_site()
    site["firewalls"]["core"]["interfaces"]["branch"] = {"interface": "uplink0", "tunnel": "branch"}
    del site["firewalls"]["edge"]["interfaces"]["branch"]
    site["remote_access"]["ipsec"]["branch"].update(
        gateway="core", local={"addresses": ["198.18.1.1"], "identity": "a"}
    )
    edge = compile_site(site).policies["edge"]
    ways = {(passage.source_zone, passage.destination_zone): passage for passage in edge.passages}
    assert {str(permit.destination) for permit in ways["external", "core"].permits} == {"198.18.1.1/32"}
    assert {str(permit.source) for permit in ways["core", "external"].permits} == {"198.18.1.1/32"}
    assert len(edge.zones["core"]) == 3, "found by the address of the tunnel, too"
    assert not [pair for pair in ways if "branch" in pair], "what is inside the tunnel passes this one unseen"


@pytest.mark.parametrize(
    "conduit",
    [
        {"from": "vendor1", "to": "ct1", "service": "ssh", "reason": "convenience"},
        {"from": "remote", "to": "modality", "protocol": "tcp", "ports": ["1-1000"], "reason": "convenience"},
    ],
)
def test_an_intervention_that_stands_open_is_refused(conduit: dict[str, object]) -> None:
    site = remote_site()
    site["conduits"].append(conduit)
    with pytest.raises(SiteError, match=r"is an intervention, but '.*convenience' allows some of it always"):
        compile_site(site)


def test_another_port_or_another_device_is_no_contradiction() -> None:
    site = remote_site()
    site["conduits"] += [
        {"from": "vendor1", "to": "ct1", "service": "https", "reason": "manuals"},
        {"from": "reader1", "to": "ct1", "service": "ssh", "reason": "console"},
        {"from": "external", "to": "ct1", "service": "ssh", "reason": "a bad idea, but another one"},
    ]
    assert len(derive(load_site(site).site).interventions) == 2
