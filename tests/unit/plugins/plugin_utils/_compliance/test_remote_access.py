"""Gateways and other ways in: each way to fail, what is worth a look, and what isn't known. Nothing raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import remote_cases
from compliance_example import controls
from compliance_lab import Lab, found, remote, unspoilt, unspoilt_remote
from remote_evidence import found as left_over
from remote_evidence import gateway_parts, session
from seen_flows import CT1
from strange import spoilt
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.collected import HostRecord, read_host
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_remote_access import (
    leftover_facts,
    remote_access_facts,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.vendor_windows import Window, vendor_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import FlowKey, SeenFlow
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

CONTROLS = controls()
PROFILES = profiles()
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.fixture
def lab() -> Lab:
    return remote()


def ids(cases: list[remote_cases.Case]) -> list[str]:
    return [f"{case[0]} {case[3][:40]}" for case in cases]


def case_test(lab: Lab, case: remote_cases.Case, expected: str) -> None:
    control, subject, spoil, said = case
    assert found(unspoilt_remote(), control, subject)[0] == "pass", "the control case"
    spoil(lab)
    state, observed = found(lab.report(), control, subject) if control == "VPN-06" else judged(lab, control, subject)
    assert state == expected, observed
    assert said in observed


def judged(lab: Lab, control: str, subject: str) -> tuple[str, str]:
    """The same as found() in a report, without the rest of the report."""
    site, host = compile_site(lab.site).site, read_host(lab.hosts[subject])
    if control == "VPN-07":
        facts, unknown = leftover_facts(site, subject, host, ())
        whole = Facts("host", subject, {"host": {"leftovers": facts}}, below("host.leftovers", unknown))
    else:
        known, unknown = remote_access_facts(site, subject, host, PROFILES, NOW)
        path = "firewall.remote_access"
        whole = Facts("firewall", subject, {"firewall": {"remote_access": known}}, below(path, unknown))
    made = judge(next(one for one in CONTROLS if one.id == control), whole)
    return made.state, "; ".join(made.observed)


def below(name: str, reasons: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}.{path}" if path else name: reason for path, reason in reasons.items()}


@pytest.mark.parametrize("case", remote_cases.FAILURES, ids=ids(remote_cases.FAILURES))
def test_it_fails_for_the_right_reason(lab: Lab, case: remote_cases.Case) -> None:
    case_test(lab, case, "fail")


@pytest.mark.parametrize("case", remote_cases.UNKNOWN, ids=ids(remote_cases.UNKNOWN))
def test_what_can_not_be_seen_is_not_assessed_with_its_reason(lab: Lab, case: remote_cases.Case) -> None:
    case_test(lab, case, "not_assessed")


@pytest.mark.parametrize("case", remote_cases.LOOKS, ids=ids(remote_cases.LOOKS))
def test_what_holds_may_deserve_a_look(lab: Lab, case: remote_cases.Case) -> None:
    case_test(lab, case, "warn")


def test_a_fault_stands_whatever_else_is_not_known(lab: Lab) -> None:
    remote_cases.gone(lab, "ipsec")
    remote_cases.told(lab, tls_crypt=None)
    state, observed = found(lab.report(), "VPN-01", "edge")
    assert state == "fail" and "not seen: the tunnels: ipsec can't be seen" in observed


def test_without_gateways_there_is_nothing_to_judge() -> None:
    for number in range(1, 6):
        state, said = found(unspoilt(), f"VPN-0{number}", "edge")
        assert state == "not_applicable" and said
    assert found(unspoilt(), "VPN-06", "Lab Hospital")[0] == "not_applicable"


def test_a_gateway_that_nobody_declared_is_judged_all_the_same(lab: Lab) -> None:
    del lab.site["remote_access"]
    lab.site["firewalls"]["edge"]["interfaces"] = {
        name: leg for name, leg in lab.site["firewalls"]["edge"]["interfaces"].items() if "tunnel" not in str(leg)
    }
    state, observed = found(lab.report(), "VPN-03", "edge")
    assert state == "fail"
    assert "the connection pacs-branch with gw-b.branch.example isn't declared" in observed
    assert "which the site doesn't declare" in observed
    assert found(lab.report(), "VPN-06", "Lab Hospital")[0] == "pass", "the site still declares the vendors"


def test_an_exception_that_is_over_fails_the_report_and_does_not_stop_it(lab: Lab) -> None:
    """The role refuses to render such a site; a report must be made of it."""
    remote_cases.excepts(lab, "ipsec", "vendor", "modp2048")
    remote_cases.excepts(lab, "tls", "people", "tls_1_2")
    remote_cases.told(lab, tls_version_min="1.2")
    made = lab.report().document()
    said = next(one for one in made["findings"] if (one["control"], one["subject"]) == ("VPN-01", "edge"))
    assert said["state"] == "fail"
    assert sum("and that day is over" in sentence for sentence in said["observed"]) == 2
    assert made["summary"]["verdict"] == "fail"


def test_an_exception_that_stands_accepts_what_it_names(lab: Lab) -> None:
    stands = {"expires_on": "2026-12-31"}
    remote_cases.excepts(lab, "tls", "people", "tls_1_2", **stands)
    remote_cases.told(lab, tls_version_min="1.2")
    remote_cases.excepts(lab, "ipsec", "branch", "psk", **stands)
    for which in ("local", "remote"):
        remote_cases.end(lab, which, method="pre-shared key")
    remote_cases.sa(lab, revoked=None)  # no certificate was shown
    made = lab.report()
    for control in ("VPN-01", "VPN-03"):
        state, observed = found(made, control, "edge")
        assert state == "pass" and "is accepted by Anna Example until 2026-12-31" in observed


def test_who_was_refused_is_found_in_the_report(lab: Lab) -> None:
    refused = {"peer": "192.0.2.66", "count": 3, "last": 1}
    reasons = {"proposal": "nothing it offered", "version": "it spoke IKEv1", "peer": "its certificate is revoked"}
    remote_cases.ipsec(lab)["refusals"] = [{**refused, "kind": kind, "why": why} for kind, why in reasons.items()]
    made = lab.report()
    for control, why in zip(("VPN-01", "VPN-02", "VPN-03"), reasons.values(), strict=True):
        state, observed = found(made, control, "edge")
        assert (state, f"refused 3 times in 7 days: 192.0.2.66, because {why}" in observed) == ("pass", True), observed


def test_a_declared_listener_is_none_that_is_left_over(lab: Lab) -> None:
    port = {"port": ["tcp", 3389]}
    remote_cases.left(lab, "ws1", left_over("rdp", "tcp 3389 on 0.0.0.0", **port))
    assert found(lab.report(), "VPN-07", "ws1")[0] == "fail"
    lab.site["conduits"].append({"from": "ris1", "to": "ws1", "service": "rdp", "reason": "support of readers"})
    state, observed = found(lab.report(), "VPN-07", "ws1")
    assert state == "pass" and "which the site declares" in observed


class TestWindows:
    """A window lets a vendor in, and only within it."""

    def facts(self, *windows: Window, sessions: Any = (), opened: Any = ()) -> list[str]:
        compiled = compile_site(remote().site)
        known, unknown = vendor_facts(compiled, {"people": sessions}, {"core": opened}, windows)
        assert not unknown
        faults: list[str] = known["faults"]
        return faults

    def window(self, before: int = 30, source: str = "vendor1") -> Window:
        return Window(source, "ct1", NOW - timedelta(minutes=before))

    def since(self, minutes: int) -> list[dict[str, Any]]:
        return [session("acme", since=int((NOW - timedelta(minutes=minutes)).timestamp()))]

    def test_within_it_a_vendor_is_in(self) -> None:
        key = FlowKey("198.18.80.20", CT1, "tcp", 22)
        assert self.facts(self.window(), sessions=self.since(10), opened=[SeenFlow(key, 1)]) == []

    @pytest.mark.parametrize("others", [(), ("hub",)])
    def test_without_its_own_nothing_is_allowed(self, others: tuple[str, ...]) -> None:
        windows = [self.window(source=name) for name in others]
        key = FlowKey("198.18.80.20", CT1, "tcp", 22)
        assert self.facts(*windows, sessions=self.since(10)) == ["acme is connected, and no window is open for vendor1"]
        assert self.facts(*windows, opened=[SeenFlow(key, 1)]) == ["vendor1 -> ct1:22 is open, and no window is"]

    def test_a_session_that_is_older_than_its_window(self) -> None:
        assert self.facts(self.window(), sessions=self.since(40)) == [
            "acme is connected since before its window was opened"
        ]

    def test_of_one_whose_beginning_is_not_known_no_session_is_too_old(self) -> None:
        assert self.facts(Window("vendor1", "ct1"), sessions=self.since(4000)) == []

    def test_what_the_kernel_holds_is_what_is_open(self, lab: Lab) -> None:
        """An element of the set of the firewall's rules, as pacs-access puts it there."""
        remote_cases.server(lab, sessions=[session("acme")])
        assert found(lab.report(), "VPN-06", "Lab Hospital")[0] == "fail"
        names = [one["set"] for one in lab.rules("edge") if "window4" in one.get("set", {}).get("name", "")]
        (held,) = [one for one in names if "remote" in one["name"]]
        value = {"concat": ["198.18.80.20", "198.18.20.11", "tcp", 22]}
        held["elem"] = [{"elem": {"val": value, "timeout": 3600, "expires": 3000}}]
        state, observed = found(lab.report(), "VPN-06", "Lab Hospital")
        assert state == "pass" and "vendor1 -> ct1: a window is open; owner Anna Example" in observed
        # Its id says since when.
        held["elem"][0]["elem"]["comment"] = "20991231-235959-a1b2"
        state, observed = found(lab.report(), "VPN-06", "Lab Hospital")
        assert state == "fail" and "acme is connected since before its window was opened" in observed

    def test_one_that_lives_on_outside_its_window_opens_no_more_than_that(self, lab: Lab) -> None:
        """Where the rules forgot to ask for windows, only that connection is shown, and only where it passes."""
        rules = lab.rules("edge")
        rules.remove(next(one for one in rules if _jumps(one.get("rule", {}), "interventions")))
        document = lab.report().document()
        opened = {
            (cell["from"], cell["to"]) for cell in document["reachability"]["cells"] if cell["state"] == "too open"
        }
        assert opened <= {
            ("remote", "modality"),
            ("modality", "remote"),
            ("vendor", "modality"),
            ("modality", "vendor"),
        }
        assert found(lab.report(), "SEG-02", "edge")[0] == "fail"

    def test_people_need_none(self) -> None:
        assert self.facts(sessions=[session("r.smith")]) == []


