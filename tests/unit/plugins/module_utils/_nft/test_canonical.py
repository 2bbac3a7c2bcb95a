"""Two listings are equal if and only if they mean the same policy."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import (
    canonical,
    first_difference,
    has_drop_policy,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

# As nft 1.0.6 lists it (shortened): a declared flow, a dynamic set without elements, a set that a rule fills.
LISTING: dict[str, Any] = {
    "nftables": [
        {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "pacs", "handle": 1}},
        {"counter": {"family": "inet", "table": "pacs", "name": "dropped", "handle": 3, "packets": 7, "bytes": 420}},
        {
            "set": {
                "family": "inet",
                "table": "pacs",
                "name": "flows",
                "type": ["ipv4_addr", "inet_service"],
                "handle": 4,
                "elem": [
                    {"elem": {"val": {"concat": ["10.0.0.1", 104]}, "counter": {"packets": 1, "bytes": 60}}},
                    {"elem": {"val": {"concat": ["10.0.0.2", 104]}, "counter": {"packets": 0, "bytes": 0}}},
                    {"concat": [{"prefix": {"addr": "10.1.0.0", "len": 24}}, 11112]},
                ],
            }
        },
        {"set": {"family": "inet", "table": "pacs", "name": "seen", "type": "ipv4_addr", "handle": 5, "size": 65535}},
        {
            "chain": {
                "family": "inet",
                "table": "pacs",
                "name": "input",
                "handle": 2,
                "hook": "input",
                "prio": 0,
                "policy": "drop",
            }
        },
        {
            "rule": {
                "family": "inet",
                "table": "pacs",
                "chain": "input",
                "handle": 9,
                "expr": [
                    {
                        "vmap": {
                            "key": {"ct": {"key": "state"}},
                            "data": {"set": [["invalid", {"drop": None}], ["established", {"accept": None}]]},
                        }
                    }
                ],
            }
        },
        {
            "rule": {
                "family": "inet",
                "table": "pacs",
                "chain": "input",
                "handle": 10,
                "expr": [{"set": {"op": "add", "elem": {"payload": {"field": "saddr"}}, "set": "@seen"}}],
            }
        },
        {
            "rule": {
                "family": "inet",
                "table": "pacs",
                "chain": "input",
                "handle": 11,
                "expr": [{"counter": {"packets": 3, "bytes": 9}}, {"counter": "dropped"}, {"drop": None}],
            }
        },
    ]
}


def _text(listing: dict[str, Any]) -> str:
    return json.dumps(listing)


def _find(listing: dict[str, Any], kind: str, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = [entry[kind] for entry in listing["nftables"] if kind in entry][number]
    return found


def _disturb(value: Any, chance: random.Random) -> Any:
    """Change whatever doesn't matter: handles, counters, the order of elements and of anonymous maps."""
    if isinstance(value, list):
        return [_disturb(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _disturb(item, chance) for key, item in value.items()}
    for key, item in changed.items():
        if key in ("handle", "packets", "bytes"):
            changed[key] = chance.randrange(10**6)
        elif (key in ("elem", "set") and isinstance(item, list)) or key == "flags":
            chance.shuffle(item)
    return changed


@given(st.randoms(use_true_random=False))
def test_order_handles_and_counters_never_matter(chance: random.Random) -> None:
    disturbed = _disturb(copy.deepcopy(LISTING), chance)
    rules = [entry for entry in disturbed["nftables"] if "rule" in entry]
    others = [entry for entry in disturbed["nftables"] if "rule" not in entry]
    chance.shuffle(others)
    assert canonical(_text({"nftables": others + rules})) == canonical(_text(LISTING))


@pytest.mark.parametrize("content", [["10.9.9.9"], [{"elem": {"val": "10.9.9.9", "timeout": 60, "expires": 3}}]])
def test_what_the_kernel_remembers_is_not_policy(content: list[Any]) -> None:
    filled = copy.deepcopy(LISTING)
    _find(filled, "set", 1)["elem"] = content
    assert canonical(_text(filled)) == canonical(_text(LISTING))


def test_elements_that_expire_are_not_policy_either() -> None:
    timed, empty = copy.deepcopy(LISTING), copy.deepcopy(LISTING)
    for listing in (timed, empty):
        _find(listing, "set", 0)["flags"] = ["timeout"]
    _find(empty, "set", 0).pop("elem")
    assert canonical(_text(timed)) == canonical(_text(empty))


def _element_added(listing: dict[str, Any]) -> None:
    _find(listing, "set")["elem"].append({"concat": ["10.0.0.9", 22]})


def _element_removed(listing: dict[str, Any]) -> None:
    _find(listing, "set")["elem"].pop()


def _policy_accepts(listing: dict[str, Any]) -> None:
    _find(listing, "chain")["policy"] = "accept"


def _rule_added(listing: dict[str, Any]) -> None:
    listing["nftables"].append({"rule": {"chain": "input", "expr": [{"accept": None}]}})


def _rules_swapped(listing: dict[str, Any]) -> None:
    listing["nftables"][-1], listing["nftables"][-3] = listing["nftables"][-3], listing["nftables"][-1]


def _verdict_changed(listing: dict[str, Any]) -> None:
    _find(listing, "rule")["expr"][0]["vmap"]["data"]["set"][0][1] = {"accept": None}


@pytest.mark.parametrize(
    "mutate", [_element_added, _element_removed, _policy_accepts, _rule_added, _rules_swapped, _verdict_changed]
)
def test_every_change_of_policy_is_seen(mutate: Any) -> None:
    mutant = copy.deepcopy(LISTING)
    mutate(mutant)
    assert canonical(_text(mutant)) != canonical(_text(LISTING))
    assert first_difference(canonical(_text(mutant)), canonical(_text(LISTING)))


def test_a_dormant_table_is_not_relied_upon() -> None:
    dormant = copy.deepcopy(LISTING)
    _find(dormant, "table")["flags"] = "pacs"  # As nft 1.0.6 garbles it.
    with pytest.raises(HardeningError, match="flags"):
        canonical(_text(dormant))


def test_drop_policy_is_found() -> None:
    accepting = copy.deepcopy(LISTING)
    _policy_accepts(accepting)
    assert has_drop_policy(canonical(_text(LISTING)))
    assert not has_drop_policy(canonical(_text(accepting)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["set", "elem", "op", "name"]), inner),
    max_leaves=20,
)
ENTRY = st.dictionaries(
    st.sampled_from(["table", "set", "map", "chain", "rule", "counter", "metainfo"]), JSON, max_size=2
)


@given(st.text() | JSON.map(json.dumps) | st.lists(ENTRY | JSON).map(lambda entries: json.dumps({"nftables": entries})))
def test_no_listing_gives_a_traceback(listing: str) -> None:
    try:
        assert canonical(listing)
    except HardeningError as error:
        assert str(error)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(HardeningError):
        canonical('{"nftables": [{"rule": {"expr": ' + "[" * 100000 + "]" * 100000 + "}}]}")
