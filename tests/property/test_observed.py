"""Whatever is read about what a firewall saw, it gives a value or one clear error, never a traceback."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from captures import (
    COOKED,
    COOKED_2,
    ETHERNET,
    NULL,
    RAW,
    SYN,
    SYN_ACK,
    associate_rq,
    ether,
    ip,
    pcap,
    pcapng,
    tcp,
    udp,
)
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._observed.conntrack import parse_line
from ansible_collections.pacs.hardening.plugins.module_utils._observed.table import table_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import read_seen_file
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import ObservedError

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


_DAY = [
    tcp("10.1.20.11", 40000, "10.1.30.10", 104, SYN),
    tcp("10.1.30.10", 104, "10.1.20.11", 40000, SYN_ACK),
    tcp("10.1.20.11", 40000, "10.1.30.10", 104, 0x18, associate_rq("PACS1", "CT1")),
    ip("fd00::1", "fd00::2", 6, tcp("fd00::1", 1, "fd00::2", 2, SYN)[40:], bytes([44, 6, 0, 0, 1, 0, 0, 0, 1])),
    udp("fd00::1", 5000, "fd00::2", 514),
]
_CAPTURES = [
    pcap(map(ether, _DAY)),
    pcap(_DAY, link=RAW, order=">"),
    pcapng(map(ether, _DAY)),
    pcapng(_DAY, link=RAW, block=3, order=">"),
]


@given(
    st.sampled_from(_CAPTURES),
    st.lists(st.tuples(st.integers(0, 1000), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 1200),
)
def test_a_capture_that_is_damaged_anywhere(whole: bytes, damages: list[tuple[int, bytes]], size: int) -> None:
    data = bytearray(whole)
    for place, damage in damages:
        data[place : place + len(damage)] = damage
    try:
        file = read_seen_file("x", bytes(data[:size]))
    except ObservedError as error:
        assert str(error).startswith("x: ")
        return
    assert all(0 <= flow.key.port <= 65535 and flow.count > 0 for flow in file.flows)
    assert "CANARY" not in repr(file)


@given(st.binary(max_size=200), st.sampled_from([ETHERNET, RAW, COOKED, COOKED_2, NULL, 999]), st.booleans())
def test_a_packet_of_anything(packet: bytes, link: int, version_6: bool) -> None:
    shaped = bytes([0x60 if version_6 else 0x45]) + packet
    read_seen_file("x", pcap([packet, shaped, ether(shaped)], link=link))


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"]))
def test_a_file_of_anything(data: bytes, magic: bytes) -> None:
    try:
        read_seen_file("x", magic + data)
    except ObservedError as error:
        assert str(error).startswith("x: ")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 2**31, 2**32 - 1])
def test_a_block_of_an_impossible_length(length: int) -> None:
    data = pcapng(map(ether, _DAY)) + struct.pack("<II", 6, length) + bytes(40)
    assert len(read_seen_file("x", data).flows) == 3
