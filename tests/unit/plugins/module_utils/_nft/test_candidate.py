"""The ruleset as it would be: ours replaced, everybody else's untouched."""

from __future__ import annotations

import json

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.candidate import with_table_replaced
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def items(*tables: tuple[str, str], chain: str = "forward") -> list[dict[str, object]]:
    """A table and a chain for each."""
    found: list[dict[str, object]] = []
    for family, name in tables:
        found.append({"table": {"family": family, "name": name}})
        found.append({"chain": {"family": family, "table": name, "name": chain}})
    return found


def listing(*entries: dict[str, object]) -> str:
    """What nft prints."""
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *entries]})


def test_only_the_named_table_is_replaced() -> None:
    live = listing(*items(("inet", "pacs"), ("inet", "other"), ("ip", "pacs")))
    ours = listing(*items(("inet", "pacs"), chain="candidate"))
    combined = with_table_replaced(live, "inet pacs", ours)["nftables"]
    assert combined[1:] == [
        *items(("inet", "other"), ("ip", "pacs")),
        *items(("inet", "pacs"), chain="candidate"),
    ]
    assert "metainfo" in combined[0]


def test_a_table_that_was_not_there_is_added() -> None:
    assert with_table_replaced(listing(), "inet pacs", listing(*items(("inet", "pacs"))))["nftables"][1:] == items(
        ("inet", "pacs")
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nftables": 3}', '{"nftables": [3]}', "Error: Could not process"])
def test_what_is_no_listing_is_refused(text: str) -> None:
    with pytest.raises(HardeningError):
        with_table_replaced(text, "inet pacs", listing())
