# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(table inet pacs) counted and remembered, from what C(nft -j list table inet pacs) prints. Private, pure.

The table keeps two memories of new connections that no flow declares, C(undeclared4) and C(undeclared6); the set
C(opened) holds what the console has opened for a while; the elements of the other sets count the use of each declared
flow and name it in their comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._observed.declared import LiveFlows

MODE_NONE, MODE_WATCH, MODE_ENFORCE = "none", "watch", "enforce"

_MEMORIES = ("undeclared4", "undeclared6")
_OPENED = "opened"
_NOT_REMEMBERED = "not_remembered"
_COUNTERS = ("undeclared_forward", "undeclared_input", _NOT_REMEMBERED, "opened_forward")
_DECLARED = re.compile(r"(?:exact|range|ping|admit)[46](?:_|$)")


def table_document(listing: str, own: Iterable[str] = ()) -> dict[str, Any]:
    """Mode, memory and counters of one table; I(own) are the host's own addresses. Raises Unreadable where the text is
    no listing of nft, and where the table may not be in force at all.
    """
    try:
        chains, sets, counters = _objects(json.loads(listing))
        declared, unused = _declared(sets)
        mode = _mode(chains)
        return {
            "mode": mode,
            "mode_reason": "the table has no chain that packets pass on their way through"
            if mode == MODE_NONE
            else None,
            "memory": all(name in sets for name in _MEMORIES),
            "undeclared": _undeclared(sets, LiveFlows(sets, own)),
            "full": any(_is_full(sets[name]) for name in _MEMORIES if name in sets),
            "not_remembered": counters.get(_NOT_REMEMBERED, 0),
            "counters": {name: counters[name] for name in _COUNTERS if name in counters},
            "declared": declared,
            "unused": unused,
            "opening": _opening(sets.get(_OPENED)),
        }
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as exc:
        raise Unreadable("the output of `nft -j list table inet pacs` is not what nft writes") from exc


def _objects(document: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, int]]:
    """Chains and sets by name, and the packets of each named counter."""
    chains: dict[str, Any] = {}
    sets: dict[str, Any] = {}
    counters: dict[str, int] = {}
    for entry in document["nftables"]:
        ((kind, body),) = entry.items()
        if kind == "table" and body.get("flags"):
            # nft 1.0.6 writes the table's name where the flag's should stand.
            raise Unreadable("the table carries flags (dormant, owner or persist), so that it may not be in force")
        if kind == "chain":
            chains[body["name"]] = body
        elif kind == "set":
            sets[body["name"]] = body
        elif kind == "counter":
            counters[body["name"]] = int(body["packets"])
    return chains, sets, counters


def _mode(chains: dict[str, Any]) -> str:
    for chain in chains.values():
        if chain.get("hook") == "forward":
            return MODE_WATCH if chain.get("policy", "accept") == "accept" else MODE_ENFORCE
    return MODE_NONE


def _undeclared(sets: dict[str, Any], live: LiveFlows) -> list[dict[str, Any]]:
    """The memory, the most frequent first."""
    found: list[dict[str, Any]] = []
    for name in _MEMORIES:
        body = sets.get(name, {})
        lifetime = body.get("timeout")
        for value, details in _elements(body):
            source, destination, protocol, port = value["concat"]
            left = details.get("expires")
            # Each new connection sets the time that is left to the whole; an element may have been put back with less.
            idle = None if left is None or lifetime is None else max(0, int(lifetime) - int(left))
            found.append(
                {
                    "source": str(source),
                    "destination": str(destination),
                    "protocol": str(protocol),
                    "port": int(port),
                    "count": _packets(details),
                    "idle": idle,
                }
            )
    answered = live.answers(len(found))
    for one in found:
        ends = (one["source"], one["destination"], one["protocol"], one["port"])
        one["declared"] = live.declare(*ends) if answered else None
    found.sort(key=lambda one: (-one["count"], one["destination"], one["port"], one["protocol"], one["source"]))
    return found


def _is_full(body: Any) -> bool:
    size = body.get("size")
    return size is not None and len(body.get("elem", ())) >= int(size)


def _declared(sets: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The declared flows that were used, and the names of those that weren't: no element of that name counted."""
    used, names, used_names = [], set(), set()
    for name in sorted(sets):
        if not _DECLARED.match(name):
            continue
        for value, details in _elements(sets[name]):
            note, count = str(details.get("comment", "")), _packets(details)
            names.add(note)
            if count:
                used_names.add(note)
                parts = value["concat"] if isinstance(value, dict) and "concat" in value else [value]
                used.append({"set": name, "key": [_text(part) for part in parts], "note": note, "count": count})
    return used, sorted(names - used_names - {""})


def _opening(body: Any) -> dict[str, Any] | None:
    """What is open from the console, and for how long at most; None where nothing is."""
    left = {str(value): details.get("expires") for value, details in _elements(body or {})}
    if not left:
        return None
    seconds = [int(value) for value in left.values() if value is not None]
    return {"protocols": sorted(left), "seconds_left": max(seconds) if len(seconds) == len(left) else None}


def _elements(body: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each element's value, and what else nft says of it."""
    for element in body.get("elem", ()):
        if isinstance(element, dict) and "elem" in element:
            yield element["elem"]["val"], element["elem"]
        else:
            yield element, {}


def _packets(details: dict[str, Any]) -> int:
    return int(details.get("counter", {}).get("packets", 0))


def _text(value: Any) -> str:
    """One field of a key: an address, a prefix, a range, a protocol or a port."""
    if isinstance(value, dict) and "prefix" in value:
        return f"{value['prefix']['addr']}/{value['prefix']['len']}"
    if isinstance(value, dict) and "range" in value:
        return f"{value['range'][0]}-{value['range'][1]}"
    return str(value)
