"""Hosts that are down, frozen, or die in the middle, and a part that hangs: each is named, and none stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from audits import Audit

from lab import nodes

NFT = "/usr/sbin/nft"
HANGS = "#!/bin/sh\ntouch /run/nft-was-run\nexec sleep 600\n"
SECONDS = 20

Judge = Callable[..., Audit]


@pytest.fixture(scope="module")
def troubled(judge_lab: Judge, hardened: Audit) -> Iterator[Audit]:
    """One run: his1 is down, pacs1 is frozen, ris1 loses its power while it is read, on ws1 a program hangs."""
    assert set(hardened.reached().values()) == {"ok"}, "the control: without all this each of them is read"
    for node in ("ris1", "ws1"):
        nodes.write_file(node, NFT, HANGS, mode=0o755)
    nodes.kill("his1")
    nodes.run("pacs1", ["/usr/bin/pkill", "-STOP", "sshd"], check=True)
    watcher = nodes.popen("ris1", ["/bin/sh", "-c", "until [ -e /run/nft-was-run ]; do sleep 0.05; done; echo now"])
    try:
        with ThreadPoolExecutor(1) as pool:
            judging = pool.submit(judge_lab, "troubled", compliance_timeout=SECONDS)
            assert watcher.stdout is not None and watcher.stdout.readline().strip() == "now"
            nodes.kill("ris1")
            yield judging.result()
    finally:
        watcher.kill()
        watcher.communicate()
        nodes.run("pacs1", ["/usr/bin/pkill", "-CONT", "sshd"], check=True)
        for node in ("his1", "ris1"):
            if not nodes.is_running(node):
                nodes.start(node)
        for node in ("ris1", "ws1"):
            nodes.run(node, ["/bin/rm", NFT], check=True)


def test_each_appears_with_what_became_of_it(troubled: Audit) -> None:
    reached = troubled.reached()
    # Nothing answers for a host that is down: which patience ends first, ssh's or ours, is the machine's.
    assert reached["his1"] in ("unreachable", "timeout"), troubled.screen
    assert reached["pacs1"] in ("timeout", "unreachable")
    assert reached["ris1"] in ("unreachable", "failed", "timeout")
    for name in ("his1", "pacs1", "ris1"):
        assert troubled.host(name)["reason"]
        assert troubled.host(name)["parts"] == {}
        assert troubled.state("CFG-01", name) == troubled.state("SEG-03", name) == "not_assessed"
        assert f"{name} wasn't read" in troubled.run.output
    assert troubled.state("AE-01", "pacs1") == troubled.state("IAM-01", "pacs1") == "not_assessed"


def test_a_part_that_hangs_spoils_no_other(troubled: Audit) -> None:
    host = troubled.host("ws1")
    assert host["reached"] == "ok"
    assert host["parts"].pop("nftables") == host["parts"].pop("firewall_flows") == "error", "both ask nft"
    assert set(host["parts"].values()) <= {"ok", "absent"}
    assert troubled.state("CFG-01", "ws1") == "pass"
    assert nodes.run("ws1", ["/usr/bin/pgrep", "sleep"]).returncode == 1, "nothing of it is left running"


def test_the_rest_is_judged_as_ever(troubled: Audit, hardened: Audit) -> None:
    assert {name for name, reached in troubled.reached().items() if reached == "ok"} == {"core", "edge", "ws1", "ops1"}
    for control, subject in hardened.states():
        if subject in ("core", "edge", "Lab Hospital") or (control, subject) == ("CFG-01", "ops1"):
            assert troubled.state(control, subject) == hardened.state(control, subject)
    assert troubled.verdict == "fail"


def test_silence_of_a_host_that_is_down_is_no_refusal(troubled: Audit) -> None:
    assert troubled.state("SEG-03", "ops1") == "not_assessed"
    assert "but his1 may be down" in " ".join(troubled.observed("SEG-03", "ops1"))
