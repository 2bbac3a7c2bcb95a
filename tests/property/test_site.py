"""No document, however odd, gives a traceback: either it compiles and renders, or it says what is wrong."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sites import example_site, lab_site, remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document, to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["any", "modality", "ct1", "core", "198.18.20.0/24", "198.18.20.11", "fd00::/8", "::", "1-2", "%"]),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.text(max_size=8), scalars), inner, max_size=4)
    ),
    max_leaves=20,
)


def survives(document: object) -> bool:
    """Compile and render, or refuse in words; True where it compiled."""
    try:
        compiled = compile_site(document, date(2026, 11, 27))
    except SiteError as error:
        assert error.faults
        assert all(str(fault) == " ".join(str(fault).split()) for fault in error.faults), "one line a fault"
        return False
    for policy in compiled.policies.values():
        assert from_document(to_document(policy)) == policy
        render(policy)
    return True


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document."""
    children: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


@given(documents)
def test_any_document(document: object) -> None:
    survives(document)


@given(st.data())
def test_a_good_site_with_one_value_replaced(data: st.DataObject) -> None:
    site = data.draw(st.sampled_from([example_site(), lab_site(), remote_site()]))
    path = data.draw(st.sampled_from(places(site)[1:]))
    target: Any = site
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = data.draw(documents)
    survives(site)


@given(st.data())
def test_a_good_site_with_parts_moved_about(data: st.DataObject) -> None:
    site = data.draw(st.sampled_from([lab_site(), remote_site()]))
    paths = places(site)[1:]
    values = {path: _at(site, path) for path in paths}
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=4)):
        try:
            target = _at(site, path[:-1])
            target[path[-1]] = copy.deepcopy(values[data.draw(st.sampled_from(paths))])
        except (KeyError, IndexError, TypeError):
            continue
    survives(site)


@given(documents, documents)
def test_any_plain_flows(flows: object, management: object) -> None:
    try:
        render(policy_from_flows("fw", flows, management))
    except SiteError as error:
        assert error.faults


@given(documents)
def test_any_policy_document(document: object) -> None:
    try:
        render(from_document(document))
    except SiteError as error:
        assert error.faults


def test_the_sites_that_are_broken_here_are_good() -> None:
    assert survives(example_site()) and survives(lab_site()) and survives(remote_site())


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document
