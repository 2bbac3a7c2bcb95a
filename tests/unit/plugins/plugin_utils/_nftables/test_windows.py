"""Interventions in the ruleset: what is rendered for them, and what a listing says is open."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nft_listing import listed, needs_nft
from sites import lab_site, remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import read_listing
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.windows import (
    Way,
    intervention_documents,
    open_ways,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document, to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.interventions import interventions
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

CORE = compile_site(remote_site()).policies["core"]
SET = "window4_from_remote_to_modality"
ENDS = "198.18.80.20 . 198.18.20.11"
KEY = f"{ENDS} . tcp . 22"


def text(*elements: str) -> str:
    """The rules of core with these elements in the window between remote and modality."""
    opened = f"set {SET} {{\n elements = {{ {', '.join(elements)} }}" if elements else f"set {SET} {{"
    return render(CORE).replace(f"set {SET} {{", opened)


def test_a_site_without_interventions_has_no_trace_of_them() -> None:
    for policy in compile_site(lab_site()).policies.values():
        assert "window" not in render(policy) and "intervention" not in render(policy)
        assert not any(passage["interventions"] for passage in to_document(policy)["passages"])


def test_known_connections_are_asked_about_windows_first() -> None:
    chain = text().split("chain forward {")[1]
    assert chain.index("jump interventions") < chain.index("ct state vmap")
    assert "jump interventions" not in render(CORE, "watch"), "who watches cuts nothing"


def test_a_policy_survives_the_way_through_plain_data() -> None:
    assert from_document(json.loads(json.dumps(to_document(CORE)))) == CORE
    assert any(passage.interventions for passage in CORE.passages)


@needs_nft
def test_what_is_open_is_read_from_the_listing_and_proven() -> None:
    listing = listed(text(f'{KEY} timeout 1h comment "20261127-120000-x"'))
    way = Way(0xC6125014, 0xC612140B, 6, 22)
    assert open_ways(read_listing(listing), CORE, 4) == {way: "20261127-120000-x"}
    assert open_ways(read_listing(listing), CORE, 6) == {}
    assert verify(listing, CORE).verdict == verify(listed(text()), CORE).verdict == "proven"


@needs_nft
def test_an_open_window_that_lets_nothing_through_is_refuted() -> None:
    without = text(f"{KEY} timeout 1h").replace(f"@{SET} accept", f"@{SET} counter")
    result = verify(listed(without), CORE)
    assert result.verdict == "refuted"
    assert [witness.flow for witness in result.blocked][:1] == ["vendor1 -> ct1: intervention service of the scanner"]


@needs_nft
@pytest.mark.parametrize(
    ("damage", "state"),
    [
        # What is damaged, and the state of the packet that shows it.
        (("\tjump interventions\n", ""), "established"),
        (("counter name closed_interventions drop", "counter name closed_interventions"), "established"),
        ((f"{KEY} comment", f"{ENDS} . tcp . 23 comment"), "established"),
        ((f"set {SET} {{", f"set {SET} {{\n elements = {{ {ENDS} . udp . 22 timeout 1h }}"), "new"),
    ],
)
def test_what_passes_outside_a_window_is_refuted(damage: tuple[str, str], state: str) -> None:
    damaged = text().replace(*damage)
    assert damaged != text()
    result = verify(listed(damaged), CORE)
    assert result.verdict == "refuted" and result.undeclared[0].packet.ct_state == state


@needs_nft
def test_the_fallback_closes_them_in_both_directions() -> None:
    rules = render_fallback(CORE)
    listed(rules)
    before = rules.split("ct state established,related accept", maxsplit=1)[0]
    for rule in (
        "ip saddr 198.18.80.20 ip daddr 198.18.20.11 tcp dport 22 drop",
        "ip6 saddr fd00:18:20::11 ip6 daddr fd00:18:80::20 tcp sport 22 drop",
    ):
        assert rule in before


@pytest.mark.parametrize(
    "element",
    [KEY, {"concat": ["a", "b"]}, {"elem": {"val": {"concat": ["198.18.80.20", "x", "tcp", 22]}}}, {"elem": None}, 7],
)
def test_an_element_that_is_not_understood_opens_nothing(element: Any) -> None:
    listing = {"nftables": [{"set": {"family": "inet", "table": "pacs", "name": SET, "type": "x", "elem": [element]}}]}
    assert open_ways(read_listing(listing), CORE, 4) == {}


def test_the_documents_say_what_opens_it_on_each_firewall_of_the_path() -> None:
    compiled = compile_site(remote_site())
    known = interventions(compiled)
    assert [one.name for one in known] == ["vendor1-ct1-ssh", "hub-ct1-https"]
    first = {name: intervention_documents(compiled.policies[name], known)[0] for name in ("core", "edge")}
    assert (first["core"]["also"], first["edge"]["also"]) == (["edge"], ["core"])
    assert first["core"]["elements"][SET] == [KEY]
    assert first["edge"]["what"] == "tcp 22" and first["edge"]["longest_minutes"] == 240
    assert (first["edge"]["owner"], first["edge"]["contract"]) == ("Anna Example", "SC-4711")
