"""Rules by hand, as nft 1.0.6 lists them: statements, a host with one declared flow, and what else may stand there."""

from __future__ import annotations

from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows

ACCEPT: dict[str, Any] = {"accept": None}
DROP: dict[str, Any] = {"drop": None}
LIMIT: dict[str, Any] = {"limit": {"rate": 10, "burst": 5, "per": "second"}}


def policy() -> EnforcementPolicy:
    """One flow, 10.0.1.5 to 10.0.2.5 tcp 104, and administration from 10.0.9.0/28."""
    flow = {"source": "10.0.1.5", "destination": "10.0.2.5", "protocol": "tcp", "port": 104, "reason": "store"}
    return policy_from_flows("fw", [flow], {"sources": ["10.0.9.0/28"]})


def match(left: Any, right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"op": operator, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def state(*words: str) -> dict[str, Any]:
    return match({"ct": {"key": "state"}}, list(words) if len(words) > 1 else words[0], "in")


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


SADDR, DADDR, DPORT = payload("ip", "saddr"), payload("ip", "daddr"), payload("tcp", "dport")
THE_FLOW = [match(SADDR, "10.0.1.5"), match(DADDR, "10.0.2.5"), match(DPORT, 104)]
ADMIN = [match(SADDR, {"prefix": {"addr": "10.0.9.0", "len": 28}}), match(DPORT, 22), ACCEPT]
KNOWN = [state("established", "related"), ACCEPT]


def host(*forward: list[Any], chains: dict[str, list[list[Any]]] | None = None, more: list[Any] | None = None) -> Any:
    """A listing: our input chain, and a forward chain with these rules."""
    objects: list[Any] = [{"metainfo": {"json_schema_version": 1}}, {"table": {"family": "inet", "name": "t"}}]
    rules = {
        "forward": [KNOWN, *forward],
        "input": [KNOWN, [match(meta("iifname"), "lo"), ACCEPT], ADMIN],
        **(chains or {}),
    }
    for name in rules:
        base = {"type": "filter", "hook": name, "prio": 0, "policy": "drop"} if name in ("forward", "input") else {}
        objects.append({"chain": {"family": "inet", "table": "t", "name": name, **base}})
    objects += more or []
    for name, many in rules.items():
        for handle, expressions in enumerate(many, 1):
            rule = {"family": "inet", "table": "t", "chain": name, "handle": handle, "expr": expressions}
            objects.append({"rule": rule})
    return {"nftables": objects}


def other(
    hook: str, *rules: list[Any], policy: str = "accept", family: str = "inet", kind: str = "filter"
) -> list[Any]:
    """Another table with one chain."""
    chain = {"family": family, "table": "other", "name": "c", "type": kind, "hook": hook, "prio": 5, "policy": policy}
    found = [{"rule": {"family": family, "table": "other", "chain": "c", "handle": 1, "expr": rule}} for rule in rules]
    return [{"table": {"family": family, "name": "other"}}, {"chain": chain}, *found]


def named_set(name: str, elements: list[Any], **more: Any) -> dict[str, Any]:
    return {"set": {"family": "inet", "table": "t", "name": name, "elem": elements, **more}}


ALL = {"concat": [SADDR, DADDR, meta("l4proto"), payload("th", "dport")]}
ELEMENT = {"concat": ["10.0.1.5", "10.0.2.5", "tcp", 104]}
TCP_UDP = match(meta("l4proto"), {"set": ["tcp", "udp"]})
REMEMBER = [TCP_UDP, {"set": {"op": "update", "elem": ALL, "set": "@memory"}}]
MEMORY = named_set("memory", [], stmt=[{"counter": None}])
PLAIN_SYN = match({"&": [payload("tcp", "flags"), ["fin", "syn", "rst", "ack"]]}, "syn", "!=")
OPENED = match(meta("l4proto"), "@opened")
