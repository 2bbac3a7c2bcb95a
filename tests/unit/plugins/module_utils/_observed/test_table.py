"""A listing of the table, read: mode, memory, counters. The listings are what nft 1.0.6 prints, shortened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._observed.table import table_document

MONTH = 2592000


def memory(version: int, *elements: Any, size: int = 65535) -> dict[str, Any]:
    body = {"name": f"undeclared{version}", "size": size, "flags": ["timeout"], "timeout": MONTH}
    return {"set": {**body, **({"elem": list(elements)} if elements else {})}}


def attempt(*key: Any, count: int = 1, expires: int = MONTH) -> dict[str, Any]:
    return {"elem": {"val": {"concat": [*key]}, "expires": expires, "counter": {"packets": count, "bytes": 60 * count}}}


def flow(note: str, count: int, *key: Any) -> dict[str, Any]:
    return {"elem": {"val": {"concat": [*key]}, "comment": note, "counter": {"packets": count, "bytes": 0}}}


def listing(*objects: dict[str, Any], policy: str = "accept") -> str:
    chain = {"chain": {"name": "forward", "hook": "forward", "type": "filter", "prio": 0, "policy": policy}}
    table = {"table": {"family": "inet", "name": "pacs", "handle": 1}}
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, table, chain, *objects]})


@pytest.mark.parametrize(("policy", "mode"), [("accept", "watch"), ("drop", "enforce")])
def test_the_policy_of_the_forward_chain_is_the_mode(policy: str, mode: str) -> None:
    document = table_document(listing(policy=policy))
    assert (document["mode"], document["mode_reason"]) == (mode, None)


def test_a_table_without_a_forward_chain_enforces_nothing() -> None:
    document = table_document(json.dumps({"nftables": [{"table": {"family": "inet", "name": "pacs"}}]}))
    assert document["mode"] == "none"
    assert "no chain" in document["mode_reason"]


def test_the_memory_of_both_ip_versions() -> None:
    document = table_document(
        listing(
            memory(4, attempt("10.0.0.1", "10.0.1.1", "tcp", 104, count=12, expires=MONTH - 180)),
            memory(6, attempt("fd00::1", "fd00::2", "udp", 53, count=70)),
        )
    )
    assert document["memory"] is True
    assert document["full"] is False
    first = {"source": "fd00::1", "destination": "fd00::2", "protocol": "udp", "port": 53, "count": 70, "idle": 0}
    first["declared"] = False
    second = {"source": "10.0.0.1", "destination": "10.0.1.1", "protocol": "tcp", "port": 104, "count": 12, "idle": 180}
    second["declared"] = False
    assert document["undeclared"] == [first, second]


def test_an_attempt_that_was_put_back_with_its_remaining_time_counts_from_the_whole() -> None:
    element = attempt("10.0.0.1", "10.0.1.1", "tcp", 104, expires=1000)
    element["elem"]["timeout"] = 2000  # of this element alone
    (one,) = table_document(listing(memory(4, element), memory(6)))["undeclared"]
    assert one["idle"] == MONTH - 1000


def test_rules_of_an_older_version_remember_nothing_and_say_so() -> None:
    assert table_document(listing(policy="drop"))["memory"] is False
    assert table_document(listing(memory(4)))["memory"] is False, "IPv6 is not remembered"
    assert table_document(listing(memory(4), memory(6)))["memory"] is True


def test_a_full_memory() -> None:
    attempts = [attempt("10.0.0.1", "10.0.1.1", "tcp", port) for port in (1, 2)]
    assert table_document(listing(memory(4, *attempts, size=2), memory(6)))["full"] is True
    assert table_document(listing(memory(4, *attempts, size=3), memory(6)))["full"] is False


def test_counters_by_name() -> None:
    counters = {"undeclared_forward": 9, "undeclared_input": 2, "not_remembered": 3, "opened_forward": 4, "other": 5}
    objects = [{"counter": {"name": name, "packets": packets, "bytes": 0}} for name, packets in counters.items()]
    document = table_document(listing(*objects))
    counters.pop("other")
    assert document["counters"] == counters
    assert document["not_remembered"] == 3


def test_declared_flows_that_were_used_and_those_that_were_not() -> None:
    prefix, span = {"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": ["10.0.1.2", "10.0.1.5"]}
    sets = {
        "exact4_from_a_to_b": [flow("ct1 -> pacs1: RAD-8", 3, "10.0.0.1", "10.0.1.1", "tcp", 104)],
        "exact6_from_a_to_b": [flow("ct1 -> pacs1: RAD-8", 0, "fd00::1", "fd00::2", "tcp", 104)],
        "exact4_from_b_to_a": [flow("pacs1 -> ct1: RAD-10", 0, "10.0.1.1", "10.0.0.1", "tcp", 104)],
        "range4_from_a_to_b": [flow("zone", 1, prefix, span, "udp", {"range": [500, 510]})],
        "ping4_from_a_to_b": [flow("ping", 2, prefix, "10.0.1.2", "echo-request")],
        "admit4": [flow("management", 7, "eth0", prefix, "tcp", 22)],
        "somebody_elses": [flow("not a flow", 7, "10.0.0.1", "10.0.1.1", "tcp", 104)],
    }
    document = table_document(listing(*({"set": {"name": name, "elem": elem}} for name, elem in sets.items())))
    assert [(one["set"], one["note"], one["count"]) for one in document["declared"]] == [
        ("admit4", "management", 7),
        ("exact4_from_a_to_b", "ct1 -> pacs1: RAD-8", 3),
        ("ping4_from_a_to_b", "ping", 2),
        ("range4_from_a_to_b", "zone", 1),
    ]
    assert document["declared"][3]["key"] == ["10.0.0.0/24", "10.0.1.2-10.0.1.5", "udp", "500-510"]
    assert document["unused"] == ["pacs1 -> ct1: RAD-10"], "one of its addresses was used: the flow was"


def test_an_undeclared_connection_that_the_rules_declare_came_another_way() -> None:
    prefix, span = {"prefix": {"addr": "10.0.0.0", "len": 24}}, {"range": ["fd00::1", "fd00::5"]}
    sets = {
        "exact4_from_a_to_b": flow("", 0, "10.0.0.1", "10.0.1.1", "tcp", 104),
        "range4_from_a_to_b": flow("", 0, prefix, "10.0.1.2", "udp", {"range": [500, 510]}),
        "range6_from_a_to_b": flow("", 0, span, "fd00::9", "tcp", 443),
        "admit4": flow("", 0, "eth0", prefix, "tcp", 22),
        "admit6_any": flow("", 0, "fd00::1", "tcp", 22),
    }
    expected = {
        ("10.0.0.1", "10.0.1.1", "tcp", 104): True,
        ("10.0.0.1", "10.0.1.1", "tcp", 105): False,
        ("10.0.0.2", "10.0.1.1", "tcp", 104): False,
        ("10.0.0.77", "10.0.1.2", "udp", 510): True,
        ("10.0.0.77", "10.0.1.2", "tcp", 510): False,
        ("10.0.0.77", "10.0.1.2", "udp", 511): False,
        ("10.0.1.77", "10.0.1.2", "udp", 510): False,
        ("fd00::5", "fd00::9", "tcp", 443): True,
        ("fd00::6", "fd00::9", "tcp", 443): False,
        ("10.0.0.5", "10.9.9.9", "tcp", 22): True,
        ("10.0.0.5", "10.9.9.8", "tcp", 22): False,
        ("fd00::1", "fd00::fe", "tcp", 22): True,
        ("fd00::2", "fd00::fe", "tcp", 22): False,
    }
    objects = [{"set": {"name": name, "elem": [element]}} for name, element in sets.items()]
    memories = (
        memory(version, *(attempt(*key) for key in expected if (":" in key[0]) == (version == 6))) for version in (4, 6)
    )
    document = table_document(listing(*objects, *memories), own=["10.9.9.9", "fd00::fe"])
    assert {tuple(one.values())[:4]: one["declared"] for one in document["undeclared"]} == expected


def test_what_is_open_from_the_console() -> None:
    def opened(*elements: Any) -> Any:
        return table_document(listing({"set": {"name": "opened", "elem": [*elements]}}))["opening"]

    assert opened() is None
    tcp = {"elem": {"val": "tcp", "timeout": 1800, "expires": 1750}}
    udp = {"elem": {"val": "udp", "timeout": 1800, "expires": 1751}}
    assert opened(tcp, udp) == {"protocols": ["tcp", "udp"], "seconds_left": 1751}
    assert opened(tcp, "udp") == {"protocols": ["tcp", "udp"], "seconds_left": None}, "one of them never ends"


@pytest.mark.parametrize("flags", ["dormant", ["dormant"], "pacs"])
def test_a_table_with_flags_may_not_be_in_force(flags: Any) -> None:
    text = json.dumps({"nftables": [{"table": {"family": "inet", "name": "pacs", "flags": flags}}]})
    with pytest.raises(Unreadable, match="dormant"):
        table_document(text)


ODD_ELEMENTS: list[Any] = [{"elem": {}}, "10.0.0.1", {"elem": {"val": 1}}, 7]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"nftables": 1}', '{"nftables": [1]}', '{"nftables": [{}]}', "[" * 100000]
    + [listing(memory(4, element), memory(6)) for element in ODD_ELEMENTS],
)
def test_anything_else_is_unreadable_and_not_quoted(text: str) -> None:
    with pytest.raises(Unreadable, match="not what nft writes"):
        table_document(text)
