"""Waivers: a failure stays visible, and one that can't be used waives nothing."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from compliance_example import before, report, untouched_hosts

WAIVER: dict[str, Any] = {
    "control": "SEG-01",
    "scope": ["core"],
    "owner": "PACS administration",
    "approver": "security officer",
    "reason": "the firewall is replaced in January",
    "compensating_control": "the zone has no way out",
    "created": "2026-11-01",
    "expires": "2026-12-31",
}


def made(*waivers: object) -> dict[str, Any]:
    return report(untouched_hosts(), waivers=list(waivers)).document()


def states(document: dict[str, Any], control: str = "SEG-01") -> dict[str, str]:
    return {one["subject"]: one["state"] for one in document["findings"] if one["control"] == control}


def test_a_waived_failure_keeps_what_was_seen() -> None:
    document = made(WAIVER)
    assert states(document) == {"core": "waived", "edge": "fail"}
    (waived,) = (one for one in document["findings"] if one["state"] == "waived")
    (failed,) = (one for one in before()["findings"] if one["control"] == "SEG-01" and one["subject"] == "core")
    assert waived["observed"] == failed["observed"] != []
    assert waived["waiver"] == {**WAIVER, "scope": "core", "state": "active", "problem": ""}
    assert document["summary"]["by_state"]["waived"] == 1


def test_it_waives_no_ignorance() -> None:
    document = report({}, waivers=[WAIVER]).document()
    assert states(document)["core"] == "not_assessed"


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({"expires": "2026-11-23"}, "expired", "it has expired"),
        ({"expires": datetime.date(2026, 11, 23)}, "expired", "it has expired"),
        ({"scope": []}, "error", "it has no scope"),
        ({"scope": "*"}, "error", "it has no scope"),
        ({"scope": ["core", "all"]}, "error", "it has no scope"),
        ({"scope": ["cor"]}, "error", "nothing is named 'cor'. Did you mean 'core'?"),
        ({"control": "SEG-10"}, "error", "no control is named 'SEG-10'. Did you mean 'SEG-"),
        ({"created": "2026-12-01"}, "error", "created in the future"),
        ({"created": "2027-01-01", "expires": "2026-12-31"}, "error", "expires before it was created"),
        ({"expires": "soon"}, "error", "must be dates"),
        ({"expires": None}, "error", "no value"),
        ({"owner": ""}, "error", "owner"),
        ({"reson": "typo"}, "error", "unknown key. Did you mean 'reason'?"),
    ],
)
def test_what_can_not_be_used_waives_nothing(changes: dict[str, Any], state: str, said: str) -> None:
    document = made({**WAIVER, **changes})
    assert states(document)["core"] == "fail"
    (waiver,) = document["waivers"]
    assert waiver["state"] == state and said in waiver["problem"]


@pytest.mark.parametrize("key", WAIVER)
def test_nothing_may_be_left_out(key: str) -> None:
    document = made({name: value for name, value in WAIVER.items() if name != key})
    assert states(document)["core"] == "fail"
    assert document["waivers"][0]["state"] == "error" and key in document["waivers"][0]["problem"]


def test_it_stands_to_the_end_of_its_last_day() -> None:
    assert states(made({**WAIVER, "expires": "2026-11-24"}))["core"] == "waived"


@pytest.mark.parametrize("garbage", ["text", 7, {"control": "SEG-01"}])
def test_no_list_of_waivers_is_an_error(garbage: object) -> None:
    document = report(untouched_hosts(), waivers=garbage).document()
    assert [one["state"] for one in document["waivers"]] == ["error"]


@pytest.mark.parametrize("garbage", [None, 7, "text", [], {}])
def test_what_is_no_waiver_is_an_error(garbage: object) -> None:
    assert [one["state"] for one in made(garbage)["waivers"]] == ["error"]
