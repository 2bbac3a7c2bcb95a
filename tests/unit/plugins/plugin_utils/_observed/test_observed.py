"""What is said about the firewalls of a site: plain data first, then lines that somebody tired can read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from seen_flows import CT1, PACS1, STRANGER, WS1, declared, seen, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import strangers, views_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.documents import observed
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sentences import observed_lines
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

NOW = datetime(2026, 11, 27, 5, tzinfo=UTC)


def report(site: dict[str, Any] | None = None, **firewalls: Any) -> dict[str, Any]:
    compiled = compile_site(site or lab_site())
    return observed(compiled, views_of(compiled.site, firewalls), NOW)


def of_core(site: dict[str, Any] | None = None, **view: Any) -> tuple[dict[str, Any], str]:
    """What is said about core alone: the document, and the lines as one text."""
    document = report(site, core=seen(**view))
    core = document["firewalls"][0]
    return core, "\n".join(observed_lines({**document, "firewalls": [core]}))


def test_what_enforcing_would_cut_with_names_services_and_times() -> None:
    flows = [undeclared(STRANGER, PACS1, 4444, count=1, idle=20), undeclared(WS1, CT1, 11112)]
    core, text = of_core(undeclared=flows)
    assert [(row["source"]["name"], row["service"], row["devices"]) for row in core["undeclared"]] == [
        ("ws1", "DICOM", ["ws1", "ct1"]),
        ("", None, ["pacs1"]),
    ]
    assert text.splitlines()[2:6] == [
        "core watches since 2026-11-27 03:00 UTC, for 2 h now. Undeclared connections pass, and are remembered.",
        "  Enforcing would cut:",
        "    ws1 -> ct1:11112 tcp, 12 times, last 3 min ago: DICOM",
        "    198.18.20.77 (modality) -> pacs1:4444 tcp, once, last 20 s ago: no known service",
    ]
    assert "pacs.hardening.propose" in text


def test_refused_ones_are_told_while_it_enforces() -> None:
    _core, text = of_core(mode="enforce", undeclared=[undeclared(PACS1, CT1, 4006)])
    assert "enforces since" in text
    assert "  Refused:\n    pacs1 -> ct1:4006 tcp" in text


def test_what_was_declared_meanwhile_is_left_out() -> None:
    core, text = of_core(undeclared=[undeclared(CT1, PACS1, 11112)])
    assert core["undeclared"] == []
    assert "No undeclared connection stands in its memory" in text


def test_what_came_by_an_interface_where_it_is_not_expected() -> None:
    flow = undeclared(CT1, PACS1, 11112, declared=True)
    _core, text = of_core(undeclared=[flow])
    assert "declared, but it came or went by another interface than the site expects" in text
    core, _text = of_core(undeclared=[{**flow, "idle": 7300}])
    assert core["undeclared"] == [], "it was last seen before these rules came into force"


def test_what_goes_to_the_firewall_itself_is_named_after_it() -> None:
    flows = [undeclared(CT1, "198.18.20.1", 22), undeclared("198.18.0.10", "198.18.0.14", 22)]
    core, text = of_core(undeclared=flows, own_addresses=["198.18.0.14", "198.18.20.1"])
    assert "ct1 -> core:22 tcp, 12 times, last 3 min ago: SSH" in text
    assert len(core["undeclared"]) == 1, "administration is declared"


def test_connections_that_are_open_though_nothing_declares_them() -> None:
    rows = [
        {"source": WS1, "destination": CT1, "protocol": "tcp", "port": 11112, "count": 2, "source_port": 40000},
        {"source": CT1, "destination": PACS1, "protocol": "tcp", "port": 11112, "count": 1, "source_port": 40000},
        # From its midst: the firewall took the end that was called for the caller.
        {"source": PACS1, "destination": CT1, "protocol": "tcp", "port": 40001, "count": 1, "source_port": 11112},
        {"source": "198.18.0.14", "destination": PACS1, "protocol": "udp", "port": 53, "count": 1},
    ]
    core, text = of_core(connections=rows, connections_reason=None)
    assert [row["port"] for row in core["still_open"]] == [11112]
    assert "Open now, though nothing declares it:\n    ws1 -> ct1:11112 tcp, 2 times: DICOM" in text


def test_a_memory_that_is_full_is_loud() -> None:
    _core, text = of_core(full=True, not_remembered=12)
    assert "ITS MEMORY WAS FULL: 12 attempts found no place in it" in text
    _core, text = of_core(full=True)
    assert "Its memory is full" in text


def test_rules_without_a_memory_claim_nothing() -> None:
    _core, text = of_core(memory=False)
    assert "keep no memory" in text
    assert "No undeclared connection" not in text


def test_an_opening_from_the_console_is_loud() -> None:
    opening = {"protocols": ["tcp", "udp"], "seconds_left": 1740, "by": "root", "reason": "RIS update", "since": None}
    _core, text = of_core(mode="enforce", opening=opening)
    assert "OPEN FROM ITS CONSOLE for 29 min more by root: RIS update (tcp, udp)" in text
    _core, text = of_core(mode="enforce", opening={"protocols": ["tcp"], "seconds_left": None})
    assert "OPEN FROM ITS CONSOLE WITHOUT AN END (tcp)" in text


def test_declared_flows_that_nobody_used() -> None:
    use = declared(CT1, PACS1, 11112, "ct1 -> pacs1: RAD-8")
    core, text = of_core(unused=["pacs1 -> ct1: RAD-10"], declared=[use])
    assert core["used"] == [{"flow": "ct1 -> pacs1: RAD-8", "count": 3}]
    assert "Declared, and not used in that time:\n    pacs1 -> ct1: RAD-10" in text


def test_a_long_list_is_cut_on_the_screen_and_whole_in_the_file() -> None:
    core, text = of_core(undeclared=[undeclared(f"198.18.20.{last}", PACS1, 2000) for last in range(100, 200)])
    assert len(core["undeclared"]) == 100
    assert "and 70 more, all in the file" in text
    assert len(text.splitlines()) < 50


def test_one_that_tries_everything_is_one_line() -> None:
    flows = [undeclared(STRANGER, PACS1, port, count=2) for port in range(2000, 2100)]
    core, text = of_core(undeclared=[*flows, undeclared(WS1, CT1, 11112)])
    assert len(core["undeclared"]) == 101
    assert "    198.18.20.77 (modality) -> 1 destination, 100 ports: 200 attempts in all\n" in text
    assert "    ws1 -> ct1:11112 tcp" in text


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (None, "edge WASN'T READ, so nothing is claimed about it: nobody asked it"),
        ({"unreachable": True, "msg": "Task failed: no route to host\nmore"}, "about it: no route to host"),
        ({"failed": True}, "about it: it returned nothing"),
        (seen(None, mode_reason="needs root"), "about it: needs root"),
        (seen("none", mode_reason="nft isn't installed"), "edge: nothing of this collection is in force there (nft"),
        ({"mode": "sideways"}, "about it: edge: not what the module"),
        ({**seen(), "undeclared": [{"source": "x"}]}, "about it: edge: not what the module"),
        ({**seen(), "undeclared": 7}, "about it: edge: not what the module"),
    ],
)
def test_a_firewall_that_tells_nothing(result: Any, says: str) -> None:
    firewalls = {"core": seen()} if result is None else {"core": seen(), "edge": result}
    lines = "\n".join(observed_lines(report(**firewalls)))
    assert says in lines
    assert "core watches" in lines, "the other one is told all the same"


def test_hosts_that_are_no_firewall_of_the_site() -> None:
    site = compile_site(lab_site()).site
    assert strangers(site, {"core": {}, "fw9": {}}) == ["fw9"]
