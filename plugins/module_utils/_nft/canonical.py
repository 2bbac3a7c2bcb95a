# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One form for every JSON listing that means the same policy, so that two listings can be compared. Private, pure.

Input is what C(nft -j list table FAMILY NAME) prints. Dropped: C(metainfo), handles, C(expires), and the elements of
sets that the kernel fills or empties by itself (those with time-outs, and those that a rule adds to): they are state,
not policy. Counters and used quotas become zero. Elements are sorted, and so is everything but the rules, whose order
is their meaning.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_KINDS = (
    *("table", "chain", "rule", "set", "map", "element", "counter", "quota", "limit", "flowtable"),
    *("ct helper", "ct timeout", "ct expectation", "synproxy", "secmark"),
)
_VOLATILE = ("handle", "expires")


def canonical(listing: str) -> str:
    """The canonical JSON text of one table's listing. Equal text means equal policy.

    Raises HardeningError if the input is not such a listing, or if the table has flags: C(dormant) enforces nothing,
    C(owner) vanishes with the program that made it, and nft 1.0.6 garbles the flag's name.
    """
    try:
        objects = [_single(entry) for entry in _entries(json.loads(listing))]
        volatile = _volatile_sets(objects)
        items = [
            {kind: _object(kind, body, volatile)}
            for kind, body in ((next(iter(entry)), next(iter(entry.values()))) for entry in objects)
            if kind != "metainfo"
        ]
        rules = [item for item in items if "rule" in item]
        others = sorted((item for item in items if "rule" not in item), key=_sort_key)
        # Stable: rules keep their order within a chain, while the order in which chains were listed doesn't matter.
        rules.sort(key=lambda item: _sort_key(item["rule"].get("chain")))
        return json.dumps(others + rules, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError) as exc:
        raise HardeningError(f"nft's JSON listing can't be read: {type(exc).__name__}: {str(exc)[:200]}") from exc


def has_drop_policy(canonical_text: str, hook: str | None = None) -> bool:
    """Whether any base chain of the (canonical) table, or any at I(hook), drops by policy."""
    chains = [item["chain"] for item in json.loads(canonical_text) if "chain" in item]
    return any(chain.get("policy") == "drop" and hook in (None, chain.get("hook")) for chain in chains)


def _entries(document: Any) -> list[Any]:
    entries = document.get("nftables") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise HardeningError("nft's JSON listing can't be read: no list `nftables` in it")
    return entries


def _single(entry: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(entry, dict) or len(entry) != 1:
        raise HardeningError(f"nft's JSON listing can't be read: not an object with one key: {str(entry)[:80]}")
    ((kind, body),) = entry.items()
    if not isinstance(body, dict):
        raise HardeningError(f"nft's JSON listing can't be read: `{kind}` is not an object")
    if kind != "metainfo" and kind not in _KINDS:
        raise HardeningError(
            f"nft's JSON listing holds an unknown kind of object, `{kind[:40]}`; a newer collection may know it"
        )
    if kind == "table" and body.get("flags"):
        raise HardeningError(
            "the table carries flags (dormant, owner or persist); such a table can't be relied upon: remove the flags"
        )
    return entry


def _volatile_sets(objects: list[dict[str, dict[str, Any]]]) -> set[str]:
    """Names of the sets and maps whose elements come and go. nft 1.0.6 doesn't list C(dynamic), so look for rules
    that write to a set.
    """
    names: set[str] = set()
    for entry in objects:
        for kind in ("set", "map"):
            body = entry.get(kind)
            if body is not None and (_has_flag(body, "timeout") or _has_flag(body, "dynamic")):
                names.add(str(body.get("name")))
        if "rule" in entry:
            _collect_written_sets(entry["rule"].get("expr"), names)
    return names


def _has_flag(body: dict[str, Any], flag: str) -> bool:
    flags = body.get("flags")
    return flag == flags or (isinstance(flags, list) and flag in flags)


def _collect_written_sets(value: Any, names: set[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect_written_sets(item, names)
    elif isinstance(value, dict):
        for key in ("set", "map"):
            statement = value.get(key)
            if isinstance(statement, dict) and "op" in statement and isinstance(statement.get(key), str):
                names.add(statement[key].lstrip("@"))
        for item in value.values():
            _collect_written_sets(item, names)


def _object(kind: str, body: dict[str, Any], volatile: set[str]) -> dict[str, Any]:
    elements_are_state = kind in ("set", "map") and str(body.get("name")) in volatile
    cleaned: dict[str, Any] = {}
    for key, value in body.items():
        if key in _VOLATILE or (key == "elem" and elements_are_state):
            continue
        if (kind == "counter" and key in ("packets", "bytes")) or (kind == "quota" and key == "used"):
            cleaned[key] = 0
        elif key in ("elem", "flags", "devices"):
            cleaned[key] = _sorted(_clean(value))
        else:
            cleaned[key] = _clean(value)
    return cleaned


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, dict):
        return value
    cleaned: dict[str, Any] = {}
    for key, item in value.items():
        if key in _VOLATILE:
            continue
        if key == "counter" and isinstance(item, dict):
            cleaned[key] = {name: 0 if name in ("packets", "bytes") else _clean(inner) for name, inner in item.items()}
        elif key == "quota" and isinstance(item, dict):
            cleaned[key] = {name: _clean(inner) for name, inner in item.items() if name not in ("used", "used_unit")}
        elif key == "set" and isinstance(item, list):
            # An anonymous set or map: the kernel lists it in any order. (As a statement, `set` is an object.)
            cleaned[key] = _sorted(_clean(item))
        else:
            cleaned[key] = _clean(item)
    return cleaned


def _sorted(value: Any) -> Any:
    return sorted(value, key=_sort_key) if isinstance(value, list) else value


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def first_difference(left: str | None, right: str | None) -> str:
    """The first object that only one of two canonical texts has, shortened, for an error message; empty when they're
    equal.
    """
    if left is None or right is None:
        return "" if left == right else "the table is missing on one side"
    ours, theirs = ([_sort_key(item) for item in json.loads(text)] for text in (left, right))
    for mine, others in ((ours, set(theirs)), (theirs, set(ours))):
        for item in mine:
            if item not in others:
                return item[:300]
    return "" if ours == theirs else "the order of rules"
