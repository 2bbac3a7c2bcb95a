"""Whatever a peer sends, the prober ends in words, sends only legal PDUs, and repeats nothing."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.dialogue import DONE, Dialogue, dicom_document

CANARY = b"CANARY^PATIENT"


def framed(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


items = st.builds(
    lambda kind, value: struct.pack(">BxH", kind, len(value)) + value,
    st.sampled_from([0x10, 0x21, 0x50, 0x51, 0x52, 0xFF]),
    st.one_of(st.binary(max_size=12), st.just(CANARY), st.just(b"\1\0\0\0")),
)
accepts = st.lists(items, max_size=4).map(lambda parts: framed(2, bytes(68) + b"".join(parts)))
values = st.builds(
    lambda context, control, data: struct.pack(">IBB", len(data) + 2, context, control) + data,
    st.sampled_from([1, 3]),
    st.integers(0, 3),
    st.one_of(st.binary(max_size=40), st.just(CANARY)),
)
data = st.lists(values, max_size=3).map(lambda parts: framed(4, b"".join(parts)))
pdus = st.one_of(
    accepts,
    data,
    st.builds(framed, st.integers(0, 255), st.binary(max_size=40)),
    st.builds(struct.pack, st.just(">BxI"), st.integers(0, 8), st.integers(0, 2**32 - 1)),
    st.binary(max_size=40),
    st.just(CANARY),
)


@given(st.lists(pdus, max_size=6).map(b"".join), st.integers(1, 400))
def test_any_peer(wire: bytes, size: int) -> None:
    talk = Dialogue("PACS1", "PACSHARDENING")
    sent = b""
    for start in range(0, len(wire), size):
        sent += talk.receive(wire[start : start + size])
    sent += talk.give_up()
    assert talk.state == DONE

    kinds = []
    while sent:
        kind, length = struct.unpack(">BxI", sent[:6])
        kinds.append(kind)
        sent = sent[6 + length :]
    assert "".join(str(kind) for kind in kinds) in ("", "7", "47", "45", "457", "456", "46", "5", "57", "56")

    facts = talk.facts()
    document = dicom_document(facts)
    assert CANARY.decode() not in facts.detail + str(document)
    assert "\n" not in facts.detail
    assert facts.detail.isprintable()
    assert document is None or facts.spoke
    assert not facts.echo or facts.associated


@given(st.binary(max_size=300), st.integers(1, 300))
def test_pieces_make_no_difference(wire: bytes, size: int) -> None:
    whole, pieces = Dialogue("A", "B"), Dialogue("A", "B")
    expected = whole.receive(wire)
    sent = b"".join(pieces.receive(wire[start : start + size]) for start in range(0, len(wire), size))
    assert (sent, pieces.facts()) == (expected, whole.facts())
