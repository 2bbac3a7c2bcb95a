"""The hardened lab: nothing is changed, every failure is true, and no canary is spoken."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from audits import UNNAMED_STORE, UNPROTECTED, Audit
from canaries import PASSWORD, PATIENT, spoken
from stands import changes, stand

from lab import nodes
from lab.topology import topology

NOT_DEBIANS = ("nft", "iptables", "Orthanc", "storescp", "wlmscpfs", "docker", "pip3")


def test_what_fails_is_true(hardened: Audit) -> None:
    assert set(hardened.reached().values()) == {"ok"}
    assert hardened.in_state("error", "not_assessed") == UNNAMED_STORE
    # Orthanc's defaults, its open REST interface, a drop log that nobody takes, and no antivirus: the lab's own.
    assert hardened.in_state("fail") == UNPROTECTED | {
        ("AE-01", "pacs1"),
        ("CFG-01", "pacs1"),
        ("SEG-07", "core"),
        ("SEG-07", "edge"),
    }
    archive = topology().node("pacs1")
    stranger = ["/usr/bin/echoscu", "-aet", "STRANGER", "-aec", "PACS1", archive.address(), "11112"]
    assert nodes.run("ct1", stranger).returncode == 0
    said = " ".join(hardened.observed("AE-01", "pacs1"))
    assert "DicomAlwaysAllowEcho is true" in said and "DicomCheckModalityHost is false" in said
    assert "tcp 8042 on every IPv4 address (Orthanc)" in hardened.observed("CFG-01", "pacs1")
    for firewall in ("core", "edge"):
        assert nodes.run(firewall, ["/bin/cat", "/proc/net/netfilter/nfnetlink_log"], check=True).stdout == ""
        assert "no program takes the log" in " ".join(hardened.observed("SEG-07", firewall))


def test_a_host_with_nothing_but_python_and_sshd_is_judged(hardened: Audit) -> None:
    for program in NOT_DEBIANS:
        assert nodes.run("ops1", ["/bin/sh", "-c", f"command -v {program}"]).returncode != 0
    parts = hardened.host("ops1")["parts"]
    for name in (
        "nftables",
        "orthanc",
        "firewall_changes",
        "firewall_flows",
        "antivirus",
        "directories",
        "openvpn",
        "ipsec",
    ):
        assert parts.pop(name) == "absent", name
    assert set(parts.values()) == {"ok"}
    assert hardened.state("CFG-01", "ops1") == hardened.state("SEG-03", "ops1") == "pass"
    assert hardened.observed("SEG-03", "ops1") == ["12 of 12 connections were found as declared"]


def test_a_change_would_have_been_seen() -> None:
    """The control of what nothing was changed means."""
    before = stand("ops1")
    nodes.write_file("ops1", "/root/.ansible-left-this", "")
    after = stand("ops1")
    nodes.run("ops1", ["/bin/rm", "/root/.ansible-left-this"], check=True)
    assert changes({"ops1": before}, {"ops1": after}) == ["ops1: /root/.ansible-left-this"]


@pytest.mark.parametrize(
    ("node", "folder", "canary"),
    [
        ("pacs1", "/var/lib/orthanc/db-v6", PATIENT),
        ("pacs1", "/etc/orthanc", PASSWORD),
        ("ris1", "/var/lib/lab/worklist", PATIENT),
    ],
)
def test_the_canaries_are_where_they_were_planted(node: str, folder: str, canary: str) -> None:
    """The control of the search in every output."""
    words = ["/usr/bin/find", folder, "-type", "f", "-exec", "/bin/cat", "{}", "+"]
    found = nodes.run(node, words, check=True).stdout
    assert canary in spoken(found)
    assert spoken(base64.b64encode(f"x{canary}x".encode()).decode()) == spoken(quote(canary, safe="")) == [canary]


def test_every_output_was_searched(hardened: Audit) -> None:
    """The control of the search: it had the screen of -vvv, with what each module returned, and both files."""
    assert '"evidence"' in hardened.run.output and "ESTABLISH SSH CONNECTION" in hardened.run.output
    assert hardened.page.startswith("<!DOCTYPE html>") and len(hardened.report["findings"]) > 30
