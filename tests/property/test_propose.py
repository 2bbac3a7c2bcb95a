"""Whatever was seen, what is proposed loads, reads back from its YAML, and permits exactly what was recognised."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from seen_flows import seen

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.cut import cut_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.evidence import gather
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.proposal_text import proposal_text
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.propose import propose, usable_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.site_text import site_text
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sorting import sort_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

pytestmark = pytest.mark.together

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
PORTS = (22, 53, 80, 104, 104, 104, 123, 443, 2575, 2762, 4444, 11112, 11112, 11112, 50000)
_counted: list[tuple[int, int]] = []
ZONES = {
    "management": 0,
    "modality": 20,
    "pacs": 30,
    "ris": 40,
    "his": 50,
    "reading": 60,
}


def hospital(random: Random) -> dict[str, Any]:
    """The lab's zones, with devices of which some are declared, in part."""
    names = list(ZONES)
    if random.random() < 0.3:
        names = [f"zone{number}" for number in range(len(names))]
    zones: dict[str, Any] = {
        name: {"networks": [f"10.0.{third}.0/24", f"fd00:{third}::/64"]}
        for name, third in zip(names, ZONES.values(), strict=True)
    }
    zones["external"] = {"networks": ["any"]}
    devices: dict[str, Any] = {}
    for number in range(random.randrange(6)):
        zone = random.choice(names[1:])
        third = list(ZONES.values())[names.index(zone)]
        device: dict[str, Any] = {"zone": zone, "addresses": [f"10.0.{third}.{number + 1}"]}
        if random.random() < 0.4:
            device["addresses"].append(f"fd00:{third}::{number + 1}")
        if random.random() < 0.1 and not any(one["zone"] == zone for one in devices.values()):
            device["addresses"].append(f"10.0.{third}.8")
        if random.random() < 0.5:
            connections = [{"port": port} for port in random.sample([104, 4006, 11112], random.randint(0, 2))]
            device["application_entities"] = [{"title": f"AE{random.randrange(4)}", "connections": connections}]
        if random.random() < 0.3:
            device["hl7_applications"] = [{"name": f"HL{number}", "connections": [{"port": 2575}]}]
        if random.random() < 0.4:
            actors = ["acquisition_modality", "image_manager_archive", "order_filler", "order_placer", "image_display"]
            device["actors"] = random.sample(actors, random.randint(1, 2))
        device["managed"] = random.random() < 0.3
        devices[f"device{number}"] = device
    interfaces = {name: f"eth{number}" for number, name in enumerate((*names, "external"))}
    return {
        "name": "Random",
        "management": {"sources": ["10.0.0.0/28"]},
        "zones": zones,
        "devices": devices,
        "firewalls": {"core": {"kind": "internal", "addresses": ["10.0.0.14"], "interfaces": interfaces}},
    }


def day(random: Random) -> list[dict[str, Any]]:
    """What was seen: a little of everything, with a workflow's shape here and there."""
    rows = clinical(random) if random.random() < 0.6 else []
    for _number in range(random.randrange(1, 25)):
        ends = []
        for _end in range(2):
            third, last = random.choice(list(ZONES.values())), random.randint(1, 8)
            ends.append((f"10.0.{third}.{last}", f"fd00:{third}::{last}"))
        version = random.random() < 0.2
        here, there = ends[0][version], ends[1][version]
        if random.random() < 0.05:
            here = "203.0.113.7"
        if random.random() < 0.05:
            there = random.choice(["10.0.0.14", "203.0.113.9"])
        protocol, port = random.choice(["tcp", "tcp", "tcp", "udp"]), random.choice(PORTS)
        rows.append(row(random, here, there, protocol, port))
        if random.random() < 0.5:
            rows.append(row(random, there, here, protocol, port))
    return [one for one in rows if one["source"] != "10.0.0.14"] or day(random)


def clinical(random: Random) -> list[dict[str, Any]]:
    """Connections of the shape that a workflow has, now and then with a gap."""
    archive, filler, port = f"10.0.30.{random.randint(1, 3)}", "10.0.40.1", random.choice([104, 11112])
    pairs = []
    for last in random.sample(range(1, 9), random.randint(1, 4)):
        modality, display = f"10.0.20.{last}", f"10.0.60.{last}"
        pairs += [(modality, archive), (archive, modality), (modality, filler)]
        if random.random() < 0.4:
            pairs += [(display, archive), (archive, display)]
    rows = [row(random, *pair, "tcp", port) for pair in pairs if random.random() < 0.95]
    return [*rows, row(random, "10.0.50.1", filler, "tcp", 2575)]


def row(random: Random, source: str, destination: str, protocol: str, port: int) -> dict[str, Any]:
    ends = {"source": source, "destination": destination, "protocol": protocol, "port": port}
    return {**ends, "count": random.randint(1, 9), "idle": 60, "declared": False}


def ends_by_address(site: dict[str, Any]) -> dict[str, str]:
    """Names of devices and firewalls by each of their addresses."""
    named = {**site.get("devices", {}), **site["firewalls"]}
    return {address: name for name, end in named.items() for address in end["addresses"]}


@pytest.mark.parametrize("seed", range(150))
def test_random_days_of_random_hospitals(seed: int) -> None:
    random = Random(f"propose {seed}")
    site, rows = hospital(random), day(random)
    usable = usable_site(site)
    views = views_of(usable.site, {"core": seen(undeclared=rows, own_addresses=["10.0.0.14"])})
    proposal = propose(usable, views, [])

    read = yaml.safe_load(proposal_text(proposal, views, [], NOW))["pacs_site"]
    assert read == proposal.site
    compiled = compile_site(read)
    recognised = sort_flows(usable.site, gather(usable.site, views, [])).recognised
    names = ends_by_address(read)
    expected = {
        (names[key.source], names[key.destination], key.protocol, key.port)
        for key in (one.flow.key for one in recognised)
    }
    permitted = {
        (flow.source.name, flow.destination.name, flow.protocol, flow.ports and flow.ports.first)
        for flow in compiled.flows
        if flow.source.kind != "management"
    }
    assert permitted == expected
    through = [one.flow for one in recognised if one.source.zone != one.destination.zone]
    assert cut_flows(compiled.site, compiled.policies["core"], views["core"], through) == ()

    again = propose(usable_site(read), views, [])
    assert again.site["devices"] == proposal.site["devices"]
    assert again.new_devices == []
    _counted.append((len(expected), len(proposal.site.get("workflows", ()))))


def test_that_was_enough() -> None:
    if len(_counted) < 150:
        pytest.skip("not all of this file was run")
    assert sum(flows for flows, _workflows in _counted) > 1500
    assert sum(workflows for _flows, workflows in _counted) > 40


_TEXT = st.text(max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXT | st.sampled_from(["devices", "zones", "firewalls"]), _VALUES, max_size=4))
def test_any_document_reads_back_from_its_text(document: dict[str, Any]) -> None:
    assert yaml.safe_load(site_text(document, {}))["pacs_site"] == (document or None)
