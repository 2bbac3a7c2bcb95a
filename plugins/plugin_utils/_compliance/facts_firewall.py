# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about one firewall: what its rules do (the verifier's word), how they are built, who hears of drops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .._nftables.verify import verification_document, verify
from .._policy.model import EnforcementPolicy
from .collected import HostRecord, flag
from .ruleset_shape import NO_RULES, Shape, shape_of

_NOTHING_LOADED: Mapping[str, Any] = {"nftables": []}
_MOST = 8


def verification_of(record: HostRecord, policy: EnforcementPolicy) -> dict[str, Any] | str:
    """The verifier's document on what is in force on a host; a reason instead where there is nothing to verify.

    A host that was read and has no nft has no rules: that is known, and everything passes.
    """
    listing = _listing(record)
    if isinstance(listing, str):
        return listing
    try:
        document = verification_document(verify(listing, policy))
    except Exception as error:  # the listing may be anything; a judgement must not end with a traceback
        return f"the host's rules can't be understood ({type(error).__name__})"
    return _with_old_iptables(document, record)


def firewall_facts(record: HostRecord, verification: Mapping[str, Any] | str) -> tuple[dict[str, Any], dict[str, str]]:
    """The parts of a firewall's facts that come from its host, and why others aren't known, by path below it."""
    unknown: dict[str, str] = {}
    facts: dict[str, Any] = {"rules": None, "verification": None, "drops": None}
    shape = _shape(record)
    if isinstance(shape, str):
        unknown["rules"] = unknown["drops"] = shape
    else:
        facts["rules"] = {
            "input_policy": shape.input_policy,
            "forward_policy": shape.forward_policy,
            "unexplained": [*shape.state, *shape.unexplained],
            "unconditional": [*shape.state, *shape.unconditional],
            "said": _rules_said(shape),
        }
        facts["drops"], more = _drops(record, shape)
        unknown |= more
    if isinstance(verification, str):
        unknown["verification"] = verification
    else:
        facts["verification"], more = _verification(verification, () if isinstance(shape, str) else shape.state)
        unknown |= more
    return facts, unknown


def _listing(record: HostRecord) -> Mapping[str, Any] | str:
    part = record.part("nftables")
    if part.status == "absent":
        return _NOTHING_LOADED
    if part.status == "error":
        return part.reason
    listing = part.value.get("listing")
    return listing if isinstance(listing, Mapping) else "the evidence holds no listing of the rules"


def _with_old_iptables(document: dict[str, Any], record: HostRecord) -> dict[str, Any]:
    """Tables of the old iptables aren't in the listing and may drop what it lets through: no proof, and no leak."""
    part = record.part("nftables")
    if part.status != "ok":
        return document
    old = part.value.get("legacy_tables")
    if old == []:
        return document
    doubt = (
        "whether rules of the old iptables are loaded isn't known"
        if old is None
        else "rules of the old iptables are loaded, which nft doesn't show"
    )
    return {
        **document,
        "verdict": "refuted" if document["blocked"] else "not proven",
        "undeclared": [],
        "not_understood": [*document["not_understood"], doubt],
    }


def _shape(record: HostRecord) -> Shape | str:
    listing = _listing(record)
    if isinstance(listing, str):
        return listing
    if listing is _NOTHING_LOADED:
        return NO_RULES
    try:
        return shape_of(listing)
    except Exception as error:  # as above
        return f"the host's rules can't be understood ({type(error).__name__})"


def _rules_said(shape: Shape) -> list[str]:
    if shape.watching:
        return [*shape.state, *shape.unexplained]
    words = {"drop": "dropped", "accept": "let through", "none": "let through: no rule of any table looks at it"}
    return [
        f"whatever no rule takes on its way to the firewall itself is {words[shape.input_policy]}",
        f"whatever no rule takes on its way through is {words[shape.forward_policy]}",
        *shape.state,
        *shape.unexplained,
    ]


def _verification(document: Mapping[str, Any], state: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    # What crosses the firewall tells people more than what comes back out where it came in.
    undeclared = sorted(document["undeclared"], key=lambda witness: _turns_back(witness["packet"]))
    blocked, doubts = document["blocked"], document["not_understood"]
    verdict = document["verdict"]
    by_family = {
        family: [witness["text"] for witness in undeclared if witness["packet"]["family"] == family]
        for family in (4, 6)
    }
    # A doubt hides what else may pass, unless something that does was found already.
    certain = bool(undeclared) or not doubts
    sentences = [*state, *(witness["text"] for witness in (*undeclared, *blocked))]
    facts = {
        "proven": {"proven": True, "refuted": False}.get(verdict),
        "undeclared_ipv4": by_family[4] if certain else None,
        "undeclared_ipv6": by_family[6] if certain else None,
        "blocked": [witness["text"] for witness in blocked],
        "said": _few(sentences) or ["what is declared passes, and nothing else does"],
        "undeclared_said": [*_few(by_family[4], "IPv4"), *_few(by_family[6], "IPv6")],
    }
    reason = f"not proven: {'; '.join(doubts[:_MOST])}"
    unknown = {f"verification.{name}": reason for name, value in facts.items() if value is None}
    return facts, unknown


def _turns_back(packet: Mapping[str, Any]) -> bool:
    return bool(packet["in_interface"] == packet["out_interface"])


def _few(sentences: list[str], prefix: str = "") -> list[str]:
    lead = f"{prefix}: " if prefix else ""
    rest = len(sentences) - _MOST
    return [
        *(f"{lead}{sentence}" for sentence in sentences[:_MOST]),
        *([f"{lead}and {rest} more examples like these"] if rest > 0 else []),
    ]


def _drops(record: HostRecord, shape: Shape) -> tuple[dict[str, Any], dict[str, str]]:
    facts: dict[str, Any] = {key: asdict(shape)[key] for key in ("counted", "logged", "limited")}
    part = record.part("logging")
    listened = flag(part.value, "nflog_listener") if part.status == "ok" else None
    facts["listened"] = listened
    refuses = not shape.watching
    facts["said"] = [
        sentence
        for wrong, sentence in (
            (shape.watching, "this firewall only watches: it refuses nothing yet"),
            (refuses and not shape.counted, "what the firewall refuses isn't counted"),
            (refuses and not shape.logged, "what the firewall refuses isn't logged"),
            (shape.logged and not shape.limited, "the log has no limit, so that a flood fills it"),
            (listened is False, "no program takes the log from the kernel, so that nobody ever reads it"),
        )
        if wrong
    ]
    reason = part.reason or "the evidence doesn't say whether a program takes the log"
    return facts, ({} if listened is not None else {"drops.listened": reason})
