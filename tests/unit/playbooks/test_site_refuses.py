"""The playbook site refuses a broken site in one clear message, before it connects to anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sites import lab_site

from playbooks import run_playbook

Break = Callable[[dict[str, Any]], object]

# Each with the place in the document and the remedy that the user must read.
BROKEN: dict[str, tuple[Break, str, str]] = {
    "unknown zone": (
        lambda site: site["devices"]["ct1"].update(zone="modalty"),
        "pacs_site.devices.ct1.zone: no zone is named 'modalty'.",
        "Did you mean 'modality'?",
    ),
    "address outside its zone's networks": (
        lambda site: site["devices"]["ct1"].update(addresses=["198.18.30.99"]),
        "pacs_site.devices.ct1.addresses[0]: 198.18.30.99 is outside the networks of zone 'modality'",
        "Correct the address, move the device, or add the network to zone 'modality'.",
    ),
    "same AE title twice on one device": (
        lambda site: site["devices"]["ct1"]["application_entities"].append({"title": "CT1"}),
        "pacs_site.devices.ct1.application_entities[1].title: the AE title 'CT1' stands twice on this device.",
        "Keep one entry with all its connections.",
    ),
    "AE title of 17 bytes": (
        lambda site: site["devices"]["ct1"]["application_entities"][0].update(title="CT1_RADIOLOGY_EAS"),
        "pacs_site.devices.ct1.application_entities[0].title: 'CT1_RADIOLOGY_EAS': an AE title has at most 16 bytes",
        "Write the title as the device itself has it configured.",
    ),
    "overlapping networks of two zones": (
        lambda site: site["zones"]["ris"]["networks"].append("198.18.30.128/25"),
        "pacs_site.zones.ris.networks: 198.18.30.128/25 overlaps 198.18.30.0/24 of zone 'pacs'.",
        "Give each address to one zone only.",
    ),
    "port 70000": (
        lambda site: site["devices"]["ct1"]["application_entities"][0]["connections"][0].update(port=70000),
        "pacs_site.devices.ct1.application_entities[0].connections[0].port: '70000' is not a port.",
        "Use a whole number from 1 to 65535.",
    ),
    "misspelt key": (
        lambda site: site.update(firewals=site.pop("firewalls")),
        "pacs_site.firewals: unknown key.",
        "Did you mean 'firewalls'?",
    ),
    "workflow naming no archive": (
        lambda site: site["workflows"][0].pop("archive"),
        "pacs_site.workflows[0]: the key 'archive' is missing.",
        "Add 'archive'.",
    ),
    "no management sources": (
        lambda site: site["management"].pop("sources"),
        "pacs_site.management: the key 'sources' is missing.",
        "Add 'sources'.",
    ),
    "interface naming nothing": (
        lambda site: site["firewalls"]["core"]["interfaces"].update(modalty="eth9"),
        "pacs_site.firewalls.core.interfaces.modalty: no zone is named 'modalty'.",
        "Did you mean 'modality'?",
    ),
}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Firewalls that can't be reached: a run that tried to would end as unreachable, not as failed."""
    path = tmp_path / "hosts.yml"
    path.write_text(
        """
all:
  vars: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9, ansible_ssh_retries: 0}
  children:
    internal_firewalls: {hosts: {core: }}
    external_firewalls: {hosts: {edge: }}
""",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_site_ends_in_one_message_with_place_and_remedy(name: str, inventory: Path) -> None:
    breaks, place, remedy = BROKEN[name]
    site = lab_site()
    breaks(site)
    done = run_playbook("pacs.hardening.site", variables={"pacs_site": site}, inventory=inventory)
    assert not done.ok
    text = " ".join(done.output.split())
    assert f"{place}" in text and remedy in text, done.output
    assert "The declared site has 1 fault; nothing was changed." in text
    assert "Traceback" not in done.output
    assert sum(done.failed.values()) == 1 and not any(done.changed.values()), done.output
    assert not any(done.unreachable.values()), "it didn't even try to connect"


def test_a_good_site_goes_on_to_connect(inventory: Path) -> None:
    """The control: with nothing wrong the same run does try to reach the firewall."""
    done = run_playbook("pacs.hardening.site", variables={"pacs_site": lab_site()}, inventory=inventory)
    assert done.unreachable["core"] == 1, done.output


def test_a_firewall_that_the_inventory_lacks_is_missed(inventory: Path) -> None:
    inventory.write_text(inventory.read_text(encoding="utf-8").replace("edge", "rim"), encoding="utf-8")
    done = run_playbook("pacs.hardening.site", variables={"pacs_site": lab_site()}, inventory=inventory)
    assert not done.ok and "external_firewalls: edge. Add them there, or set their pacs_host." in " ".join(
        done.output.split()
    )
    assert not any(done.unreachable.values())


def test_no_site_at_all_says_what_to_set(inventory: Path) -> None:
    done = run_playbook("pacs.hardening.site", inventory=inventory)
    assert not done.ok
    assert "pacs_site: no site is declared. Set pacs_site" in " ".join(done.output.split())
