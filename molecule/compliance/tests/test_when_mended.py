"""What the report says to mend is mended, and then it passes: no failure is for ever, and none comes of mending."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from audits import UNPROTECTED, Audit
from sites import lab_site

from lab import nodes
from lab.topology import topology
from playbooks import run_playbook

ORTHANC = "/etc/orthanc/orthanc.json"
STORE = "/var/lib/orthanc/db-v6"
#: What only dicom_files_info can say, which nobody ran here.
NOT_LOOKED_INTO = {("FILE-01", "pacs1"), ("FILE-02", "pacs1")}
# Binds to log group 5 as ulogd2 does: a message NFULNL_MSG_CONFIG with the command NFULNL_CFG_CMD_BIND, then waits.
TAKE_THE_LOG = """
import socket, struct
log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
log.bind((0, 0))
body = struct.pack("=BBH", 0, 0, socket.htons(5)) + struct.pack("=HHB3x", 5, 1, 1)
log.send(struct.pack("=IHHII", 16 + len(body), 4 << 8 | 1, 1, 1, 0) + body)
while True:
    try:
        log.recv(65536)
    except OSError:  # it may be late, and lose some
        pass
"""

Judge = Callable[..., Audit]


def await_taker(firewall: str, taker: subprocess.Popen[str]) -> None:
    """Until the kernel names a program that takes log group 5."""
    end = time.monotonic() + 20
    listed = ["/bin/cat", "/proc/net/netfilter/nfnetlink_log"]
    while not nodes.run(firewall, listed, check=True).stdout.strip():
        assert taker.poll() is None and time.monotonic() < end, f"nobody takes the log of {firewall}"
        time.sleep(0.2)


@pytest.fixture
def mended() -> Iterator[dict[str, Any]]:
    """The site as it is declared once everything that failed on the hardened lab is mended."""
    site = lab_site()
    reason = {"reason": "administration of the archive"}
    site["conduits"] = [{"from": "ops1", "to": "pacs1", "protocol": "tcp", "ports": [8042], **reason}]
    for device in ("pacs1", "ris1", "his1", "ws1", "ops1"):
        # As if their makers forbade antivirus: how a scanner is judged is for the scenario antivirus.
        site["devices"][device]["antivirus"] = {"mds2": {"MLDP-2.3": "no", "MLDP-4": "yes"}}
    site["devices"]["pacs1"]["antivirus"]["stores"] = [STORE]
    options = json.loads(nodes.read_file("pacs1", ORTHANC) or "{}")
    options |= {"DicomAlwaysAllowEcho": False, "DicomCheckModalityHost": True}
    nodes.write_file("pacs1", ORTHANC, json.dumps(options))
    nodes.run("pacs1", ["/bin/systemctl", "restart", "orthanc"], check=True)
    nodes.wait_ready([topology().node("pacs1")])
    nodes.run("pacs1", ["/bin/mount", "--bind", STORE, STORE], check=True)
    nodes.run("pacs1", ["/bin/mount", "-o", "remount,bind,noexec,nosuid,nodev", STORE], check=True)
    takers = [nodes.popen(firewall, ["/usr/bin/python3", "-c", TAKE_THE_LOG]) for firewall in ("core", "edge")]
    for firewall, taker in zip(("core", "edge"), takers, strict=True):
        await_taker(firewall, taker)
    yield site
    nodes.run("pacs1", ["/bin/umount", "--lazy", STORE], check=True)
    for taker in takers:
        taker.kill()
        taker.communicate()
    for firewall in ("core", "edge"):
        nodes.run(firewall, ["/usr/bin/pkill", "-f", "AF_NETLINK"], check=True)


def test_once_everything_is_mended_the_report_passes(judge_lab: Judge, hardened: Audit, mended: dict[str, Any]) -> None:
    assert hardened.verdict == "fail", "the control"
    assert run_playbook("pacs.hardening.site", variables={"pacs_site": mended}).changed["core"] == 1
    made = judge_lab("mended", pacs_site=mended, pacs_report_fail_on="low")
    open_ones = made.in_state("fail", "error", "not_assessed", "warn")
    assert open_ones == NOT_LOOKED_INTO, [made.observed(*one) for one in open_ones]
    assert made.verdict == "incomplete" and "NOT COMPLETE: Lab Hospital" in made.run.output
    for control, subject in hardened.in_state("fail") - UNPROTECTED:
        assert made.state(control, subject) == "pass"
    assert made.state("FILE-03", "pacs1") == "pass"
    assert {device["name"] for device in made.report["without_antivirus"]} >= {"ct1", "pacs1", "ws1"}
    stranger = ["/usr/bin/echoscu", "-aet", "STRANGER", "-aec", "PACS1", topology().node("pacs1").address(), "11112"]
    assert nodes.run("ct1", stranger).returncode != 0, "and it is true"
