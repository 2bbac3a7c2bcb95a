"""The role vpn_ipsec says what is wrong before it touches a gateway: one run, a gateway for each mistake."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from playbooks import PlaybookRun, run_playbook

PLAY = """\
- hosts: gateways
  gather_facts: false
  roles: [pacs.hardening.vpn_ipsec]
"""
TUNNEL = {
    "name": "branch",
    "local": {"addresses": ["203.0.113.1"], "identity": "gw-a.hospital.example"},
    "peer": {"addresses": ["198.51.100.1"], "identity": "gw-b.branch.example"},
    "profile": "cnsa",
    "selectors": [{"local": "10.1.0.10", "remote": "10.2.0.0/24"}],
}


def accepted(what: str, days: int) -> list[dict[str, str]]:
    last = (date.today() + timedelta(days=days)).isoformat()
    return [{"what": what, "reason": "their gateway", "owner": "Anna Example", "expires_on": last}]


GATEWAYS: dict[str, tuple[dict[str, Any], str]] = {
    "no_secret": (
        {"vpn_ipsec_tunnels": [{**TUNNEL, "exceptions": accepted("psk", 9)}]},
        "vpn_ipsec_secrets lacks the pre-shared key of branch, which the exception psk asks for. Add it, from a vault.",
    ),
    "expired": (
        {"vpn_ipsec_tunnels": [{**TUNNEL, "exceptions": accepted("psk", -1)}], "vpn_ipsec_secrets": {"branch": "x"}},
        "so nothing is changed on this gateway. Do without it, or decide again and set a new date.",
    ),
    "weak": (
        {"vpn_ipsec_tunnels": [{**TUNNEL, "ike": ["aes256-sha1-modp1024"]}]},
        "'modp1024' is not allowed by the profile cnsa.",
    ),
    "no_collection": (
        {"vpn_ipsec_tunnels": [TUNNEL], "vpn_ipsec_pki": "site_ca"},
        "the controller has no collection community.crypto. Install it",
    ),
    "relative": (
        {"vpn_ipsec_tunnels": [TUNNEL], "vpn_ipsec_directory": "pki"},
        "vpn_ipsec_directory is pki. Set it to the absolute path of a directory on the controller.",
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PlaybookRun:
    folder: Path = tmp_path_factory.mktemp("vpn")
    common = {"ansible_connection": "local", "vpn_ipsec_site": {}, "vpn_ipsec_directory": str(folder / "pki")}
    hosts = {name: {**common, **variables} for name, (variables, _message) in GATEWAYS.items()}
    (folder / "inventory.json").write_text(json.dumps({"gateways": {"hosts": hosts}}), encoding="utf-8")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    return run_playbook(folder / "play.yml", "--check", inventory=folder / "inventory.json")


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_mistake_is_said_and_nothing_is_done(run: PlaybookRun, name: str) -> None:
    said = " ".join(run.output.split())
    assert GATEWAYS[name][1] in said, run.output
    assert (run.failed[name], run.changed[name]) == (1, 0)
