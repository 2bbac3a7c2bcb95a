"""Rules that somebody changed by hand are reported with a packet that really passes, or really doesn't; the playbook
site puts ours back, and touches no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from audits import Audit

from lab import nodes, probes
from lab.listing import settled
from lab.topology import topology
from playbooks import PlaybookRun, run_playbook

RIVAL = """
table inet rival {
    chain forward { type filter hook forward priority 10; policy accept; tcp dport 11112 drop; }
}
"""
FIREWALLS = ("core", "edge")

Judge = Callable[..., Audit]


def nft(firewall: str, *words: str) -> str:
    return nodes.run(firewall, ["/usr/sbin/nft", *words], check=True).stdout


def own(firewall: str) -> str:
    """Our table as it stands in the kernel, without what it counts and remembers."""
    return settled(nft(firewall, "list", "table", "inet", "pacs"))


def first_handle(firewall: str, chain: str) -> str:
    """The handle of the first rule of a chain."""
    listed = nft(firewall, "--handle", "list", "chain", "inet", "pacs", chain).splitlines()
    rule = next(line for line in listed if "accept" in line and "policy" not in line)
    return rule.rpartition(" ")[2]


def gets_through(source: str, target: str, port: int) -> bool:
    """Whether a real connection does, in IPv4."""
    lab = topology()
    (result,) = probes.run([probes.make(lab, lab.node(source), lab.node(target), port, 4, "shut", "undeclared")])
    return result.is_open


def pings(source: str, target: str) -> bool:
    """Whether an echo request is answered, in IPv4."""
    address = topology().node(target).address()
    return nodes.run(source, ["/usr/bin/ping", "-c", "1", "-W", "2", address]).returncode == 0


def site(**variables: object) -> PlaybookRun:
    return run_playbook("pacs.hardening.site", variables=variables)


@pytest.fixture(autouse=True)
def _as_they_were(hardened: Audit) -> Iterator[None]:
    """Every test starts from the rules of the playbook, with everything proven, and must end in them."""
    for firewall in FIREWALLS:
        assert {hardened.state(control, firewall) for control in ("SEG-01", "SEG-02", "SEG-05")} == {"pass"}
    before = {firewall: own(firewall) for firewall in FIREWALLS}
    yield
    after = {firewall: own(firewall) for firewall in FIREWALLS}
    if after != before:
        # So that the next test has its chance.
        nodes.run("core", ["/usr/sbin/nft", "delete", "table", "inet", "rival"])
        site()
    assert after == before


def test_a_widened_rule_an_accepting_policy_and_a_limit_that_proves_nothing(judge_lab: Judge) -> None:
    assert not gets_through("ris1", "his1", 22) and not pings("ct1", "core")
    wide = ["ip", "saddr", "198.18.40.10", "ip", "daddr", "198.18.50.10", "meta", "l4proto", "tcp", "accept"]
    handle = first_handle("core", "from_ris_to_his")
    nft("core", "replace", "rule", "inet", "pacs", "from_ris_to_his", "handle", handle, *wide)
    nft("core", "chain", "inet", "pacs", "input", "{ policy accept ; }")
    nft("edge", "insert", "rule", "inet", "pacs", "forward", "limit", "rate", "10/second", "accept")
    assert gets_through("ris1", "his1", 22) and pings("ct1", "core")
    # What is remembered is dropped by its own rule, so the policy alone opens nothing there.
    assert not gets_through("ct1", "core", 22)

    made = judge_lab("widened", "--limit", "core,edge")
    packet = "a packet from 198.18.40.10 (ris, ris0) to 198.18.50.10 (his, his0) tcp 22 would pass"
    to_itself = "a packet from 198.18.20.11 (modality, modality0) to the firewall itself icmp ping would pass"
    said = made.observed("SEG-02", "core")
    assert made.state("SEG-02", "core") == "fail" and {packet, to_itself} <= set(said), said
    assert [text for text in said if "would pass" in text and "the firewall itself" not in text] == [packet]
    assert made.state("SEG-05", "core") == "fail"
    assert {f"IPv4: {packet}", "table inet pacs, chain input: accepts whatever no rule takes"} <= set(
        made.observed("SEG-05", "core")
    )
    assert made.state("SEG-01", "core") == "fail"
    assert made.observed("SEG-01", "core")[:2] == [
        "whatever no rule takes on its way to the firewall itself is let through",
        "whatever no rule takes on its way through is dropped",
    ]
    limited = first_handle("edge", "forward")
    for control in ("SEG-02", "SEG-05"):
        assert made.state(control, "edge") == "not_assessed"
        (reason,) = made.observed(control, "edge")
        assert reason.startswith(f"not proven: table inet pacs, chain forward, rule handle {limited}: "), reason
        assert "limit" in reason.partition(limited)[2]
    assert made.state("SEG-01", "edge") == "fail"

    done = site()
    assert done.ok and (done.changed["core"], done.changed["edge"]) == (1, 1), done.output
    assert not gets_through("ris1", "his1", 22) and not pings("ct1", "core")


def test_an_added_element_a_foreign_table_and_open_ipv6(judge_lab: Judge) -> None:
    assert not gets_through("ws1", "pacs1", 22) and gets_through("ct1", "pacs1", 11112)
    element = '{ 198.18.60.21 . 198.18.30.10 . tcp . 22 comment "for the service technician" }'
    nft("core", "add", "element", "inet", "pacs", "exact4_from_reading_to_pacs", element)
    nodes.run("core", ["/usr/sbin/nft", "-f", "-"], input=RIVAL, check=True)
    nft("edge", "insert", "rule", "inet", "pacs", "forward", "meta", "nfproto", "ipv6", "counter", "accept")
    assert gets_through("ws1", "pacs1", 22) and not gets_through("ct1", "pacs1", 11112)

    made = judge_lab("element", "--limit", "core,edge")
    assert made.state("SEG-02", "core") == "fail"
    passes, *dropped = made.observed("SEG-02", "core")
    assert passes == "a packet from 198.18.60.21 (reading, reading0) to 198.18.30.10 (pacs, pacs0) tcp 22 would pass"
    image = "a packet from 198.18.20.11 (modality, modality0) to 198.18.30.10 (pacs, pacs0) tcp 11112 would be dropped"
    assert any(text.startswith(image) and "RAD-8" in text for text in dropped), dropped
    assert made.observed("SEG-05", "core") == [f"IPv4: {passes}"]
    assert made.state("SEG-02", "edge") == made.state("SEG-05", "edge") == "fail"
    open6 = made.observed("SEG-05", "edge")
    assert all(text.startswith("IPv6: ") for text in open6)
    assert "IPv6: a packet from 2001:db8::1 (external0) to fd00:18::1 (downlink0) tcp 22 would pass" in open6

    done = site()
    assert done.failed["core"] == 1 and done.changed["core"] == 0, done.output
    assert image in " ".join(done.output.split())
    assert "table inet rival" in nft("core", "list", "ruleset"), "what isn't ours stays"
    nft("core", "delete", "table", "inet", "rival")
    again = site()
    assert again.ok and (again.changed["core"], again.changed["edge"]) == (1, 1), again.output
    assert not gets_through("ws1", "pacs1", 22) and gets_through("ct1", "pacs1", 11112)
