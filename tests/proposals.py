"""Proposals for the lab's site, as tests want them: from a clinical day that its firewall core has seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import yaml
from seen_flows import CT1, PACS1, WS1, seen, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import SeenFile
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.proposal_text import proposal_text
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.propose import Proposal, propose, usable_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

RIS1, HIS1 = "198.18.40.10", "198.18.50.10"
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
#: All that a clinical day of the lab needs; the filler order (RAD-3) is declared, and nobody sent one.
DAY = [
    undeclared(CT1, PACS1, 11112, count=9),
    undeclared(PACS1, CT1, 11112, count=1),
    undeclared(CT1, RIS1, 11112, count=2),
    undeclared(WS1, PACS1, 11112, count=4),
    undeclared(PACS1, WS1, 11112, count=4),
    undeclared(HIS1, RIS1, 2575, count=1),
]
DAY_NAMED = {
    "ct1 -> pacs1:11112 tcp",
    "pacs1 -> ct1:11112 tcp",
    "ct1 -> ris1:11112 tcp",
    "ws1 -> pacs1:11112 tcp",
    "pacs1 -> ws1:11112 tcp",
    "his1 -> ris1:2575 tcp",
}


def bare(*keep: str) -> dict[str, Any]:
    """The lab's site with its zones and firewalls, and of the rest only what is kept."""
    site = lab_site()
    return {key: value for key, value in site.items() if key in ("name", "management", "zones", "firewalls", *keep)}


def proposed(site: dict[str, Any], flows: Iterable[Any] = (), *files: SeenFile, **view: Any) -> tuple[Proposal, str]:
    usable = usable_site(site)
    views = views_of(usable.site, {"core": seen(undeclared=list(flows), **view), "edge": seen()})
    proposal = propose(usable, views, files)
    text = proposal_text(proposal, views, files, NOW)
    assert yaml.safe_load(text)["pacs_site"] == proposal.site
    return proposal, text


def flows(proposal: Proposal) -> set[str]:
    """What follows from the proposal, administration aside, without the reasons."""
    derived = derive(load_site(proposal.site).site).flows
    return {str(flow).split(",", maxsplit=1)[0] for flow in derived if flow.source.kind != "management"}
