"""The judge: what isn't known isn't judged, what isn't true or false is an error, and nothing raises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from compliance_example import controls

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control import Condition, Control
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge, judge_all

CONTROL = next(control for control in controls() if control.id == "SEG-01")


def control(expression: str, applies: str = "", needs: str = "a.b") -> Control:
    condition = Condition((needs,), applies) if applies else None
    return replace(CONTROL, demanded=Condition((needs,), expression), applies=condition, observed="a.said")


def state(made: Control, fact: Any = 1, **unknown: str) -> tuple[str, tuple[str, ...]]:
    judged = judge(made, Facts("firewall", "core", {"a": {"b": fact, "said": ["seen"]}}, unknown))
    return judged.state, judged.observed


@pytest.mark.parametrize(
    "expression", ["a.b", "a.nothing", "a", "a.said", "'true'", "`1`", "length(a.b)", "to_number(a)"]
)
def test_only_true_and_false_are_answers(expression: str) -> None:
    said, observed = state(control(expression))
    assert said == "error" and observed and observed[0].startswith("the expression")


def test_true_passes_and_false_fails_with_what_was_seen() -> None:
    assert state(control("a.b == `1`")) == ("pass", ("seen",))
    assert state(control("a.b == `2`")) == ("fail", ("seen",))


def test_what_is_needed_comes_before_any_expression() -> None:
    assert state(control("`true`"), None)[0] == "not_assessed"
    assert state(control("`true`", needs="a.c"))[0] == "not_assessed"
    assert state(control("`true`", needs="a.b.c"))[0] == "not_assessed"


def test_the_nearest_reason_is_given() -> None:
    facts = Facts("firewall", "core", {}, {"": "gone", "a": "unread", "a.b": "hidden"})
    assert facts.why("a.b.c") == "hidden"
    assert facts.why("a.x") == "unread"
    assert facts.why("z") == "gone"
    assert "z" in Facts("firewall", "core", {}).why("z")


def test_what_does_not_apply_is_not_applicable() -> None:
    assert state(control("a.b == `2`", applies="a.b == `7`"))[0] == "not_applicable"
    assert state(control("a.b == `1`", applies="a.b == `1`"))[0] == "pass"
    assert state(control("a.b == `1`", applies="a.said"))[0] == "error"
    assert state(control("a.b == `1`", applies="a.b == `1`"), None)[0] == "not_assessed"


def test_what_does_not_apply_says_why_where_that_is_known() -> None:
    made = control("a.b == `1`", applies="a.b == `7`")
    assert state(made, **{"a.b": "there is none here"}) == ("not_applicable", ("there is none here",))
    assert state(made) == ("not_applicable", ())


def test_what_only_people_can_show_is_left_to_them() -> None:
    assert state(replace(CONTROL, judgeable="manual"))[0] == "manual"


def test_a_control_with_nobody_to_judge_says_so() -> None:
    (judged,) = judge_all([CONTROL], [])
    assert judged.state == "not_applicable" and judged.observed == ("the site declares no firewall",)
