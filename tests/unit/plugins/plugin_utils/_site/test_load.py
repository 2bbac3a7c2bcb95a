"""Loading a site: what is right loads, and each thing that is wrong says where, what and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sites import example_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

Break = Callable[[dict[str, Any]], object]

CT1 = "pacs_site.devices.ct1"


def faults_of(document: object) -> list[str]:
    """All faults of a document, as the user reads them."""
    with pytest.raises(SiteError) as caught:
        load_site(document)
    return [str(fault) for fault in caught.value.faults]


def test_example_site_loads() -> None:
    loaded = load_site(example_site())
    assert list(loaded.site.devices) == ["ct1", "pacs1", "ris1"]
    assert loaded.site.devices["ct1"].probe == "passive", "a modality is only watched until somebody says otherwise"
    assert loaded.site.devices["pacs1"].probe == "echo"
    assert [str(warning) for warning in loaded.warnings] == [
        "pacs_site.management.sources[0]: 198.18.0.0/28 lies in no declared zone,"
        " so it is expected from zone 'external'. Declare a zone with this network."
    ]


def test_antivirus_of_a_device() -> None:
    site = example_site()
    site["devices"]["pacs1"]["antivirus"] = {"agent": "clamav", "profiles": "orthanc"}
    site["devices"]["ct1"]["antivirus"] = {"mds2": {"MLDP-2.3": False, "MLDP-4": "yes", "MLDP-3": "not_applicable"}}
    devices = load_site(site).site.devices
    assert (devices["pacs1"].antivirus.agent, devices["pacs1"].antivirus.profiles) == ("clamav", ("orthanc",))
    assert devices["ct1"].antivirus.forbidden_by == ("MLDP-2.3",)
    assert devices["ct1"].antivirus.instead == ("MLDP-4",)
    assert devices["ris1"].antivirus.agent is None and not devices["ris1"].antivirus.forbidden_by


def test_lab_site_loads_without_a_warning() -> None:
    assert load_site(lab_site()).warnings == ()


BROKEN: dict[str, tuple[Break, str]] = {
    "unknown zone": (
        lambda site: site["devices"]["ct1"].update(zone="modalty"),
        f"{CT1}.zone: no zone is named 'modalty'. Did you mean 'modality'?",
    ),
    "address outside its zone": (
        lambda site: site["devices"]["ct1"].update(addresses=["198.18.30.99"]),
        f"{CT1}.addresses[0]: 198.18.30.99 is outside the networks of zone 'modality' (it lies in zone 'pacs')."
        " Correct the address, move the device, or add the network to zone 'modality'.",
    ),
    "same AE title twice on one device": (
        lambda site: site["devices"]["ct1"]["application_entities"].append({"title": "CT1"}),
        f"{CT1}.application_entities[1].title: the AE title 'CT1' stands twice on this device."
        " Keep one entry with all its connections.",
    ),
    "AE title of 17 bytes": (
        lambda site: site["devices"]["ct1"]["application_entities"][0].update(title="CT1_RADIOLOGY_EAS"),
        f"{CT1}.application_entities[0].title: 'CT1_RADIOLOGY_EAS': an AE title has at most 16 bytes, this one has 17."
        " Write the title as the device itself has it configured.",
    ),
    "overlapping networks of two zones": (
        lambda site: site["zones"]["ris"].update(networks=["198.18.30.128/25", "198.18.40.0/24"]),
        "pacs_site.zones.ris.networks: 198.18.30.128/25 overlaps 198.18.30.0/24 of zone 'pacs'."
        " Give each address to one zone only.",
    ),
    "port 70000": (
        lambda site: site["devices"]["ct1"]["application_entities"][0]["connections"][0].update(port=70000),
        f"{CT1}.application_entities[0].connections[0].port: '70000' is not a port."
        " Use a whole number from 1 to 65535.",
    ),
    "misspelt key": (
        lambda site: site.update(firewals=site.pop("firewalls")),
        "pacs_site.firewals: unknown key. Did you mean 'firewalls'?",
    ),
    "workflow naming no archive": (
        lambda site: site["workflows"][0].pop("archive"),
        "pacs_site.workflows[0]: the key 'archive' is missing. Add 'archive'.",
    ),
    "no management sources": (
        lambda site: site["management"].update(sources=[]),
        "pacs_site.management.sources: an empty list. Name the networks from which hosts are administered.",
    ),
    "management without sources": (
        lambda site: site["management"].pop("sources"),
        "pacs_site.management: the key 'sources' is missing. Add 'sources'.",
    ),
    "no management at all": (
        lambda site: site.pop("management"),
        "pacs_site: the key 'management' is missing. Add 'management'.",
    ),
    "interface naming nothing": (
        lambda site: site["firewalls"]["core"]["interfaces"].update(modalty="ens23"),
        "pacs_site.firewalls.core.interfaces.modalty: no zone is named 'modalty'. Did you mean 'modality'?"
        " A leg to another firewall is written {interface: ..., via: FIREWALL}.",
    ),
    "contact of two lines": (
        lambda site: site["devices"]["ct1"].update(contact="Anna\nExample"),
        f"{CT1}.contact: 'Anna?Example' is not a usable text. Write one line of 1 to 200 printable characters.",
    ),
    "antivirus that nobody renders": (
        lambda site: site["devices"]["pacs1"].update(antivirus={"agent": "clamav2"}),
        "pacs_site.devices.pacs1.antivirus.agent: 'clamav2' is not known here. Did you mean 'clamav'?",
    ),
    "antivirus that the maker forbids": (
        lambda site: site["devices"]["ct1"].update(antivirus={"agent": "clamav", "mds2": {"MLDP-2.3": False}}),
        f"{CT1}.antivirus: its maker forbids antivirus (MDS2 MLDP-2.3: no), and an agent is named."
        " Remove agent, or correct the answer.",
    ),
    "profiles for no agent": (
        lambda site: site["devices"]["pacs1"].update(antivirus={"profiles": ["orthanc"]}),
        "pacs_site.devices.pacs1.antivirus.profiles: profiles without an agent. Name the agent, or remove profiles.",
    ),
    "another question of the MDS2": (
        lambda site: site["devices"]["ct1"].update(antivirus={"mds2": {"MLDP-2.30": "no"}}),
        f"{CT1}.antivirus.mds2: 'MLDP-2.30' is no question that decides here. Did you mean 'MLDP-2.3'?",
    ),
    "an answer of the MDS2 that is none": (
        lambda site: site["devices"]["ct1"].update(antivirus={"mds2": {"MLDP-2": "see note"}}),
        f"{CT1}.antivirus.mds2.MLDP-2: 'see note' is not known here. Known: no, not_applicable, yes.",
    ),
    "management from everywhere": (
        lambda site: site["management"].update(sources=["0.0.0.0/0"]),
        "pacs_site.management.sources[0]: 0.0.0.0/0 is the whole address space."
        " Name the networks of the administrators.",
    ),
    "management from nowhere": (
        lambda site: (
            site["zones"].pop("external")
            and site["firewalls"].pop("edge")
            and site["firewalls"]["core"]["interfaces"].pop("uplink")
        ),
        "pacs_site.management.sources[0]: 198.18.0.0/28 lies in no declared zone,"
        " so no firewall knows where it comes from. Declare a zone with this network.",
    ),
    "bits behind the prefix": (
        lambda site: site["zones"]["pacs"].update(networks=["198.18.30.10/24"]),
        "pacs_site.zones.pacs.networks[0]: '198.18.30.10/24' has bits set behind its prefix. Write 198.18.30.0/24.",
    ),
    "host name for an address": (
        lambda site: site["devices"]["ct1"].update(addresses=["ct1.example.org"]),
        f"{CT1}.addresses[0]: 'ct1.example.org' is not an IP address."
        " Write an IPv4 or IPv6 address; host names are not looked up.",
    ),
    "the same address twice": (
        lambda site: site["devices"]["ris1"].update(zone="pacs", addresses=["198.18.30.10"]),
        "pacs_site.devices.ris1.addresses[0]: 198.18.30.10 belongs to 'pacs1'."
        " Give each address to one device; a device may have several actors.",
    ),
    "one archive must know the same title twice": (
        lambda site: site["devices"]["ct1"]["application_entities"][0].update(title="PACS1"),
        "pacs_site.devices.pacs1.application_entities: the AE title 'PACS1' is also that of 'ct1',"
        " and 'pacs1' must know both. Give each a title of its own.",
    ),
    "archive that doesn't listen": (
        lambda site: site["devices"]["pacs1"].pop("application_entities"),
        "pacs_site.workflows[0].archive: 'pacs1' declares no AE with a port, so images (RAD-8) can't reach it."
        " Add application_entities with title and connections to devices.pacs1.",
    ),
    "unknown device in a workflow": (
        lambda site: site["workflows"][0].update(modalities=["ct11"]),
        "pacs_site.workflows[0].modalities[0]: no device is named 'ct11'. Did you mean 'ct1'?",
    ),
    "conduit without a service": (
        lambda site: site["conduits"][0].pop("service"),
        "pacs_site.conduits[0]: it must say either a service or a protocol with ports."
        " Give service, or both protocol and ports.",
    ),
    "ports backwards": (
        lambda site: (site["conduits"][0].pop("service"), site["conduits"][0].update(protocol="tcp", ports=["20-10"])),
        "pacs_site.conduits[0].ports[0]: the range '20-10' runs backwards. Write 10-20.",
    ),
    "unknown service": (
        lambda site: site["conduits"][0].update(service="htps"),
        "pacs_site.conduits[0].service: 'htps' is not known here. Did you mean 'https'?",
    ),
    "leg without a way back": (
        lambda site: site["firewalls"]["edge"]["interfaces"].pop("downlink"),
        "pacs_site.firewalls.core.interfaces.uplink.via: 'edge' has no interface that leads back."
        " Add a leg with via: core to firewalls.edge.interfaces.",
    ),
    "interface name that no kernel has": (
        lambda site: site["firewalls"]["core"]["interfaces"].update(pacs="a-very-long-interface"),
        "pacs_site.firewalls.core.interfaces.pacs: 'a-very-long-interface' is not an interface name."
        " Use the system's name for it, at most 15 characters.",
    ),
    "a name for two things": (
        lambda site: (
            site["devices"].update(pacs=site["devices"].pop("pacs1"))
            or site["workflows"][0].update(archive="pacs")
            or site["conduits"][0].update(to="pacs")
        ),
        "pacs_site.devices.pacs: the name is also used under zones. A conduit couldn't tell them apart: rename one.",
    ),
    "nothing at all": (
        lambda site: site.clear(),
        "pacs_site: no site is declared. Set pacs_site; the collection's inventories/lab shows one.",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_site_says_where_and_how_to_mend_it(name: str) -> None:
    breaks, message = BROKEN[name]
    site = example_site()
    breaks(site)
    assert faults_of(site) == [message]


def test_all_faults_are_reported_at_once() -> None:
    site = example_site()
    site["devices"]["ct1"].update(zone="nowhere", adresses=[])
    site["zones"]["ris"]["networks"] = ["198.18.40.0/33"]
    del site["name"]
    assert [fault.split(":")[0] for fault in faults_of(site)] == [
        "pacs_site",
        "pacs_site.zones.ris.networks[0]",
        "pacs_site.devices.ct1.adresses",
        "pacs_site.devices.ct1.zone",
    ]


@pytest.mark.parametrize("document", [None, {}, [], "site", 3, True, {"name": 1}], ids=repr)
def test_what_is_no_site_is_said_so(document: object) -> None:
    assert faults_of(document)


def test_titles_that_products_ship_with_and_case_twins_are_warned_of() -> None:
    site = example_site()
    site["devices"]["pacs1"]["application_entities"][0]["title"] = "ORTHANC"
    site["devices"]["ris1"]["application_entities"][0]["title"] = "ct1"
    warnings = [str(warning) for warning in load_site(site).warnings]
    assert any("'ORTHANC' is the title a product ships with" in warning for warning in warnings)
    assert any("'ct1' and 'CT1' differ only in case" in warning for warning in warnings)


def test_two_zones_on_one_interface_are_a_warning_not_a_fault() -> None:
    site = example_site()
    site["firewalls"]["core"]["interfaces"]["ris"] = "ens20"
    assert any("share the interface ens20" in str(warning) for warning in load_site(site).warnings)


def test_numeric_text_is_a_port() -> None:
    site = example_site()
    site["devices"]["ct1"]["application_entities"][0]["connections"][0]["port"] = "104"
    assert load_site(site).site.devices["ct1"].application_entities[0].connections[0].port == 104


def test_a_device_may_name_whom_to_ask() -> None:
    site = example_site()
    site["devices"]["ct1"]["contact"] = "Anna Example, ext. 4711"
    loaded = load_site(site).site.devices
    assert (loaded["ct1"].contact, loaded["pacs1"].contact) == ("Anna Example, ext. 4711", None)
