"""In this order: the tunnel is up, the guard holds, a revoked gateway stays out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import authority, nodes
from playbooks import LAB_INVENTORY, PlaybookRun, run_playbook

HERE = Path(__file__).resolve().parents[1]
PKI = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "pki"
ARCHIVE, PORT = "198.18.30.10", "11112"


def again() -> PlaybookRun:
    """The role once more on both gateways."""
    done = run_playbook(HERE / "gateways.yml", variables={"pki": str(PKI)})
    assert done.ok, done.output
    return done


def evidence(node: str) -> dict[str, Any]:
    """What the module that reads evidence says of IPsec there; refusals are read in the real journal."""
    arguments = json.dumps({"parts": ["ipsec"], "timeout": 10})
    tool = Path(sys.executable).parent / "ansible"
    command = [str(tool), "-i", str(LAB_INVENTORY), node, "-m", "pacs.hardening.host_evidence_info", "-a", arguments]
    plain = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    assert done.returncode == 0, done.stdout + done.stderr
    part = yaml.safe_load(done.stdout.partition("=>")[2])["evidence"]["parts"]["ipsec"]
    assert part["status"] == "ok", part
    found: dict[str, Any] = part["value"]
    return found


def reaches(node: str) -> bool:
    """Whether a node reaches the archive."""
    return nodes.run(node, ["/usr/bin/nc", "-z", "-w", "2", ARCHIVE, PORT]).returncode == 0


def soon(node: str, patience: float = 15) -> bool:
    """The same, as soon as the tunnel is up again."""
    deadline = time.monotonic() + patience
    while not reaches(node):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def sas(node: str) -> str:
    return nodes.run(node, ["/usr/sbin/swanctl", "--list-sas"], check=True).stdout


@pytest.mark.parametrize("node", ["edge", "core"])
def test_the_tunnel_is_up_and_carries_what_crosses(node: str) -> None:
    assert soon("outsider")
    listed = sas(node)
    assert "ESTABLISHED" in listed and "INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-256" in listed
    assert "AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384" in listed
    seen = evidence(node)
    assert {(sa["state"], sa["version"], sa["revoked"]) for sa in seen["sas"]} == {("ESTABLISHED", 2, False)}
    assert seen["answers"] and seen["lists"] and isinstance(seen["refusals"], list)
    assert "enabled" in nodes.run(node, ["/bin/systemctl", "is-enabled", "strongswan"]).stdout


def test_the_key_is_roots_alone_and_never_left() -> None:
    mode = nodes.run("edge", ["/usr/bin/stat", "-c", "%a %U", "/etc/swanctl/private/pacs-gateway.key"], check=True)
    assert mode.stdout.split() == ["600", "root"]
    assert list(PKI.glob("*.key")) == []


def test_the_guard_outlives_the_daemon_and_a_reload_of_nftables() -> None:
    assert reaches("ct1"), "it doesn't go through the tunnel"
    nodes.run("core", ["/bin/systemctl", "stop", "strongswan"], check=True)
    nodes.run("edge", ["/bin/systemctl", "stop", "strongswan"], check=True)
    try:
        assert not reaches("outsider")
        for node in ("edge", "core"):
            nodes.run(node, ["/bin/systemctl", "restart", "nftables"], check=True)
        assert not reaches("outsider")
        assert reaches("ct1")
        for node in ("edge", "core"):
            nodes.run(node, ["/usr/sbin/nft", "delete", "table", "inet", "pacs_vpn_guard"], check=True)
        assert reaches("outsider"), "without the guard it does leave in clear"
        for node in ("edge", "core"):
            nodes.run(node, ["/bin/systemctl", "restart", "pacs-firewall"], check=True)
        assert not reaches("outsider"), "as at a boot, before strongSwan runs"
    finally:
        for node in ("core", "edge"):
            nodes.run(node, ["/bin/systemctl", "start", "strongswan"], check=True)
    assert soon("outsider")


def test_a_revoked_gateway_is_thrown_out_and_let_in_again() -> None:
    authority.sign(PKI, revoked=["edge"])
    done = again()
    assert "Thrown out, because their certificates are revoked: pacs-outward" in done.output
    assert not reaches("outsider")
    nodes.run("core", ["/bin/systemctl", "reload", "strongswan"], check=True)
    assert not reaches("outsider")
    nodes.run("edge", ["/usr/sbin/swanctl", "--initiate", "--child", "pacs-inward-1", "--timeout", "5"])
    seen = evidence("core")
    assert [sa for sa in seen["sas"] if sa["children"]] == []
    refused = {(one["peer"], one["why"]) for one in seen["refusals"]}
    assert ("198.18.1.14", "its certificate is revoked") in refused, seen["refusals"]
    authority.sign(PKI, revoked=[])
    again()
    nodes.run("edge", ["/usr/sbin/swanctl", "--initiate", "--child", "pacs-inward-1"])
    assert soon("outsider")
    assert sum(again().changed.values()) == 0
