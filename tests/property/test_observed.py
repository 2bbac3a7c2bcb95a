"""Whatever is read about what a firewall saw, it gives a value or one clear error, never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._observed.conntrack import parse_line
from ansible_collections.pacs.hardening.plugins.module_utils._observed.table import table_document

_LEAVES = (
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8) | st.sampled_from(["10.0.0.1", "tcp"])
)
_KEYS = st.sampled_from(
    [
        "elem",
        "val",
        "concat",
        "prefix",
        "addr",
        "len",
        "range",
        "counter",
        "packets",
        "expires",
        "timeout",
        "comment",
        "name",
        "size",
        "hook",
        "policy",
        "flags",
    ]
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_ELEMENTS = st.builds(
    lambda key, details: {"elem": {**details, "val": {"concat": key}}},
    st.lists(_LEAVES, min_size=3, max_size=4),
    st.fixed_dictionaries({}, optional={"counter": st.just({"packets": 3}) | _VALUES, "expires": _LEAVES}),
)
_NAMES = st.sampled_from(["undeclared4", "undeclared6", "opened", "exact4_a", "admit6", "forward", "not_remembered"])
_OBJECTS = st.builds(
    lambda kind, name, body, elements: {kind: {**body, "name": name, **({"elem": elements} if elements else {})}},
    st.sampled_from(["set", "set", "chain", "counter", "table", "rule"]),
    _NAMES,
    st.dictionaries(_KEYS, _VALUES, max_size=5),
    st.lists(_ELEMENTS, max_size=3),
)
_WORDS = st.sampled_from(
    [
        "tcp",
        "udp",
        "6",
        "17",
        "431999",
        "ESTABLISHED",
        "src=10.0.0.1",
        "dst=fd00::1",
        "sport=1",
        "dport=65536",
        "[UNREPLIED]",
    ]
)


@given(st.lists(_OBJECTS, max_size=4))
def test_a_listing(objects: list[dict[str, Any]]) -> None:
    try:
        document = table_document(json.dumps({"nftables": objects}))
    except Unreadable:
        return
    assert document["mode"] in ("none", "watch", "enforce")
    for one in document["undeclared"]:
        assert isinstance(one["port"], int) and isinstance(one["count"], int)
    json.dumps(document)


@given(st.text() | st.lists(_WORDS, max_size=14).map(" ".join))
def test_a_line_about_a_connection(line: str) -> None:
    found = parse_line(line)
    assert found is None or (0 <= found.port <= 65535 and found.protocol in ("tcp", "udp"))
