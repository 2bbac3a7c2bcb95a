"""No configuration, however odd, gives a traceback or more than the list of what matters."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc import (
    NUMBERS,
    SWITCHES,
    orthanc_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc_files import SourceFile
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable

CANARY = "CANARY^PATIENT c4n4ry-pw"
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.just(CANARY),
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["AET", "Host", "Port", "AllowEcho", "a", CANARY]), inner, max_size=5),
    ),
    max_leaves=15,
)
keys = st.sampled_from([*SWITCHES, *NUMBERS, "DicomAet", "DicomModalities", "RegisteredUsers", "Name", CANARY])
configurations = st.dictionaries(keys, trees, max_size=8)


def read(*texts: str) -> dict[str, Any] | None:
    files = [SourceFile(f"{number}.json", text) for number, text in enumerate(texts)]
    try:
        document = orthanc_document(files, {"A": CANARY}, True)
    except Unreadable as error:
        assert CANARY not in str(error)
        return None
    assert CANARY not in json.dumps(document)
    return document


@given(configurations)
def test_any_configuration(configuration: dict[str, Any]) -> None:
    document = read(json.dumps(configuration))
    assert document is not None
    for name, value in document["switches"].items():
        assert value is None or isinstance(value, bool if name in SWITCHES or name[0] == "A" else int)


@given(
    st.lists(st.one_of(st.text(), st.sampled_from(['{"', "}", "//", "/*", "*/", ",", "${A}", "${", ":-"]))).map("".join)
)
def test_any_text(text: str) -> None:
    read(text)
    read(f'{{"Name": "x", {text}', text)
