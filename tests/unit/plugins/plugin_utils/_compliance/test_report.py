"""The result document: its schema, its verdict, who was seen, who reaches whom, and the lines on the screen."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from compliance_example import FOLDER, PROJECT, after, before, hardened_hosts, network, report, text, untouched_hosts
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.summary import summary_lines

SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "compliance-report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WAIVER = {
    **{name: "somebody" for name in ("owner", "approver", "reason", "compensating_control")},
    **{"control": "SEG-02", "scope": "core", "created": "2026-11-01", "expires": "2026-11-02"},
}


def cells(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["from"], cell["to"]): cell for cell in document["reachability"]["cells"]}


def rules(hosts: dict[str, Any], firewall: str = "core") -> list[dict[str, Any]]:
    parts = hosts[firewall]["evidence"]["parts"]
    found: list[dict[str, Any]] = parts["nftables"]["value"]["listing"]["nftables"]
    return found


def insert(hosts: dict[str, Any], firewall: str, *statements: dict[str, Any]) -> None:
    """A rule at the head of the forward chain."""
    listed = rules(hosts, firewall)
    place = next(number for number, one in enumerate(listed) if one.get("rule", {}).get("chain") == "forward")
    rule = {"family": "inet", "table": "pacs", "chain": "forward", "handle": 99, "expr": list(statements)}
    listed.insert(place, {"rule": rule})


def interface(key: str, name: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": name}}


@pytest.mark.parametrize("name", ["before", "after"])
def test_the_examples_are_what_this_code_makes(name: str) -> None:
    made = before() if name == "before" else after()
    committed = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert text(made) == committed, "PYTHONPATH=tests:.cache/collections python -m compliance_example writes them again"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert text(before()) == text(before())


@pytest.mark.parametrize(
    "document",
    [before(), after(), report({}).document(), report(untouched_hosts(), waivers=[WAIVER, {}, 7]).document()],
    ids=["before", "after", "nothing collected", "waivers"],
)
def test_every_result_keeps_its_schema_and_becomes_a_page(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(document)
    assert document["site"] in render_page(document)
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(extra=1),
        lambda document: document["findings"][0].update(state="good"),
        lambda document: document["findings"][0].pop("mend"),
        lambda document: document["summary"]["by_state"].pop("error"),
        lambda document: document["findings"][0]["citations"].append(
            {"text": "x", "source": "general", "status": "in-force"}
        ),
    ],
)
def test_the_schema_is_not_a_formality(spoil: Any) -> None:
    document = after()
    spoil(document)
    assert not VALIDATOR.is_valid(document)


def test_the_verdict_is_pass_only_if_nothing_is_left_open() -> None:
    assert after()["summary"]["verdict"] == "pass"
    assert before()["summary"]["verdict"] == "fail"
    hosts = hardened_hosts()
    hosts["ops1"] = {"reached": "unreachable", "reason": "no route", "evidence": None}
    assert report(hosts, network(lab_site(), shut=True)).document()["summary"]["verdict"] == "incomplete"
    unusable = report(hardened_hosts(), network(lab_site(), shut=True), [WAIVER]).document()
    assert unusable["summary"]["verdict"] == "incomplete"


def test_nothing_collected_passes_nothing_but_the_model() -> None:
    document = report({}, files={}).document()
    passed = {one["control"] for one in document["findings"] if one["state"] == "pass"}
    assert passed == {"AV-07", "INV-01", "SEG-06"}
    assert {one["reached"] for one in document["hosts"]} == {"failed"}


def test_coverage_names_who_was_seen_and_how() -> None:
    coverage = before()["coverage"]
    assert coverage["declared"] == 6
    assert coverage["on_host"] == ["pacs1", "ris1", "ops1"]
    assert coverage["not_seen"] == ["his1", "ws1"]
    assert coverage["only_declared"] == ["ct1"]
    site = lab_site()
    site["devices"]["ct1"]["probe"] = "echo"
    seen = report(hardened_hosts(), network(site, shut=True), site=site).document()["coverage"]
    assert seen["from_network"] == ["ct1"]


def test_hosts_that_the_site_does_not_know_are_listed_and_not_judged() -> None:
    document = report({**hardened_hosts(), "backup": {}}, inventory=["printer", "core"]).document()
    assert "they aren't judged: backup, printer." in document["limits"][-1]
    assert "backup" not in {host["name"] for host in document["hosts"]}


def test_what_is_proposed_is_marked_and_hearsay_is_not_cited() -> None:
    citations = [citation for finding in after()["findings"] for citation in finding["citations"]]
    assert {citation["source"] for citation in citations} <= {"read", "partial"}
    assert all(citation["status"] == "proposed" for citation in citations if "NPRM" in citation["text"])
    assert any(citation["status"] == "proposed" for citation in citations)


class TestReachability:
    def test_a_hardened_lab_is_as_declared(self) -> None:
        found = cells(after())
        assert {cell["state"] for cell in found.values()} == {"as declared"}
        assert found["modality", "pacs"]["declared"][0].startswith("ct1 -> pacs1:11112 tcp, RAD-8")
        assert found["modality", "pacs"]["how"] == ["core"]
        assert found["modality", "external"]["how"] == ["core", "edge"]

    def test_an_untouched_one_is_not_enforced(self) -> None:
        assert {cell["state"] for cell in cells(before()).values()} == {"not enforced"}

    def test_a_rule_too_many_opens_the_pair_that_it_is_about(self) -> None:
        hosts = hardened_hosts()
        insert(hosts, "core", interface("iifname", "ris0"), interface("oifname", "pacs0"), {"accept": None})
        found = cells(report(hosts).document())
        assert [pair for pair, cell in found.items() if cell["state"] != "as declared"] == [("ris", "pacs")]
        assert found["ris", "pacs"]["state"] == "too open"
        assert "would pass" in found["ris", "pacs"]["witnesses"][0]

    def test_a_blocking_rule_shuts_the_pair_that_it_is_about(self) -> None:
        hosts = hardened_hosts()
        insert(hosts, "core", interface("iifname", "modality0"), {"drop": None})
        found = cells(report(hosts).document())
        assert found["modality", "pacs"]["state"] == "too shut"
        assert found["ris", "his"]["state"] == "as declared"

    def test_a_second_firewall_that_holds_is_enough(self) -> None:
        hosts = hardened_hosts()
        rules(hosts, "edge").clear()
        found = cells(report(hosts).document())
        assert found["modality", "external"]["state"] == "as declared"

    def test_two_open_firewalls_are_not(self) -> None:
        hosts = hardened_hosts()
        for name in ("core", "edge"):
            insert(hosts, name, {"accept": None})
        assert cells(report(hosts).document())["external", "pacs"]["state"] in ("too open", "not proven")
        assert cells(report(hosts).document())["ris", "pacs"]["state"] == "too open"

    def test_a_firewall_that_was_not_read_proves_nothing(self) -> None:
        hosts = hardened_hosts()
        hosts["core"] = {"reached": "unreachable", "reason": "no route", "evidence": None}
        found = cells(report(hosts).document())
        assert found["ris", "pacs"]["state"] == "not proven"
        assert "no route" in found["ris", "pacs"]["witnesses"][0]

    def test_what_was_tried_outweighs_what_was_worked_out(self) -> None:
        tried = network(lab_site(), shut=True)
        (leak,) = (one for one in tried["ws1"] if one["id"] == "ws1 to ris1, 198.18.40.10 port 22")
        leak["outcome"] = "open"
        found = cells(report(hardened_hosts(), tried).document())
        assert found["reading", "ris"]["state"] == "too open"
        assert "it is open, and nothing declares it" in found["reading", "ris"]["witnesses"][0]

    def test_zones_without_a_firewall_between_them_are_not_enforced(self) -> None:
        site = lab_site()
        site["firewalls"] = {}
        found = cells(report({}, site=site).document())
        assert {cell["state"] for cell in found.values()} == {"not enforced"}
        assert found["ris", "pacs"]["witnesses"] == ["no firewall lies between them"]


class TestSummary:
    def test_the_verdict_comes_first_and_the_greatest_risk_next(self) -> None:
        lines = summary_lines(before())
        assert lines[0] == "NOT PASSED: Lab Hospital"
        assert lines[1].startswith("  Checks: 17 passed, 16 failed, 29 not assessed")
        text_of_all = "\n".join(lines)
        assert (
            text_of_all.index("critical SEG-01") < text_of_all.index("high AE-01") < text_of_all.index("medium CFG-01")
        )
        assert "his1 wasn't read: connection timed out" in text_of_all
        assert all(len(line) <= 100 for line in lines)

    def test_a_good_result_is_short(self) -> None:
        assert len(summary_lines(after())) == 4

    def test_unusable_waivers_are_shown(self) -> None:
        lines = summary_lines(report(hardened_hosts(), waivers=[WAIVER]).document())
        assert "  - SEG-02: it has expired. Mend the failure, or decide again." in lines


def test_input_is_left_alone() -> None:
    hosts, tried = untouched_hosts(), network(lab_site(), shut=False)
    kept = copy.deepcopy((hosts, tried))
    report(hosts, tried).document()
    assert (hosts, tried) == kept
