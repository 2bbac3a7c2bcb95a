"""What the report says of a firewall that only watches, of one that is opened at its console, and of its memory."""

from __future__ import annotations

from typing import Any

import pytest
from compliance_example import hardened_hosts, listing, report

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.result import Report

WATCHES = "this firewall only watches: it counts and remembers connections that nobody declared, and lets them through"
OPENED = "everything that is tcp may pass for a while, because somebody opened this firewall at its console"


@pytest.fixture
def hosts() -> dict[str, Any]:
    return hardened_hosts()


def use(hosts: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    """Let the core have these rules."""
    hosts["core"]["evidence"]["parts"]["nftables"]["value"]["listing"] = rules
    return rules


def fill(rules: dict[str, Any], name: str, *elements: Any) -> None:
    """Put elements into a set."""
    (found,) = (one["set"] for one in rules["nftables"] if one.get("set", {}).get("name") == name)
    found["elem"] = list(elements)


def insert(rules: dict[str, Any], chain: str, *statements: dict[str, Any]) -> None:
    """Put a rule at the head of a chain."""
    place = next(number for number, one in enumerate(rules["nftables"]) if one.get("rule", {}).get("chain") == chain)
    rule = {"family": "inet", "table": "pacs", "chain": chain, "handle": 99, "expr": list(statements)}
    rules["nftables"].insert(place, {"rule": rule})


def found(made: Report, control: str) -> tuple[str, list[str]]:
    """The state, and what was observed on the core."""
    (finding,) = (
        one.judgement
        for one in made.findings
        if (one.judgement.control.id, one.judgement.facts.subject) == (control, "core")
    )
    return finding.state, list(finding.observed)


def remembered(port: int) -> dict[str, Any]:
    key = {"concat": ["198.18.20.99", "198.18.30.10", "tcp", port]}
    return {"elem": {"val": key, "timeout": 2592000, "expires": 2591000, "counter": {"packets": 3, "bytes": 180}}}


@pytest.mark.parametrize("control", ["SEG-01", "SEG-02", "SEG-05"])
def test_a_firewall_that_only_watches_fails_and_says_so_first(hosts: dict[str, Any], control: str) -> None:
    use(hosts, listing("core", "watch"))
    state, observed = found(report(hosts), control)
    assert state == "fail"
    assert observed[0] == WATCHES
    assert not any("rule handle" in line or "no rule takes" in line for line in observed), "its own rules need no list"


def test_while_it_watches_nothing_is_refused_of_which_anybody_could_hear(hosts: dict[str, Any]) -> None:
    use(hosts, listing("core", "watch"))
    assert found(report(hosts), "SEG-07") == ("fail", ["this firewall only watches: it refuses nothing yet"])


def test_what_is_added_to_a_firewall_that_watches_is_still_named(hosts: dict[str, Any]) -> None:
    port = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 23}}
    insert(use(hosts, listing("core", "watch")), "forward", port, {"accept": None})
    _state, observed = found(report(hosts), "SEG-01")
    assert [line.split(", ")[-1] for line in observed] == [
        "and lets them through",
        "rule handle 99: accepts without a set of declared flows",
    ]


def test_half_of_watching_is_not_watching(hosts: dict[str, Any]) -> None:
    """Somebody has changed one policy: the words are those for any open firewall."""
    rules = use(hosts, listing("core", "watch"))
    (chain,) = (one["chain"] for one in rules["nftables"] if one.get("chain", {}).get("name") == "input")
    chain["policy"] = "drop"
    state, observed = found(report(hosts), "SEG-01")
    assert state == "fail"
    assert WATCHES not in observed
    assert "whatever no rule takes on its way through is let through" in observed


@pytest.mark.parametrize("control", ["SEG-01", "SEG-02", "SEG-05"])
@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"elem": {"val": "tcp", "timeout": 1800, "expires": 1650}}, "when this was read, it was to end in 27 minutes"),
        ({"elem": {"val": "tcp", "timeout": 1800, "expires": 119}}, "it was to end in 1 minute"),
        ({"elem": {"val": "tcp", "timeout": 1800, "expires": 0}}, "it was to end in less than a minute"),
        ("tcp", "nothing ends that"),
    ],
)
def test_an_opening_fails_and_is_named(hosts: dict[str, Any], control: str, element: Any, words: str) -> None:
    fill(use(hosts, listing("core")), "opened", element)
    state, observed = found(report(hosts), control)
    assert state == "fail"
    said = next(line for line in observed if line.startswith(OPENED))
    assert said.endswith(words)


@pytest.mark.parametrize("control", ["SEG-01", "SEG-02", "SEG-05", "SEG-07"])
def test_what_the_firewall_remembers_changes_no_verdict(hosts: dict[str, Any], control: str) -> None:
    rules = use(hosts, listing("core"))
    fill(rules, "undeclared4", remembered(22), remembered(23))
    assert found(report(hosts), control)[0] == "pass"


def test_an_accept_may_not_rest_on_what_the_firewall_remembers(hosts: dict[str, Any]) -> None:
    rules = use(hosts, listing("core"))
    fill(rules, "undeclared4", remembered(22))
    fields = [{"payload": {"protocol": "ip", "field": name}} for name in ("saddr", "daddr")]
    key = {"concat": [*fields, {"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]}
    match = {"match": {"op": "==", "left": key, "right": "@undeclared4"}}
    insert(rules, "forward", match, {"accept": None})
    state, observed = found(report(hosts), "SEG-01")
    assert state == "fail" and "rule handle 99: accepts without a set of declared flows" in observed[-1]
