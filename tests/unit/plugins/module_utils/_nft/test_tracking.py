"""Whether a listing has the kernel follow connections."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.tracking import tracks_connections

STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}
VMAP = {"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["established", {"accept": None}]]}}}
PORT = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}


def listing(*entries: Any) -> str:
    return json.dumps({"nftables": [{"metainfo": {}}, {"table": {"family": "inet", "name": "t"}}, *entries]})


@pytest.mark.parametrize(
    ("entries", "tracks"),
    [
        ([{"rule": {"expr": [STATE, {"accept": None}]}}], True),
        ([{"rule": {"expr": [VMAP]}}], True),
        ([{"chain": {"type": "nat", "hook": "postrouting"}}], True),
        ([{"chain": {"type": "filter", "hook": "forward"}}, {"rule": {"expr": [PORT, {"drop": None}]}}], False),
        ([], False),
    ],
)
def test_a_listing(entries: list[Any], tracks: bool) -> None:
    assert tracks_connections(listing(*entries)) is tracks


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"nftables": 3}', '{"nftables": [7]}', '{"nftables": [{"rule": 7}]}']
)
def test_what_is_no_listing_says_nothing(text: str) -> None:
    assert not tracks_connections(text)