def record(**parts: Any) -> HostRecord:
    return read_host({"reached": "ok", "reason": "", "evidence": {"format": 1, "parts": parts}})


@pytest.mark.parametrize("part", ["ipsec", "openvpn"])
def test_whatever_a_gateway_says_nothing_raises(part: str) -> None:
    document = remote().site
    site, parts = compile_site(document).site, gateway_parts(document, "edge")
    for value in spoilt(parts[part]["value"]):
        host = record(**{**parts, part: {"status": "ok", "value": value}})
        known, _unknown = remote_access_facts(site, "edge", host, PROFILES, NOW)
        assert {type(fact) for fact in known.values()} <= {bool, dict, type(None)}, value


def test_whatever_a_host_says_is_left_over_nothing_raises() -> None:
    site = compile_site(remote().site).site
    value = {**left_over("vnc", "x", port=["tcp", 1])}
    whole = {"found": [value], "interfaces": [{"name": "wg0", "kind": "x"}], "consoles": ["ttyS0"], "unseen": 0}
    for changed in spoilt(whole):
        leftover_facts(site, "ws1", record(remote_leftovers={"status": "ok", "value": changed}), ())


@pytest.mark.parametrize("spoil", [lambda one: one.pop("nftables"), lambda one: one.update(nftables=[{"table": 7}])])
def test_rules_that_nobody_understands_leave_the_guard_open(lab: Lab, spoil: Callable[[Any], object]) -> None:
    spoil(lab.part("edge", "nftables")["value"]["listing"])
    state, observed = found(lab.report(), "VPN-05", "edge")
    assert state == "not_assessed" and "may leave in clear" in observed


def _jumps(rule: dict[str, Any], target: str) -> bool:
    return any(one.get("jump", {}).get("target") == target for one in rule.get("expr", []))


def test_what_lies_behind_a_tunnel_is_told_from_what_else_lies_behind_its_interface() -> None:
    """Both stand behind the outer interface, and all that goes from one to the other comes through the firewall."""
    cells = {(one["from"], one["to"]): one for one in remote().report().document()["reachability"]["cells"]}
    for pair in (("external", "branch"), ("branch", "vendor")):
        assert cells[pair]["state"] in ("closed", "as declared") and cells[pair]["how"] == ["edge"]
