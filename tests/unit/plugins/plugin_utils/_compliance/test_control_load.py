"""Controls from documents: what is wrong is said at once, and nothing half-read is judged by."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control_load import (
    SCHEMA,
    ControlError,
    load_controls,
)

GOOD: dict[str, Any] = {
    "id": "SEG-01",
    "title": "The firewall drops",
    "severity": "high",
    "subject": "firewall",
    "how": "host",
    "judgeable": "full",
    "demand": "It drops.",
    "expected": "drop",
    "needs": ["firewall.rules.input_policy"],
    "expression": "firewall.rules.input_policy == 'drop'",
    "observed": "firewall.rules.said",
    "mend": "Run the playbook.",
    "citations": [{"text": "NIST CSF 2.0 PR.IR-01", "source": "read", "status": "in-force"}],
}


def document(*controls: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"schema": SCHEMA, "controls": list(controls), **changes}


def faults(**documents: object) -> str:
    with pytest.raises(ControlError) as caught:
        load_controls(documents)
    return str(caught.value)


def test_a_good_one_is_read_whole() -> None:
    applies = {"needs": ["firewall.kind"], "expression": "firewall.kind == 'internal'"}
    (control,) = load_controls({"a.yml": document({**GOOD, "applies": applies})})
    assert control.id == "SEG-01"
    assert control.demanded.needs == ("firewall.rules.input_policy",)
    assert control.applies is not None and control.applies.needs == ("firewall.kind",)
    assert control.citations[0].printed and not control.about_the_report


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sevrity": "high"}, "a.controls[0].sevrity: unknown key. Did you mean 'severity'?"),
        ({"severity": "severe"}, "a.controls[0].severity: 'severe' is not known here."),
        ({"subject": "zone"}, "a.controls[0].subject"),
        ({"id": "seg1"}, "a.controls[0].id: 'seg1' is not the id of a control. Write it like SEG-01."),
        ({"expression": "a ="}, "a.controls[0].expression: not an expression"),
        ({"expression": "contain(a, b)"}, "Unknown function: contain()"),
        ({"expression": "!firewall.open"}, "write !(a.b)"),
        ({"observed": "a["}, "a.controls[0].observed: not an expression"),
        ({"needs": []}, "a.controls[0].needs: an empty list. Name the facts"),
        ({"needs": ["firewall"]}, "a.controls[0].needs[0]: 'firewall' is not the path of a fact"),
        ({"citations": []}, "a.controls[0].citations: an empty list. Name where the demand comes from."),
        ({"citations": [{"text": "x", "source": "heard", "status": "in-force"}]}, "citations[0].source"),
        ({"mend": "  "}, "a.controls[0].mend: '' is not a usable text"),
        ({"applies": {"expression": "a"}}, "a.controls[0].applies: the key 'needs' is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes: dict[str, Any], said: str) -> None:
    assert said in faults(a=document({**GOOD, **changes}))


@pytest.mark.parametrize("key", GOOD)
def test_nothing_may_be_left_out(key: str) -> None:
    control = {name: value for name, value in GOOD.items() if name != key}
    assert f"a.controls[0]: the key '{key}' is missing" in faults(a=document(control))


def test_an_id_stands_once_in_all_documents() -> None:
    said = faults(a=document(GOOD), b=document(GOOD))
    assert "b.controls[0]: the id 'SEG-01' is taken" in said


def test_all_faults_come_at_once() -> None:
    broken = {**GOOD, "severity": "severe", "how": "somehow"}
    said = faults(a=document(broken), b=[], c=document(GOOD, schema="other/2"))
    for part in ("a.controls[0].severity", "a.controls[0].how", "b:", "c.schema: this document is of another kind"):
        assert part in said


@pytest.mark.parametrize("nothing", [None, {}, [], "text", 7, {"schema": SCHEMA, "controls": []}])
def test_no_controls_are_no_controls(nothing: object) -> None:
    assert "nothing was judged" in faults(a=nothing)
    with pytest.raises(ControlError, match="there are none"):
        load_controls({})


def test_a_citation_of_hearsay_is_read_and_never_printed() -> None:
    changed = copy.deepcopy(GOOD)
    changed["citations"].append({"text": "HICP 6", "source": "general", "status": "in-force"})
    (control,) = load_controls({"a.yml": document(changed)})
    assert [citation.printed for citation in control.citations] == [True, False]
