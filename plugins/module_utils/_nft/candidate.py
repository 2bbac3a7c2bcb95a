# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's whole ruleset as it would be with one table replaced. Private, pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def with_table_replaced(ruleset: str, table: str, candidate: str) -> dict[str, Any]:
    """The JSON listing of the host's ruleset with I(candidate), the JSON listing of one table, in place of I(table).

    Both are what C(nft -j list) prints. Raises HardeningError where one isn't.
    """
    family, _blank, name = table.partition(" ")
    others = [item for item in _items(ruleset) if _home(item) != (family, name)]
    ours = [item for item in _items(candidate) if "metainfo" not in item]
    return {"nftables": others + ours}


def _items(text: str) -> list[Mapping[str, Any]]:
    try:
        items = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError):
        raise HardeningError("nft printed a listing that isn't its JSON") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise HardeningError("nft printed a listing that isn't its JSON")
    return items


def _home(item: Mapping[str, Any]) -> tuple[Any, Any]:
    """Family and table in which an item stands; a table stands in itself."""
    for kind, value in item.items():
        if isinstance(value, dict):
            return value.get("family"), value.get("name" if kind == "table" else "table")
    return None, None
