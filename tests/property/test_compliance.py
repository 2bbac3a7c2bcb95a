"""Whatever is handed in as evidence: no traceback, no pass for garbage, no canary in any output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from canaries import PASSWORD, PATIENT, spoken
from compliance_example import hardened_hosts, network, report, seen, untouched_hosts
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_flows import CT1, WS1, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import PARTS
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Report
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.summary import summary_lines

PROJECT = Path(__file__).resolve().parents[2]
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((PROJECT / "docs" / "schemas" / "compliance-report.schema.json").read_text(encoding="utf-8"))
)
NAMES = tuple(hardened_hosts())
TRIED = network(lab_site(), shut=True)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
keys = st.text(max_size=6) | st.sampled_from(
    [*PARTS, "nftables", "listing", "listeners", "switches", "status", "value"]
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
garbage_parts = st.dictionaries(
    st.sampled_from(PARTS),
    st.fixed_dictionaries(
        {"status": st.sampled_from(["ok", "absent", "error", "?"]), "value": anything, "reason": anything}
    ),
)
garbage_hosts = st.dictionaries(
    st.sampled_from(NAMES),
    anything
    | st.fixed_dictionaries(
        {
            "reached": st.sampled_from(["ok", "ok", "unreachable", "failed", "timeout", "?"]),
            "reason": anything,
            "evidence": anything | st.fixed_dictionaries({"format": st.just(1), "parts": garbage_parts}),
        }
    ),
)


def whole(made: Report) -> dict[str, Any]:
    """The document, once it is shown to be one that every reader takes."""
    document = made.document()
    VALIDATOR.validate(document)
    render_page(document)
    summary_lines(document)
    return document


@settings(max_examples=60)
@given(garbage_hosts | anything, anything, anything)
def test_garbage_never_passes_and_never_raises(hosts: Any, tried: Any, waivers: Any) -> None:
    document = whole(report(hosts, tried, waivers))
    passed = {one["control"] for one in document["findings"] if one["state"] == "pass" and one["how"] != "model"}
    assert passed == set()


@settings(max_examples=60)
@given(st.data())
def test_one_spoilt_place_never_raises_and_never_mends(data: st.DataObject) -> None:
    hosts: Any = untouched_hosts()
    failed = _failed(report(hosts, TRIED))
    place: Any = hosts[data.draw(st.sampled_from(NAMES))]["evidence"]["parts"]
    for _depth in range(data.draw(st.integers(1, 7))):
        within = sorted(place, key=str) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(within))
        if not isinstance(place[step], (dict, list)) or not place[step]:
            break
        place, last = place[step], place
    else:
        place = last
    place[step] = data.draw(scalars.filter(lambda value: value is not False and value != 0))
    document = whole(report(hosts, TRIED))
    states = {(one["control"], one["subject"]): one["state"] for one in document["findings"]}
    mended = {one for one in failed if states[one] == "pass"}
    # A switch that is read as another value than it has is what the host says, and the host is believed in that.
    assert {control for control, _subject in mended} <= {"AE-01", "IAM-01", "SEG-07", "CFG-01"}


@settings(max_examples=60)
@given(st.data())
def test_one_spoilt_place_of_what_a_firewall_has_seen_never_passes(data: st.DataObject) -> None:
    hosts: Any = hardened_hosts()
    flows = [undeclared(WS1, CT1, 11112), undeclared(WS1, CT1, 104)]
    part = hosts["core"]["evidence"]["parts"]["firewall_flows"] = seen("watch", undeclared=flows, not_remembered=3)
    assert _state(report(hosts, TRIED)) == "fail"
    place: Any = part
    for _depth in range(data.draw(st.integers(1, 4))):
        step = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[step], (dict, list)) or not place[step]:
            break
        place, last = place[step], place
    else:
        place = last
    place[step] = data.draw(scalars)
    whole(made := report(hosts, TRIED))
    assert _state(made) in ("fail", "not_assessed")


def _state(made: Report) -> str:
    """The state of INV-02 on the core."""
    (one,) = (
        finding.judgement
        for finding in made.findings
        if (finding.judgement.control.id, finding.judgement.facts.subject) == ("INV-02", "core")
    )
    return one.state


def _failed(made: Report) -> set[tuple[str, str]]:
    return {
        (one.judgement.control.id, one.judgement.facts.subject)
        for one in made.findings
        if one.judgement.state == "fail"
    }


def _poison(value: Any) -> Any:
    """The canaries in every mapping, under keys that nobody knows."""
    if isinstance(value, dict):
        known = {key: _poison(item) for key, item in value.items()}
        return {**known, "patientName": PATIENT, "comment": f"{PATIENT} {PASSWORD}", "password": PASSWORD}
    if isinstance(value, list):
        return [_poison(item) for item in value]
    return value


@pytest.mark.parametrize("make", [untouched_hosts, hardened_hosts], ids=["untouched", "hardened"])
def test_no_canary_comes_out(make: Any) -> None:
    hosts = {name: {**record, "evidence": _poison(record["evidence"])} for name, record in make().items()}
    for record in hosts.values():
        sockets = record["evidence"]["parts"]["sockets"]["value"]["listeners"]
        sockets.append({**sockets[0], "port": 4711, "process": PATIENT})
    archive = hosts["pacs1"]["evidence"]["parts"]["orthanc"]["value"]
    archive["modalities"].append({"name": PATIENT, "aet": PATIENT[:16], "host_is_address": False, "port": 1})
    archive["shipped_credentials"].append(PASSWORD)
    archive["unusable"].append(PATIENT)
    tried = {name: _poison(results) for name, results in TRIED.items()}
    document = whole(report(hosts, tried))
    page, lines = render_page(document), summary_lines(document)
    assert spoken(document, page, lines) == []
    assert spoken({"control": f"{PATIENT} {PASSWORD}"}) == [PATIENT, PASSWORD]
