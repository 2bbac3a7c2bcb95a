"""Every control of the collection: nothing of nothing, a failure for the right reason, and a pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import antivirus_cases
import pytest
import remote_cases
from compliance_example import ANYWHERE, controls, listener, ok, report
from compliance_lab import STRICT, Lab, found, unspoilt, unspoilt_remote, whole
from seen_flows import CT1, WS1, undeclared

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control import Control
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Finding

CONTROLS = controls()
FIRST = {
    "AE-01",
    "CFG-01",
    "IAM-01",
    "INV-01",
    "INV-02",
    "RPT-03",
    *(f"SEG-0{number}" for number in (1, 2, 3, 5, 6, 7)),
}
THEN = {
    *(f"AV-0{number}" for number in range(1, 9)),
    *(f"VPN-0{number}" for number in range(1, 8)),
    *("FILE-01", "FILE-02", "FILE-03"),
}


@pytest.fixture
def lab() -> Lab:
    return whole()


def match(key: str, value: object) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": value}}


ACCEPT: dict[str, Any] = {"accept": None}
_IN_PACS = {"zone": "pacs", "addresses": ["198.18.30.20"]}
_IN_MANAGEMENT = {"zone": "management", "addresses": ["198.18.0.12"]}


def _no_comment(lab: Lab) -> None:
    declared = next(one["set"] for one in lab.rules() if one.get("set", {}).get("elem"))
    declared["elem"][0]["elem"].pop("comment")


def _legacy(lab: Lab) -> None:
    lab.part("core", "nftables")["value"]["legacy_tables"] = ["filter"]


# control, subject, what is spoilt, what is said
FAILURES: list[tuple[str, str, Callable[[Lab], object], str]] = [
    ("SEG-01", "core", lambda lab: lab.chain("forward").update(policy="accept"), "on its way through is let through"),
    ("SEG-01", "core", lambda lab: lab.chain("input").update(policy="accept"), "to the firewall itself is let through"),
    ("SEG-01", "core", lambda lab: lab.insert("forward", match("iifname", "ris0"), ACCEPT), "rule handle 99: accepts"),
    ("SEG-01", "core", _no_comment, "1 entry without the flow that it stands for"),
    ("SEG-01", "core", lambda lab: lab.rules().clear(), "no rule of any table looks at it"),
    ("SEG-02", "core", lambda lab: lab.insert("forward", match("iifname", "ris0"), ACCEPT), "(ris, ris0) to"),
    ("SEG-02", "core", lambda lab: lab.insert("forward", match("iifname", "modality0"), {"drop": None}), "be dropped"),
    ("SEG-03", "ws1", lambda lab: lab.outcome("ws1", "ws1 to ris1, 198.18.40.10 port 22", "open"), "it is open"),
    (
        "SEG-03",
        "ws1",
        lambda lab: lab.outcome("ws1", "ws1 to pacs1, 198.18.30.10 port 11112", "timeout"),
        "declared, and",
    ),
    ("SEG-05", "core", lambda lab: lab.insert("forward", match("nfproto", "ipv6"), ACCEPT), "IPv6: a packet from"),
    ("SEG-05", "core", lambda lab: lab.insert("input", ACCEPT), "rule handle 99: accepts everything"),
    ("SEG-06", "Lab Hospital", lambda lab: lab.site["devices"]["ris1"].update(_IN_PACS), "archive (pacs1), RIS (ris1)"),
    (
        "SEG-06",
        "Lab Hospital",
        lambda lab: lab.site["devices"]["ws1"].update(_IN_MANAGEMENT),
        "viewer (ws1), management",
    ),
    (
        "SEG-06",
        "Lab Hospital",
        lambda lab: lab.site["firewalls"]["core"]["interfaces"].pop("his"),
        "no firewall has an",
    ),
    (
        "SEG-07",
        "core",
        lambda lab: lab.part("core", "logging")["value"].update(nflog_listener=False),
        "no program takes",
    ),
    ("SEG-07", "core", lambda lab: lab.rules().clear(), "isn't counted; what the firewall refuses isn't logged"),
    ("INV-01", "ct1", lambda lab: _unlisted(lab.site), "as acquisition modality it speaks DICOM"),
    ("INV-01", "ws1", lambda lab: _shipped(lab.site), "'ORTHANC' is the title a product ships with"),
    ("INV-02", "core", lambda lab: lab.flows(connections=[undeclared(WS1, CT1, 11112)]), "still open, though nothing"),
    (
        "CFG-01",
        "his1",
        lambda lab: lab.part("his1", "sockets")["value"]["listeners"].append(listener(23, "telnetd")),
        "tcp 23 on every IPv4 address (telnetd)",
    ),
    (
        "CFG-01",
        "core",
        lambda lab: lab.part("core", "sockets")["value"]["listeners"].append(listener(53, "named", protocol="udp")),
        "udp 53",
    ),
    ("RPT-03", "Lab Hospital", lambda lab: lab.hosts.pop("edge"), "edge: nothing was collected"),
    *(
        ("AE-01", "pacs1", lambda lab, name=name: lab.orthanc(**{name: True}), f"{name} is true")
        for name in STRICT
        if name.startswith("DicomAlways")
    ),
    ("AE-01", "pacs1", lambda lab: lab.orthanc(DicomCheckCalledAet=False), "DicomCheckCalledAet is false"),
    ("AE-01", "pacs1", lambda lab: lab.orthanc(DicomCheckModalityHost=False), "DicomCheckModalityHost is false"),
    ("AE-01", "pacs1", lambda lab: lab.orthanc(DicomModalities={}), "it knows none of its peers"),
    ("AE-01", "pacs1", lambda lab: lab.orthanc(DicomModalities={"ct1": ["CT1", "ct1.example", 104]}), "by host name"),
    (
        "AE-01",
        "pacs1",
        lambda lab: lab.orthanc(DicomModalities={name: ["CT1", "198.18.20.11", 104] for name in ("a", "b")}),
        "AE titles that stand more than once among its peers: 1",
    ),
    ("IAM-01", "pacs1", lambda lab: lab.orthanc(RegisteredUsers={"demo": "demo"}), "the user demo"),
    ("IAM-01", "pacs1", lambda lab: lab.orthanc(RegisteredUsers={"eva": "eva"}), "their name as password: 1"),
    ("IAM-01", "pacs1", lambda lab: lab.orthanc(RegisteredUsers={}), "the user orthanc"),
    ("IAM-01", "pacs1", lambda lab: lab.orthanc(AuthenticationEnabled=False), "without logging in"),
    *antivirus_cases.FAILURES,
]


def _unlisted(site: dict[str, Any]) -> None:
    site["devices"]["ct1"]["application_entities"] = []


def _shipped(site: dict[str, Any]) -> None:
    site["devices"]["ws1"]["application_entities"][0]["title"] = "ORTHANC"


# control, subject, what is taken away, the reason that is given
UNKNOWN: list[tuple[str, str, Callable[[Lab], object], str]] = [
    ("SEG-02", "core", _legacy, "rules of the old iptables are loaded"),
    ("SEG-05", "core", _legacy, "not proven: rules of the old iptables"),
    ("SEG-01", "core", lambda lab: _fail(lab, "core", "nftables", "needs root"), "needs root"),
    ("SEG-07", "core", lambda lab: _fail(lab, "core", "logging", "hidden"), "hidden"),
    ("INV-02", "core", lambda lab: lab.flows(connections=None, connections_reason="no tool"), "isn't known: no tool"),
    ("CFG-01", "his1", lambda lab: lab.part("his1", "sockets")["value"]["listeners"].clear(), "isn't believed"),
    ("CFG-01", "his1", lambda lab: lab.part("his1", "sockets")["value"]["listeners"].append({}), "can't be understood"),
    ("CFG-01", "his1", lambda lab: _reach(lab, "his1", "unreachable"), "couldn't be reached: no route"),
    ("CFG-01", "his1", lambda lab: lab.hosts.pop("his1"), "nothing was collected"),
    ("SEG-03", "his1", lambda lab: _reach(lab, "his1", "timeout", tried=False), "didn't answer in time: no route"),
    ("SEG-03", "his1", lambda lab: lab.network.pop("his1"), "nothing was tried over the network from his1"),
    ("SEG-03", "ws1", lambda lab: _reach(lab, "ris1", "unreachable"), "ris1 may be down"),
    ("SEG-03", "ws1", lambda lab: lab.outcome("ws1", "ws1 to ris1, 198.18.40.10 port 22", "refused"), "isn't known"),
    ("SEG-03", "ws1", lambda lab: lab.network["ws1"].pop(), "it wasn't tried"),
    ("AE-01", "pacs1", lambda lab: lab.orthanc(DicomModalitiesInDatabase=True), "in its database"),
    (
        "AE-01",
        "pacs1",
        lambda lab: lab.orthanc(DicomCheckCalledAet="yes"),
        "DicomCheckCalledAet is set to can't be told",
    ),
    (
        "AE-01",
        "pacs1",
        lambda lab: lab.part("pacs1", "orthanc")["value"].update(changed_since_start=True),
        "restart it",
    ),
    (
        "AE-01",
        "pacs1",
        lambda lab: lab.part("pacs1", "orthanc")["value"].update(changed_since_start=None),
        "isn't known",
    ),
    ("IAM-01", "pacs1", lambda lab: lab.part("pacs1", "orthanc")["value"].pop("guessable_users"), "doesn't say"),
    ("IAM-01", "pacs1", lambda lab: lab.site["devices"]["pacs1"].update(managed=False), "it isn't managed"),
    *antivirus_cases.UNKNOWN,
]


def _fail(lab: Lab, host: str, part: str, reason: str) -> None:
    lab.hosts[host]["evidence"]["parts"][part] = {"status": "error", "reason": reason}


def _reach(lab: Lab, host: str, reached: str, *, tried: bool = True) -> None:
    lab.hosts[host] = {"reached": reached, "reason": "no route", "evidence": None}
    if not tried:
        lab.network.pop(host)


def test_they_are_the_first_ones() -> None:
    assert {control.id for control in CONTROLS} == FIRST | THEN


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_nothing_is_said_of_nothing(control: Control) -> None:
    judged = judge(control, Facts(control.subject, "nobody", {}))
    assert judged.state == "not_assessed"
    assert judged.observed and all(judged.observed)


@pytest.mark.parametrize("gone", [None, {}, [], "", 0], ids=repr)
def test_hosts_that_say_nothing_pass_nothing_and_fail_nothing(lab: Lab, gone: object) -> None:
    for host in lab.hosts.values():
        host["evidence"]["parts"] = gone
    states = {
        one.judgement.state
        for one in report(lab.hosts, {}, site=lab.site, files={}).findings
        if one.judgement.control.how != "model"
        and one.judgement.facts.subject != "ct1"
        # Which devices hold images, the site alone says.
        and (not one.judgement.control.id.startswith("FILE") or one.judgement.facts.subject == "pacs1")
        # So it is with vendors, and this one has none.
        and one.judgement.control.id != "VPN-06"
    }
    assert states == {"not_assessed"}


def everything_passing() -> tuple[Finding, ...]:
    """A lab that nobody reaches from outside, and one with people, a branch and a vendor there."""
    return (*unspoilt().findings, *unspoilt_remote().findings)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_without_any_one_of_the_facts_that_it_needs_it_says_nothing(control: Control) -> None:
    passing = next(
        one.judgement
        for one in everything_passing()
        if (one.judgement.control, one.judgement.state) == (control, "pass")
    )
    assert judge(control, passing.facts).state == "pass", "the control case"
    conditions = (control.demanded, control.applies, control.warns)
    needs = [path for condition in conditions if condition for path in condition.needs]
    for path in needs:
        for missing in (False, True):
            document: dict[str, Any] = copy.deepcopy(dict(passing.facts.document))
            *above, key = path.split(".")
            parent = document
            for step in above:
                parent = parent[step]
            parent[key] = None
            if missing:
                parent.pop(key)
            assert judge(control, replace(passing.facts, document=document)).state == "not_assessed", path


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_each_passes_somewhere_and_fails_somewhere(control: Control) -> None:
    assert "pass" in {one.judgement.state for one in everything_passing() if one.judgement.control == control}
    assert control.id in {case[0] for case in (*FAILURES, *remote_cases.FAILURES)}
    assert any(citation.printed and citation.status == "in-force" for citation in control.citations)


@pytest.mark.parametrize(
    ("control", "subject", "spoil", "said"), FAILURES, ids=[f"{case[0]} {case[3][:40]}" for case in FAILURES]
)
def test_it_fails_for_the_right_reason(
    lab: Lab, control: str, subject: str, spoil: Callable[[Lab], object], said: str
) -> None:
    assert found(unspoilt(), control, subject)[0] == "pass", "the control case"
    spoil(lab)
    state, observed = found(lab.report(), control, subject)
    assert state == "fail", observed
    assert said in observed


@pytest.mark.parametrize(
    ("control", "subject", "spoil", "said"), UNKNOWN, ids=[f"{case[0]} {case[3][:40]}" for case in UNKNOWN]
)
def test_what_can_not_be_seen_is_not_assessed_with_its_reason(
    lab: Lab, control: str, subject: str, spoil: Callable[[Lab], object], said: str
) -> None:
    assert found(unspoilt(), control, subject)[0] == "pass", "the control case"
    spoil(lab)
    state, observed = found(lab.report(), control, subject)
    assert state == "not_assessed", observed
    assert said in observed


def test_one_open_ip_version_is_told_from_both(lab: Lab) -> None:
    lab.insert("forward", match("nfproto", "ipv6"), ACCEPT)
    _state, observed = found(lab.report(), "SEG-05", "core")
    assert "IPv6:" in observed and "IPv4:" not in observed


@pytest.mark.parametrize("control", ["SEG-01", "SEG-02", "SEG-05", "SEG-07"])
def test_a_firewall_without_nft_is_known_to_filter_nothing(lab: Lab, control: str) -> None:
    lab.hosts["core"]["evidence"]["parts"]["nftables"] = {"status": "absent", "reason": "nft isn't installed"}
    assert found(lab.report(), control, "core")[0] == "fail"


def test_loopback_and_dhcp_clients_count_for_nothing(lab: Lab) -> None:
    lab.part("his1", "sockets")["value"]["listeners"] += [
        listener(5432, "postgres", "127.0.0.1"),
        listener(5432, "postgres", "::1"),
        listener(8005, "java", "::ffff:127.0.0.1"),
        listener(68, "dhclient", protocol="udp"),
    ]
    assert found(lab.report(), "CFG-01", "his1") == ("pass", "")


def test_a_conduit_declares_its_port(lab: Lab) -> None:
    lab.part("ris1", "sockets")["value"]["listeners"].append(listener(443, "nginx", ANYWHERE))
    assert found(lab.report(), "CFG-01", "ris1")[0] == "fail"
    lab.site["conduits"] = [{"from": "reading", "to": "ris1", "service": "https", "reason": "RIS client"}]
    assert found(lab.report(), "CFG-01", "ris1")[0] == "pass"


def test_an_orthanc_that_serves_no_dicom_may_keep_its_switches(lab: Lab) -> None:
    lab.orthanc(DicomServerEnabled=False, DicomCheckCalledAet=False)
    assert found(lab.report(), "AE-01", "pacs1")[0] == "pass"


@pytest.mark.parametrize("control", ["AE-01", "IAM-01"])
def test_an_orthanc_that_is_switched_off_lets_nobody_in(lab: Lab, control: str) -> None:
    lab.orthanc(DicomAlwaysAllowStore=True, RegisteredUsers={"demo": "demo"})
    part = lab.part("pacs1", "orthanc")["value"]
    part.update(running=False, changed_since_start=None, enabled=False)
    assert found(lab.report(), control, "pacs1") == ("not_applicable", "Orthanc is installed, and switched off")
    for enabled in (True, None):
        part["enabled"] = enabled
        assert found(lab.report(), control, "pacs1")[0] == "fail", "it may be back any moment"


def test_what_is_not_orthanc_is_not_judged_as_one(lab: Lab) -> None:
    for subject, why in (("ris1", "no Orthanc server runs here"), ("ct1", "it isn't managed")):
        state, observed = found(lab.report(), "AE-01", subject)
        assert state == "not_applicable" and why in observed


def test_whatever_does_not_apply_says_why(lab: Lab) -> None:
    spared = [one.judgement for one in lab.report().findings if one.judgement.state == "not_applicable"]
    assert {one.control.id for one in spared} == {"AE-01", "IAM-01", "INV-01", "SEG-03", *THEN} - {"VPN-07"}
    assert all(one.observed and all(one.observed) for one in spared)


def test_what_follows_from_the_declared_site_rests_on_no_evidence(lab: Lab) -> None:
    findings = lab.report().document()["findings"]
    assert {bool(one["evidence_sha256"]) for one in findings if one["how"] == "model"} == {False}
    # A device without a login has none, and the site that of many hosts.
    others = [one for one in findings if one["how"] == "host" and one["subject"] not in ("ct1", "Lab Hospital")]
    assert {bool(one["evidence_sha256"]) for one in others} == {True}


def test_who_is_spared_by_its_probe_rule_is_named(lab: Lab) -> None:
    assert "2 not tried, by the probe rule of ct1" in found(lab.report(), "SEG-03", "pacs1")[1]


def test_an_undeclared_connection_that_nobody_could_answer_proves_nothing(lab: Lab) -> None:
    lab.hosts["ris1"]["evidence"]["parts"]["sockets"] = ok(listeners=[listener(2575, "python3")])
    state, observed = found(lab.report(), "SEG-03", "ws1")
    assert state == "not_assessed" and "nobody is known to listen there" in observed


def test_silence_all_around_proves_nothing(lab: Lab) -> None:
    for result in lab.network["his1"]:
        result["outcome"] = "timeout"
    lab.network["his1"] = [one for one in lab.network["his1"] if "port 2575" not in one["id"]]
    state, observed = found(lab.report(), "SEG-03", "his1")
    assert state == "not_assessed" and "nothing else answered his1" in observed
