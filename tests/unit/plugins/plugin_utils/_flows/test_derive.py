"""Flows follow from the workflows, reverse connections included."""

from __future__ import annotations

from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.model import Derived
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site


def derived(document: object) -> Derived:
    """Load and derive."""
    return derive(load_site(document).site)


def test_flows_of_the_lab() -> None:
    assert [str(flow) for flow in derived(lab_site()).flows] == [
        "his1 -> ris1:2575 tcp, RAD-2 placer order",
        "ris1 -> his1:2575 tcp, RAD-3 filler order",
        "ct1 -> ris1:11112 tcp, RAD-5 worklist query",
        "ct1 -> pacs1:11112 tcp, RAD-8 images stored; RAD-10 storage commitment request",
        "pacs1 -> ct1:11112 tcp, RAD-10 storage commitment result",
        "ws1 -> pacs1:11112 tcp, RAD-14 image query; RAD-16 image retrieval",
        "pacs1 -> ws1:11112 tcp, RAD-16 delivery of retrieved images",
        "management -> core:22 tcp, management administration",
        "management -> edge:22 tcp, management administration",
        "management -> pacs1:22 tcp, management administration",
        "management -> ris1:22 tcp, management administration",
        "management -> his1:22 tcp, management administration",
        "management -> ws1:22 tcp, management administration",
        "management -> ops1:22 tcp, management administration",
    ]


def test_unmanaged_devices_are_not_administered() -> None:
    assert not [
        flow for flow in derived(lab_site()).flows if flow.destination.name == "ct1" and "management" in str(flow)
    ]


def test_commitment_without_a_way_back_is_a_finding() -> None:
    site = example_site()
    del site["devices"]["ct1"]["application_entities"]
    result = derived(site)
    assert not [flow for flow in result.flows if flow.destination.name == "ct1"]
    assert [str(finding) for finding in result.findings] == [
        "pacs_site.workflows[0]: RAD-10 storage commitment result from 'pacs1' has no port to reach at 'ct1'."
        " If it is used, add application_entities with connections to devices.ct1; else ignore this."
    ]


def test_conduit_to_dicom_of_a_zone_reaches_each_device_with_an_ae() -> None:
    site = example_site()
    site["conduits"] = [{"from": "ris1", "to": "modality", "service": "dicom", "reason": "prior images"}]
    assert "ris1 -> ct1:104 tcp, conduit prior images" in [str(flow) for flow in derived(site).flows]


def test_conduit_with_ports_and_with_several_ends() -> None:
    site = example_site()
    site["conduits"] = [
        {"from": ["ris1", "modality"], "to": "pacs1", "protocol": "udp", "ports": [514, "600-610"], "reason": "logs"}
    ]
    texts = [str(flow) for flow in derived(site).flows if "logs" in str(flow)]
    assert texts == [
        "ris1 -> pacs1:514 udp, conduit logs",
        "modality -> pacs1:514 udp, conduit logs",
        "ris1 -> pacs1:600-610 udp, conduit logs",
        "modality -> pacs1:600-610 udp, conduit logs",
    ]


def test_ends_in_one_zone_are_a_finding() -> None:
    site = example_site()
    site["devices"]["pacs2"] = {"zone": "pacs", "addresses": ["198.18.30.11"]}
    site["conduits"] = [{"from": "pacs1", "to": "pacs2", "service": "https", "reason": "replication"}]
    assert "'pacs1' and 'pacs2' both stand in zone 'pacs'" in str(derived(site).findings[0])


def test_ping_has_no_port() -> None:
    site = example_site()
    site["conduits"] = [{"from": "ris1", "to": "pacs1", "service": "ping", "reason": "monitoring"}]
    assert "ris1 -> pacs1 icmp, conduit monitoring" in [str(flow) for flow in derived(site).flows]
