"""A first week with firewalls that nobody had: watch, see, propose, simulate, enforce. The tests follow each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sites import lab_site
from watched import Hospital, Line, lend

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from lab import exercise, probes
from playbooks import run_playbook

#: What a clinical day of the lab uses; the filler order (RAD-3) is declared, and the exercise sends none.
CLINICAL = {
    "ct1 -> pacs1:11112 tcp",
    "pacs1 -> ct1:11112 tcp",
    "ct1 -> ris1:11112 tcp",
    "ws1 -> pacs1:11112 tcp",
    "pacs1 -> ws1:11112 tcp",
    "his1 -> ris1:2575 tcp",
}
UNDECLARED = [probe for probe in probes.matrix() if (probe.source, probe.target, probe.port) == ("ws1", "ct1", 11112)]
FORGOTTEN = re.compile(
    r"pacs1 -> ct1:11112 tcp, (once|\d+ times), last [^:]* ago: looks like storage commitment result \(RAD-10\)"
)


def flows(site: dict[str, Any]) -> set[str]:
    """What follows from a site, administration aside, without the reasons."""
    compiled = compile_site(site).flows
    return {str(flow).split(",", maxsplit=1)[0] for flow in compiled if flow.source.kind != "management"}


def clinical_day() -> None:
    steps = list(exercise.play(images=20))
    assert [step for step in steps if not step.ok] == []
    assert len(steps) == 6


@pytest.fixture(scope="module")
def proposed(hospital: Hospital, first_day: dict[str, Any]) -> dict[str, Any]:
    """The site that is proposed from what the firewalls saw of the clinical day."""
    done = hospital.play("propose", first_day)
    assert done.ok and not any(done.changed.values()), done.output
    text = (hospital.reports / "proposed_site.yml").read_text(encoding="utf-8")
    site: dict[str, Any] = yaml.safe_load(text)["pacs_site"]
    return site


def test_watching_an_untouched_hospital_cuts_nothing(hospital: Hospital) -> None:
    assert hospital.mode("core") == hospital.mode("edge") == "watch"
    clinical_day()


def test_all_of_it_is_remembered_and_told_in_plain_words(hospital: Hospital, first_day: dict[str, Any]) -> None:
    done = hospital.play("observe", first_day)
    assert done.ok and not any(done.changed.values()), done.output
    assert "core watches since 20" in done.output
    assert "\n  Enforcing would cut:\n" in done.output
    assert re.search(
        r"^    ct1 -> pacs1:11112 tcp, \d+ times, last \d+ s ago: looks like images stored", done.output, re.M
    )
    core, edge = json.loads((hospital.reports / "observed.json").read_text(encoding="utf-8"))["firewalls"]
    named = {f"{one['source']['name']} -> {one['destination']['name']}:{one['port']} tcp" for one in core["undeclared"]}
    assert named == CLINICAL
    assert edge["mode"] == "watch"
    assert edge["undeclared"] == []


def test_the_compliance_report_names_them_and_no_address(hospital: Hospital, first_day: dict[str, Any]) -> None:
    made = hospital.judge(first_day)
    assert made.state("INV-02", "core") == "fail"
    stored = r"would be cut: ct1 -> pacs1:11112 tcp, \d+ times, last [^:]* ago: looks like images stored \(RAD-8\)"
    assert any(re.match(stored, text) for text in made.observed("INV-02", "core")), made.observed("INV-02", "core")
    (core,) = (firewall for firewall in made.report["seen"] if firewall["firewall"] == "core")
    named = {f"{row['source']} -> {row['destination']}:{row['service']}" for row in core["rows"]}
    assert (named, core["doubts"]) == (CLINICAL, [])
    assert "<bdi>ct1</bdi> → <bdi>pacs1</bdi>" in made.page


def test_enforcing_that_would_cut_declared_devices_is_refused(hospital: Hospital, first_day: dict[str, Any]) -> None:
    done = hospital.play("site", first_day, firewall_mode="enforce")
    assert not done.ok
    assert "would be cut: ct1 -> pacs1:11112 tcp" in done.output
    assert not any(done.changed.values())
    assert hospital.mode() == "watch"


def test_what_is_proposed_permits_the_clinical_day_and_nothing_else(proposed: dict[str, Any]) -> None:
    assert flows(proposed) == CLINICAL
    assert flows(proposed) < flows(lab_site())
    assert proposed["workflows"] == [
        {"modalities": ["ct1"], "archive": "pacs1", "order_filler": "ris1", "displays": ["ws1"]}
    ]
    assert proposed["devices"] == lab_site()["devices"]


def test_a_forgotten_reverse_connection_is_found_before_anything_is_enforced(
    hospital: Hospital, first_day: dict[str, Any]
) -> None:
    conduits = [
        {"from": "ct1", "to": "pacs1", "service": "dicom", "reason": "images"},
        {"from": "ct1", "to": "ris1", "service": "dicom", "reason": "worklist"},
        {"from": "ws1", "to": "pacs1", "service": "dicom", "reason": "retrieval"},
        {"from": "pacs1", "to": "ws1", "service": "dicom", "reason": "delivery"},
        {"from": "his1", "to": "ris1", "service": "hl7_mllp", "reason": "orders"},
    ]
    done = hospital.play("simulate", {**first_day, "conduits": conduits})
    assert not done.ok
    assert FORGOTTEN.search(done.output), done.output
    assert "core would cut 1 of the 6 flows" in done.output or "core would cut 1 of the" in done.output
    assert "NOT SAFE TO ENFORCE. It would hurt: pacs1, ct1." in done.output
    assert not any(done.changed.values())


def test_the_proposal_is_simulated_and_cuts_nothing(hospital: Hospital, proposed: dict[str, Any]) -> None:
    done = hospital.play("simulate", proposed)
    assert done.ok, done.output
    assert "core would cut none of the" in done.output


def test_enforcing_waits_until_the_undeclared_is_declared(
    hospital: Hospital, proposed: dict[str, Any], line: Line
) -> None:
    assert [str(result) for result in probes.run(UNDECLARED) if not result.is_open] == [], "watching lets it pass"
    refused = hospital.play("site", proposed, firewall_mode="enforce")
    assert not refused.ok
    assert "would be cut: ws1 -> ct1:11112 tcp" in refused.output
    assert hospital.mode() == "watch"

    declared = {"from": "ws1", "to": "ct1", "service": "dicom", "reason": "images straight from the scanner"}
    service = {"from": "ws1", "to": "ct1", "protocol": "tcp", "ports": [2222], "reason": "the technician is here"}
    with_it = {**proposed, "conduits": [*proposed.get("conduits", ()), declared, service]}
    done = hospital.play("site", with_it, firewall_mode="enforce")
    assert done.ok, done.output
    assert hospital.mode("core") == hospital.mode("edge") == "enforce"
    assert [str(result) for result in probes.run(UNDECLARED) if not result.is_open] == [], "it is declared"
    line.open()
    clinical_day()


def test_or_until_it_is_named_and_then_it_is_cut(hospital: Hospital, proposed: dict[str, Any]) -> None:
    back = hospital.play("site", proposed, firewall_mode="watch")
    assert back.ok and hospital.mode() == "watch", back.output
    assert [str(result) for result in probes.run(UNDECLARED) if not result.is_open] == [], "watching lets it pass"
    assert not hospital.play("site", proposed, firewall_mode="enforce").ok

    done = hospital.play("site", proposed, firewall_mode="enforce", firewall_enforce_despite=["ws1"])
    assert done.ok, done.output
    assert hospital.mode() == "enforce"
    results = probes.run([*UNDECLARED, *probes.controls(UNDECLARED)])
    assert {result.probe.source: result.is_open for result in results} == {"ws1": False, "ct1": True}, results
    clinical_day()


def test_what_is_refused_comes_back_the_same_way(hospital: Hospital, proposed: dict[str, Any]) -> None:
    done = hospital.play("observe", proposed)
    assert done.ok, done.output
    assert "core enforces since 20" in done.output
    assert re.search(r"  Refused:\n    ws1 -> ct1:11112 tcp, \d+ times, last \d+ s ago: DICOM", done.output), (
        done.output
    )
    core = json.loads((hospital.reports / "observed.json").read_text(encoding="utf-8"))["firewalls"][0]
    assert {one["destination"]["address"] for one in core["undeclared"]} == {probe.address for probe in UNDECLARED}


def test_what_was_removed_and_is_still_open_is_in_the_report_until_it_is_cut(
    hospital: Hospital, proposed: dict[str, Any], line: Line
) -> None:
    assert line.works(), "its flow was removed, and it lives on"
    made = hospital.judge(proposed)
    assert made.state("INV-02", "core") == "fail"
    open_still = "still open, though nothing declares it: ws1 -> ct1:2222 tcp, 1 connection: no known service"
    assert made.observed("INV-02", "core")[0] == open_still

    lend("core", "conntrack")
    done = run_playbook(Path(__file__).parents[1] / "cut.yml")
    assert done.ok and done.changed["core"] == 1, done.output
    assert not line.works()
    mended = hospital.judge(proposed)
    observed = mended.observed("INV-02", "core")
    assert mended.state("INV-02", "core") == "warn", "what was refused is worth a look"
    assert re.match(r"refused: ws1 -> ct1:11112 tcp, \d+ times, last .* ago: DICOM$", observed[0]), observed
    assert not any("still open" in text for text in observed)
