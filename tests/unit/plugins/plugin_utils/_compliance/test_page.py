"""The report page: whole, safe, and readable without colours."""

from __future__ import annotations

import copy
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page_words import CELLS, STATES

STATE_NAMES = sorted(STATES)
CELL_NAMES = ["as declared", *CELLS]
VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "<script>alert('x')</script> \"quoted\" & \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\x07\ud800"


class Reader(HTMLParser):
    """Reads a page strictly: every tag closes in order, ids are unique. Keeps elements, attributes and visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []
        ids = [value for _tag, name, value in self.attributes if name == "id"]
        assert len(ids) == len(set(ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def finding(state: str = "fail", **changes: Any) -> dict[str, Any]:
    return {
        "control": "SEG-01",
        "title": "The firewall drops what isn't declared",
        "severity": "high",
        "state": state,
        "subject": "core",
        "demand": "Traffic is dropped unless it is declared.",
        "observed": "no chain on the forward hook",
        "expected": "policy drop",
        "mend": "Run the playbook site.",
        "citations": [
            {"text": "45 CFR 164.312(a)(1)", "source": "read", "status": "in-force"},
            {"text": "90 FR 898", "source": "partial", "status": "proposed"},
        ],
        "judgeable": "partial",
        "how": "host",
        "evidence_sha256": "0123456789abcdef" * 4,
        "waiver": None,
        **changes,
    }


WAIVER = {
    "control": "AE-01",
    "scope": "pacs1",
    "owner": "PACS administration",
    "approver": "CISO",
    "reason": "The maker says so.",
    "compensating_control": "Only declared addresses reach it.",
    "created": "2026-10-01",
    "expires": "2026-12-15",
    "state": "active",
}


SEEN = {
    **{"firewall": "core", "mode": "watch", "reason": "", "more": 3, "doubts": ["its memory was full"]},
    **{"read_at": "2026-11-23T08:12:00Z", "since": "2026-11-20T06:00:00Z"},
    "rows": [
        {
            **{"state": "passes", "weight": "fails", "source": "ct7", "destination": "pacs1", "service": "104 tcp"},
            **{"count": 12, "idle": 180, "what": "looks like images stored (RAD-8)"},
        },
        {
            **{"state": "open", "weight": "fails", "source": "an address in pacs", "destination": "ct1"},
            **{"service": "22 tcp", "count": 1, "idle": None, "what": "SSH"},
        },
    ],
    "declared": {"used": 7, "unused": 1, "unused_names": ["pacs1 -> ct1: RAD-10"]},
}


def document(findings: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "schema": "pacs-hardening-report/1",
        "site": "Example Hospital",
        "generated_at": "2026-11-23T08:12:05Z",
        "tool": {"name": "pacs.hardening", "version": "0.2.0"},
        "previous": None,
        "summary": {"by_state": {}, "by_severity_of_failures": {}, "verdict": "fail"},
        "coverage": {
            "declared": 2,
            "on_host": ["pacs1"],
            "from_network": [],
            "only_declared": ["ct1"],
            "not_seen": [],
            "devices": [
                {"name": "pacs1", "zone": "pacs", "managed": True, "how": "on_host", "reason": ""},
                {"name": "ct1", "zone": "modality", "managed": False, "how": "only_declared", "reason": "unmanaged"},
            ],
        },
        "reachability": {
            "zones": ["modality", "pacs"],
            "cells": [cell("modality", "pacs", "as declared", declared=["ct1 to pacs1"]), cell("pacs", "modality")],
        },
        "seen": [SEEN],
        "without_antivirus": [
            {
                "name": "ct1",
                "forbidden_by": ["MLDP-2.3 (the owner may install or update it): no"],
                "instead": [],
                "controls": [
                    {"control": "SEG-02", "title": "The rules do what is declared", "subject": "core", "state": "pass"}
                ],
            }
        ],
        "findings": findings,
        "hosts": [
            {
                "name": "pacs1",
                "reached": "ok",
                "reason": "",
                "parts": {"system": "ok", "nftables": "absent"},
                "findings": [{"control": "IAM-01", "state": "fail"}],
            }
        ],
        "waivers": [],
        "limits": ["The output hook isn't judged."],
        **changes,
    }


def cell(source: str, destination: str, state: str = "too open", **changes: Any) -> dict[str, Any]:
    return {
        "from": source,
        "to": destination,
        "state": state,
        "declared": [],
        "witnesses": [f"a packet from {source} to {destination} would pass"],
        "how": ["core"],
        **changes,
    }


def read(result: dict[str, Any]) -> Reader:
    return Reader(render_page(result))


class TestWhole:
    def test_one_document_always_gives_one_text_and_is_left_alone(self) -> None:
        result = document([finding()])
        before = copy.deepcopy(result)
        assert render_page(result) == render_page(copy.deepcopy(result))
        assert result == before

    @pytest.mark.parametrize("state", STATE_NAMES)
    def test_every_state_shows_its_word_its_mark_and_its_finding(self, state: str) -> None:
        page = read(document([finding(state)]))
        assert f"{STATES[state].mark} {STATES[state].word}" in page.text
        for said in ("The firewall drops what isn't declared", "SEG-01", "core", "no chain on the forward hook"):
            assert said in page.text
        assert "0123456789ab" in page.text

    def test_a_state_without_a_word_is_still_shown(self) -> None:
        page = read(document([finding("moot")]))
        assert "Unknown state" in page.text
        assert "no chain on the forward hook" in page.text

    @pytest.mark.parametrize("state", CELL_NAMES)
    def test_every_state_of_a_pair_of_zones_has_a_word_and_its_witness(self, state: str) -> None:
        cells = [cell("modality", "pacs", state, declared=["ct1 to pacs1"])]
        page = read(document([], reachability={"zones": ["modality", "pacs"], "cells": cells}))
        assert state in page.text
        assert "ct1 to pacs1" in page.text
        assert ("a packet from modality to pacs would pass" in page.text) is (state != "as declared")

    @pytest.mark.parametrize("state", STATE_NAMES)
    def test_only_what_was_judged_is_said_to_have_been_seen(self, state: str) -> None:
        seen = "seen on the host, evidence" in read(document([finding(state)])).text
        assert seen is (state not in ("not_assessed", "not_applicable", "manual"))

    def test_a_pair_that_the_result_leaves_out_is_not_taken_for_closed(self) -> None:
        page = read(document([], reachability={"zones": ["modality", "pacs"], "cells": []}))
        assert page.text.count("not stated") == 3  # two cells and the legend

    def test_findings_of_one_control_share_a_card_and_lose_nothing(self) -> None:
        findings = [finding(subject=name, observed=f"seen on {name}") for name in ("core", "edge")]
        page = read(document(findings))
        assert page.text.count("Traffic is dropped unless it is declared.") == 1
        assert "core: seen on core" in page.text
        assert "edge: seen on edge" in page.text

    def test_the_greatest_risk_comes_first_and_what_passed_last(self) -> None:
        order = [("pass", "critical"), ("fail", "low"), ("error", "critical"), ("fail", "critical"), ("warn", "high")]
        page = read(document([finding(state, severity=risk, title=f"Title {state} {risk}") for state, risk in order]))
        shown = re.findall(r"Title (\w+ \w+)", page.text)
        assert shown == ["fail critical", "error critical", "fail low", "warn high", "pass critical"]

    def test_what_to_do_first_says_each_remedy_once(self) -> None:
        findings = [finding(subject=name, severity="critical") for name in ("core", "edge")]
        findings += [finding(control=name, mend=f"Mend {name}.", severity="low") for name in ("A-1", "A-2")]
        page = read(document(findings))
        steps = page.text[page.text.index("What to do first") : page.text.index("To mend (4)")]
        assert "Run the playbook site. (2 failed checks, the worst of critical risk)" in steps
        assert steps.index("Run the playbook site.") < steps.index("Mend A-1. (A-1, risk: low)")

    def test_proposed_law_is_marked(self) -> None:
        assert "90 FR 898 proposed, not in force" in read(document([finding()])).text

    def test_a_waived_finding_keeps_what_was_seen_and_says_until_when(self) -> None:
        page = read(document([finding("waived", waiver=WAIVER)], waivers=[{**WAIVER, "state": "expired"}]))
        assert page.text.count("15 December 2026 (22 days left)") == 2
        assert "no chain on the forward hook" in page.text
        assert "1 waiver is expired or unusable." in page.text

    def test_a_device_without_antivirus_shows_what_protects_it_instead(self) -> None:
        text = read(document([])).text
        assert "Without antivirus, by their maker's word" in text
        assert "MLDP-2.3 (the owner may install or update it): no nothing ✓ passed SEG-02 The rules do what" in text
        assert "(core)" in text
        assert "Without antivirus" not in read(document([], without_antivirus=[])).text

    def test_hosts_that_failed_say_why(self) -> None:
        gone = {"name": "ws1", "reached": "timeout", "reason": "silent for 30 s", "parts": {}, "findings": []}
        page = read(document([], hosts=[gone]))
        assert "ws1 ✗ no answer in time silent for 30 s" in page.text


class TestSeen:
    def test_each_row_says_who_whom_how_often_and_what_became_of_it(self) -> None:
        text = read(document([])).text
        assert "core watches: undeclared connections pass, and are remembered." in text
        assert "would be cut ct7 → pacs1 104 tcp 12 times, last 3 min ago looks like images stored (RAD-8)" in text
        assert "still open an address in pacs → ct1 22 tcp 1 connection SSH" in text
        assert "and 3 more like these. 1 of 8 declared flows weren't used since 20 November 2026, 06:00 UTC" in text
        assert "its memory was full" in text and "pacs.hardening.propose" in text and "connections_cut" in text

    def test_what_nobody_could_look_at_is_not_taken_for_nothing(self) -> None:
        unread = {**SEEN, "mode": None, "reason": "needs root", "rows": [], "more": 0, "doubts": []}
        text = read(document([], seen=[unread])).text
        assert "core nothing is known: needs root." in text
        assert "It has none to tell of" not in text
        nothing = read(document([], seen=[{**SEEN, "rows": [], "more": 0}])).text
        assert "It has none to tell of." in nothing

    def test_a_state_without_a_word_is_still_shown(self) -> None:
        strange = {**SEEN, "rows": [{**SEEN["rows"][0], "state": "odd"}]}  # type: ignore[index]
        assert "unknown ct7 → pacs1" in read(document([], seen=[strange])).text


class TestVerdict:
    @pytest.mark.parametrize(
        ("states", "verdict", "says"),
        [
            (["fail", "pass", "not_applicable"], "fail", "✗ Not passed: 1 of 2 checks failed, 1 of them of high risk."),
            (["pass", "pass"], "pass", "✓ Passed: all 2 checks passed."),
            (["pass", "error"], "incomplete", "? Not complete: nothing failed, but only 1 of 2 checks passed."),
            ([], "incomplete", "? Not complete: nothing failed, but only 0 of 0 checks passed."),
        ],
    )
    def test_it_is_one_plain_sentence(self, states: list[str], verdict: str, says: str) -> None:
        result = document([finding(state) for state in states], summary={"verdict": verdict})
        assert says in read(result).text

    def test_what_could_not_be_judged_is_never_passed_over(self) -> None:
        text = read(document([finding("error"), finding("not_assessed")])).text
        assert "2 checks couldn't be judged. Nothing is claimed about them." in text

    def test_coverage_says_its_denominator(self) -> None:
        says = "Of 2 declared devices: 1 judged on the host, 0 judged from the network, 1 only declared, 0 not seen."
        assert says in read(document([])).text


class TestSafe:
    def test_it_refers_to_nothing_and_runs_nothing(self) -> None:
        page = render_page(document([finding(state, waiver=WAIVER) for state in STATE_NAMES], waivers=[WAIVER]))
        reader = Reader(page)
        assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg"} & set(reader.tags)
        assert not re.search(r"https?:|url\(|@import|javascript:", page)
        for tag, name, value in reader.attributes:
            assert not name.startswith("on")
            assert name not in ("src", "action", "srcset")
            assert name != "href" or (tag == "a" and value.startswith("#"))

    def test_every_link_has_its_target(self) -> None:
        reader = read(document([finding()]))
        ids = {value for _tag, name, value in reader.attributes if name == "id"}
        links = {value[1:] for _tag, name, value in reader.attributes if name == "href"}
        assert "pair-1-0" in links
        assert links <= ids

    def test_hostile_text_stays_text_wherever_it_stands(self) -> None:
        result = _everywhere(document([finding("waived", waiver=WAIVER)], waivers=[WAIVER]), HOSTILE)
        page = render_page(result)
        reader = Reader(page)
        assert "script" not in reader.tags
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
        assert "<U+202E>gpj.exe<U+0007><U+D800>" in reader.text
        assert page.encode("utf-8")
        assert all(character.isprintable() or character == "\n" for character in page)

    def test_colours_follow_the_screen_but_paper_is_light(self) -> None:
        page = render_page(document([]))
        assert page.count("prefers-color-scheme") == page.count("@media screen and (prefers-color-scheme: dark)") == 1


def _everywhere(value: Any, text: str) -> Any:
    """The document with ``text`` after each of its strings, but for the words that it chooses from."""
    if isinstance(value, dict):
        return {
            key: item if key in ("state", "how", "reached", "verdict") else _everywhere(item, text)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_everywhere(item, text) for item in value]
    return value + text if isinstance(value, str) else value


WORDS = st.text(max_size=30)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    zones = draw(st.lists(WORDS, max_size=4, unique=True))
    pairs = [(one, other) for one in zones for other in zones]
    cells = [
        cell(one, other, draw(st.sampled_from(CELL_NAMES)), witnesses=draw(st.lists(WORDS, max_size=2)))
        for one, other in (draw(st.lists(st.sampled_from(pairs), max_size=6)) if pairs else [])
    ]
    findings = st.builds(
        finding,
        st.sampled_from(STATE_NAMES),
        subject=WORDS,
        observed=st.none() | WORDS,
        title=WORDS,
        mend=WORDS,
        severity=st.sampled_from(["critical", "high", "medium", "low"]),
        waiver=st.none() | st.just(WAIVER),
    )
    return document(
        draw(st.lists(findings, max_size=6)),
        reachability={"zones": zones, "cells": cells},
        site=draw(WORDS),
        generated_at=draw(WORDS),
        limits=draw(st.lists(WORDS, max_size=2)),
    )


@settings(max_examples=60, deadline=None)
@given(documents())
def test_any_document_becomes_a_whole_page(result: dict[str, Any]) -> None:
    page = render_page(result)
    reader = Reader(page)
    assert reader.tags.count("html") == 1
    assert page.encode("utf-8")
    for zone in result["reachability"]["zones"]:
        if zone.isprintable():
            assert zone in html.unescape(page)
    assert all(item["control"] in reader.text for item in result["findings"])
