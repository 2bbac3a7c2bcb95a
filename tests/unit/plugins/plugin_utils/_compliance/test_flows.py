"""What firewalls have seen against what is declared: the verdict, the rows, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from compliance_example import (
    absent,
    hardened_hosts,
    hardened_site,
    network,
    profiles,
    report,
    scanned,
    seen,
)
from seen_flows import CT1, PACS1, STRANGER, WS1, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Report
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.summary import summary_lines

OUTSIDER, RIS1 = "192.0.2.77", "198.18.40.10"
BEFORE = 3 * 3600  # seconds ago: before the rules of the example
#: What the report tries itself, from the archive to the RIS.
PROBE = undeclared(PACS1, RIS1, 22)


def made(site: dict[str, Any] | None = None, **flows: Any) -> Report:
    """The report on the hardened lab whose core has seen this."""
    hosts = hardened_hosts()
    hosts["core"]["evidence"]["parts"]["firewall_flows"] = seen(**flows)
    return report(
        hosts,
        network(lab_site(), shut=True),
        site=site or hardened_site(),
        profiles=profiles(),
        files=scanned(),
    )


def found(report_: Report, subject: str = "core") -> tuple[str, list[str]]:
    """The state of INV-02, and what was observed."""
    (one,) = (
        finding.judgement
        for finding in report_.findings
        if (finding.judgement.control.id, finding.judgement.facts.subject) == ("INV-02", subject)
    )
    return one.state, list(one.observed)


def core(report_: Report) -> dict[str, Any]:
    (one,) = (firewall for firewall in report_.document()["seen"] if firewall["firewall"] == "core")
    return dict(one)


def opened(source: str, destination: str, port: int, **more: Any) -> dict[str, Any]:
    return {**undeclared(source, destination, port, count=1), "source_port": 40122, "seconds_left": 431999, **more}


def test_nothing_seen_passes_and_says_so() -> None:
    assert found(made()) == ("pass", ["no undeclared connection stands in its memory, and none is open"])
    assert core(made())["rows"] == []


@pytest.mark.parametrize(
    ("mode", "flow", "state", "says"),
    [
        ("watch", undeclared(WS1, CT1, 11112), "fail", "would be cut: ws1 -> ct1:11112 tcp, 12 times"),
        ("watch", undeclared(STRANGER, PACS1, 4444), "fail", "would be cut: an address in modality -> pacs1:4444 tcp"),
        ("watch", undeclared(STRANGER, "198.18.30.77", 22), "warn", "an address in modality -> an address in pacs:22"),
        ("enforce", undeclared(WS1, CT1, 11112), "warn", "refused: ws1 -> ct1:11112 tcp, 12 times, last 3 min ago"),
        ("enforce", undeclared(OUTSIDER, PACS1, 104), "pass", "refused: an address in external -> pacs1:104 tcp"),
        ("enforce", undeclared(WS1, CT1, 11112, idle=BEFORE), "pass", "seen under earlier rules, and not since: ws1"),
        ("watch", PROBE, "pass", "tried by this report itself: pacs1 -> ris1:22 tcp"),
        ("enforce", PROBE, "pass", "tried by this report itself: pacs1 -> ris1:22 tcp"),
    ],
)
def test_what_is_remembered(mode: str, flow: dict[str, Any], state: str, says: str) -> None:
    judged, observed = found(made(mode=mode, undeclared=[flow]))
    assert judged == state
    assert says in observed[0], observed


def test_without_the_times_a_refusal_is_one_of_now() -> None:
    flow = undeclared(WS1, CT1, 11112, idle=BEFORE)
    assert found(made(undeclared=[flow], since=None))[0] == "warn"


def test_a_flow_that_was_removed_and_is_still_open_fails_until_it_ends() -> None:
    image = opened(CT1, PACS1, 11112)
    assert found(made(connections=[image]))[0] == "pass", "it is declared"
    site = lab_site()
    site["workflows"] = []
    state, observed = found(made(site, connections=[image]))
    assert state == "fail"
    assert observed[0] == (
        "still open, though nothing declares it: ct1 -> pacs1:11112 tcp, 1 connection: "
        "looks like images stored (RAD-8), storage commitment request (RAD-10)"
    )
    assert found(made(site, connections=[]))[0] == "pass", "it was cut"


def test_where_all_passes_an_open_stranger_is_worth_a_look_and_where_nothing_may_it_fails() -> None:
    stranger = opened(STRANGER, "198.18.30.77", 22)
    assert found(made(mode="watch", connections=[stranger]))[0] == "warn"
    assert found(made(mode="enforce", connections=[stranger]))[0] == "fail"


def test_one_connection_is_told_once() -> None:
    flow, same = undeclared(WS1, CT1, 11112), opened(WS1, CT1, 11112)
    assert [row["state"] for row in core(made(mode="watch", undeclared=[flow], connections=[same]))["rows"]] == [
        "passes"
    ]
    assert [row["state"] for row in core(made(undeclared=[flow], connections=[same]))["rows"]] == ["open"]


@pytest.mark.parametrize("destination", ["198.18.20.255", "255.255.255.255", "224.0.0.251", "ff02::fb"])
def test_what_no_firewall_passes_on_is_cut_by_none(destination: str) -> None:
    source = "fd00:18:20::11" if ":" in destination else CT1
    flow = undeclared(source, destination, 137, protocol="udp")
    assert found(made(mode="watch", undeclared=[flow]))[0] == "pass"
    beside = undeclared(CT1, "198.18.30.254", 137, protocol="udp")
    assert found(made(mode="watch", undeclared=[beside]))[0] == "fail", "the control"


@pytest.mark.parametrize("own", ["127.0.0.1", "::1"])
def test_what_a_firewall_tells_itself_is_nobodys(own: str) -> None:
    assert found(made(connections=[opened(own, own, 8125)]))[0] == "pass"


class TestNotWhole:
    def test_a_full_memory_that_watches_hides_what_passes(self) -> None:
        state, observed = found(made(mode="watch", not_remembered=7))
        assert (state, observed) == (
            "not_assessed",
            ["its memory was full, and 7 attempts found no place in it: the list isn't whole"],
        )

    def test_one_that_enforces_has_refused_the_rest(self) -> None:
        state, observed = found(made(not_remembered=1))
        assert state == "warn"
        assert "1 attempt found no place in it" in observed[0]

    def test_what_was_found_fails_all_the_same_and_the_doubt_is_said(self) -> None:
        report_ = made(mode="watch", undeclared=[undeclared(WS1, CT1, 11112)], not_remembered=7)
        state, observed = found(report_)
        assert state == "fail"
        assert "the list isn't whole" in observed[1]
        assert "the list isn&#39;t whole" in render_page(report_.document())

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"left_out": {"undeclared": 9, "connections": 0, "unused": 0}}, "9 connections more than were read"),
            ({"left_out": {"undeclared": 0, "connections": 9, "unused": 0}}, "more connections are open than were"),
            ({"left_out": None}, "isn't said"),
            ({"memory": False}, "no memory of undeclared connections"),
            ({"connections": None, "connections_reason": "needs root"}, "open isn't known: needs root"),
            ({"mode": "none"}, "whether the firewall watches or enforces isn't said"),
            ({"undeclared": [{"source": "x"}]}, "can't be understood (ObservedError)"),
            ({"undeclared": None}, "doesn't say what the firewall remembers"),
            ({"not_remembered": None}, "doesn't say what the firewall remembers"),
            ({"undeclared": [undeclared(CT1, PACS1, 11112, declared=True, idle=10**30)]}, "(OverflowError)"),
        ],
    )
    def test_what_is_not_known_does_not_pass(self, changes: dict[str, Any], says: str) -> None:
        assert found(made(mode="watch"))[0] == "pass", "the control"
        state, observed = found(made(**{"mode": "watch", **changes}))
        assert state == "not_assessed"
        assert says in " ".join(observed)

    def test_a_firewall_without_our_rules_says_nothing(self) -> None:
        hosts = hardened_hosts()
        hosts["core"]["evidence"]["parts"]["firewall_flows"] = absent("there is no table inet pacs")
        state, observed = found(report(hosts))
        assert (state, observed) == (
            "not_assessed",
            ["nothing is known of what passes it: there is no table inet pacs"],
        )
        assert found(report(hosts), "edge")[0] == "pass"


class TestUnused:
    def test_it_is_a_note_with_the_names_that_the_site_knows(self) -> None:
        names = ["pacs1 -> ct1: RAD-10", "somebody's own words"]
        state, observed = found(made(unused=names))
        assert state == "pass"
        assert observed[1] == (
            "declared, and not used since 2026-11-24 04:29 UTC: 2 of 14 (pacs1 -> ct1: RAD-10, 1 more)"
        )
        assert "own words" not in json.dumps(made(unused=names).document())

    def test_those_that_were_not_listed_are_counted(self) -> None:
        left_out = {"undeclared": 0, "connections": 0, "unused": 100}
        assert core(made(left_out=left_out))["declared"] == {"used": 12, "unused": 100, "unused_names": []}


class TestRows:
    def test_addresses_that_nobody_declares_are_counted_and_never_shown(self) -> None:
        strangers = [f"198.18.20.{last}" for last in range(70, 73)]
        report_ = made(mode="watch", undeclared=[undeclared(one, PACS1, 4444) for one in (*strangers, OUTSIDER)])
        rows = [(row["source"], row["count"]) for row in core(report_)["rows"]]
        assert rows == [("3 addresses in modality", 36), ("an address in external", 12)]
        document = report_.document()
        everything = json.dumps(document) + render_page(document) + "\n".join(summary_lines(document))
        assert not [one for one in (*strangers, OUTSIDER) if one in everything]

    def test_what_fails_comes_first_and_the_rest_is_counted(self) -> None:
        ports = range(4000, 4012)
        flows = [undeclared(f"198.18.{net}.9", f"198.18.{net + 10}.9", port) for net in (20, 30) for port in ports]
        document = core(made(mode="watch", undeclared=[*flows, undeclared(WS1, CT1, 11112, count=1)]))
        assert len(document["rows"]) == 20
        assert document["more"] == 5
        assert [row["weight"] for row in document["rows"]] == ["fails", *["warns"] * 19]

    def test_one_that_tries_everything_is_one_row(self) -> None:
        flows = [undeclared(WS1, PACS1, port, count=2) for port in range(2000, 2100)]
        (row,) = core(made(mode="watch", undeclared=flows))["rows"]
        assert (row["source"], row["destination"], row["service"], row["count"]) == (
            "ws1",
            "pacs1",
            "100 ports",
            200,
        )
        wide = [undeclared(WS1, f"198.18.30.{last}", 445) for last in range(100, 150)]
        (row,) = core(made(mode="watch", undeclared=[*wide, *flows]))["rows"]
        assert (row["destination"], row["service"]) == ("51 destinations", "101 ports")

    def test_another_way_is_said(self) -> None:
        flow = undeclared(CT1, PACS1, 11112, declared=True)
        state, observed = found(made(mode="watch", undeclared=[flow]))
        assert state == "fail"
        assert "declared, but it came or went by another interface than the site expects" in observed[0]


def test_the_screen_and_the_page_tell_of_a_look_that_is_worth_it() -> None:
    report_ = made(undeclared=[undeclared(WS1, CT1, 11112)], unused=["pacs1 -> ct1: RAD-10"])
    document = report_.document()
    lines = summary_lines(document)
    assert "Worth a look:" in lines
    assert any(line.startswith("  - INV-02 What passes the firewall") for line in lines)
    assert document["summary"]["verdict"] == "pass", "a warning fails nothing"
    page = render_page(document)
    assert "<bdi>ws1</bdi> → <bdi>ct1</bdi>" in page
    assert "1 of 13 declared flows" in page
