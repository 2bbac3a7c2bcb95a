"""In this order: the tunnel is up, the guard holds, certificates are renewed beneath it, a revoked one stays out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import nodes
from playbooks import LAB_INVENTORY, WITH_OTHERS, PlaybookRun, run_playbook

HERE = Path(__file__).resolve().parents[1]
PKI = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "pki"
ARCHIVE, PORT = "198.18.30.10", "11112"


def again(**variables: object) -> PlaybookRun:
    """The role once more on both gateways."""
    given = {"pki": str(PKI), "vpn_ipsec_pki": "site_ca", **variables}
    done = run_playbook(HERE / "gateways.yml", variables=given, collections=WITH_OTHERS)
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


def soon(node: str) -> bool:
    """The same, as soon as the tunnel is up again. Where both gateways have begun at once, the userspace ESP may hold
    two tunnels of which neither carries anything: anew then.
    """
    for _attempt in range(4):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if reaches(node):
                return True
            time.sleep(0.5)
        begin_anew()
    return False


def begin_anew() -> None:
    """End the tunnel, and authenticate again."""
    nodes.run("edge", ["/usr/sbin/swanctl", "--terminate", "--ike", "pacs-inward", "--force", "--timeout", "5"])
    nodes.run("edge", ["/usr/sbin/swanctl", "--initiate", "--child", "pacs-inward-1", "--timeout", "10"])


@contextmanager
def crossing(node: str) -> Iterator[list[bool]]:
    """Whether each connection that the node makes to the archive meanwhile, one after the other, comes about."""
    came: list[bool] = []
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            came.append(reaches(node))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield came
    finally:
        over.set()
        thread.join()


def shown_until(node: str, name: str) -> datetime:
    """The last end of the certificates that a gateway holds of a name, its own or those that it was shown."""
    ends = [one["ends"] for one in evidence(node)["certificates"] if name in one["name"]]
    return datetime.strptime(max(ends, default="1970-01-01T00:00:00Z"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def sas(node: str) -> str:
    return nodes.run(node, ["/usr/sbin/swanctl", "--list-sas"], check=True).stdout


def tunnels(node: str) -> Counter[str]:
    """The SAs by the numbers that strongSwan counts them with, those for IKE and those for ESP by themselves."""
    listed = nodes.run(node, ["/usr/sbin/swanctl", "--list-sas", "--raw"], check=True).stdout
    return Counter(re.findall(r"uniqueid=(\d+)", listed))


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
    assert [path.name for path in PKI.glob("*.key")] == ["ca.key"], "the authority's alone"


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


def test_certificates_are_renewed_before_their_end_and_the_tunnel_stays_up() -> None:
    assert soon("outsider")
    before = tunnels("core")
    with crossing("outsider") as came:
        # Of 90 days there is less left than a third of 300.
        done = again(vpn_ipsec_certificate_days=300)
    assert min(done.changed.values()) >= 2, f"signed, and read by strongSwan: {done.output}"
    assert all(came) and len(came) > 10, came
    assert before and before <= tunnels("core"), "they are still there"

    far = datetime.now(UTC) + timedelta(days=299)
    assert shown_until("edge", "edge.hospital.example") > far, "it holds the new one"
    assert shown_until("core", "edge.hospital.example") < far, "and hasn't shown it yet"
    begin_anew()
    assert soon("outsider")
    assert shown_until("core", "edge.hospital.example") > far
    for path in PKI.glob("*.crt.*"):
        (PKI / "revoked").mkdir(exist_ok=True)
        path.rename(PKI / "revoked" / path.name)
    again()
    assert soon("outsider"), "the old ones are revoked, and nobody shows them any more"
    assert sum(again().changed.values()) == 0


def test_a_revoked_gateway_is_thrown_out_and_let_in_again() -> None:
    (PKI / "revoked").mkdir(exist_ok=True)
    shutil.copy(PKI / "edge.crt", PKI / "revoked" / "edge.crt")
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
    # The authority signs its request again, and that one isn't revoked.
    (PKI / "edge.crt").unlink()
    again()
    begin_anew()
    assert soon("outsider")
    assert sum(again().changed.values()) == 0
