"""The inventories that newcomers read: their sites are sound, and what they say of remote access follows through."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sites import PROJECT, lab_remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from playbooks import WITH_REMOTE_ACCESS, run_playbook

EXAMPLE = PROJECT / "inventories" / "example_hospital"
DAY = date(2026, 12, 1)


def read(path: str) -> Any:
    return yaml.safe_load((EXAMPLE / path).read_text(encoding="utf-8"))


def test_the_example_is_sound_and_its_firewalls_stand_in_their_groups() -> None:
    compiled = compile_site(read("group_vars/all/site.yml")["pacs_site"], DAY)
    assert [str(finding) for finding in compiled.findings] == []
    hosts = read("hosts.yml")
    for firewall in compiled.site.firewalls.values():
        assert firewall.pacs_host in hosts[f"{firewall.kind}_firewalls"]["hosts"]
    managed = {device.pacs_host for device in compiled.site.devices.values() if device.managed}
    assert set(hosts["devices"]["hosts"]) == managed


def test_the_example_lets_readers_and_a_clinic_in_and_a_vendor_through_a_window_only() -> None:
    compiled = compile_site(read("group_vars/all/site.yml")["pacs_site"], DAY)
    from_outside = {
        str(flow).partition(" tcp")[0] for flow in compiled.flows if "reader" in str(flow) or "ct9" in str(flow)
    }
    assert from_outside == {
        "reader1 -> pacs1:11112",
        "reader2 -> pacs1:11112",
        "ct9 -> pacs1:11112",
        "pacs1 -> ct9:104",
    }
    assert not [flow for flow in compiled.flows if "mr_service" in str(flow)]
    assert [str(flow).partition(" tcp")[0] for flow in compiled.interventions] == ["mr_service -> mr1:22"]


def test_the_site_of_the_lab_with_its_gateways_is_what_ansible_makes_of_both_inventories(tmp_path: Path) -> None:
    kept = tmp_path / "site.json"
    tasks = {
        "ansible.builtin.copy": {"content": "{{ pacs_site | to_json }}", "dest": str(kept)},
        "delegate_to": "localhost",
    }
    playbook = tmp_path / "play.yml"
    play = {"name": "Keep it", "hosts": "edge", "gather_facts": False, "tasks": [tasks]}
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = run_playbook(playbook, *WITH_REMOTE_ACCESS)
    assert done.ok, done.output
    assert yaml.safe_load(kept.read_text(encoding="utf-8")) == lab_remote_site()
    assert compile_site(lab_remote_site(), DAY).site.remote_access.ipsec


@pytest.mark.parametrize("limit", ["all", "core"])
def test_a_site_without_remote_access_has_no_gateway(tmp_path: Path, limit: str) -> None:
    """The play of the gateways of the playbook site, with its first one; nothing is connected to."""
    plays = yaml.safe_load((PROJECT / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    gateways = next(play for play in plays if play["name"] == "Run the gateways of remote access")
    gateways["tasks"] = [
        {"name": "A gateway", "ansible.builtin.debug": {"msg": "{{ pacs__gateways[inventory_hostname] }}"}}
    ]
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([plays[0], gateways], sort_keys=False), encoding="utf-8")
    assert "A gateway" not in run_playbook(playbook, "--limit", limit).output
    with_gateways = run_playbook(playbook, "--limit", limit, *WITH_REMOTE_ACCESS)
    assert with_gateways.ok, with_gateways.output
    assert ("A gateway" in with_gateways.output) == (limit == "all")
    if limit == "all":
        assert with_gateways.output.count("ok: [edge]") == 1 and "ok: [core]" not in with_gateways.output
