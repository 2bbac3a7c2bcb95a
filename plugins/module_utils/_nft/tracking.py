# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host follows connections already. Private, pure.

The kernel does so while a rule asks for it, and no longer. That it knows some connections says nothing: checking a
ruleset (C(nft -c)) makes it look for a moment, and what it saw then stays for a while.
"""

from __future__ import annotations

import json
from typing import Any


def tracks_connections(listing: str) -> bool:
    """Whether a rule of I(listing), the JSON of all tables, has the kernel follow connections. False where that can't
    be read from it: then running connections are to be learned first.
    """
    try:
        entries = json.loads(listing)["nftables"]
        return any(
            _names_ct(entry["rule"].get("expr")) if "rule" in entry else entry.get("chain", {}).get("type") == "nat"
            for entry in entries
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _names_ct(value: Any) -> bool:
    if isinstance(value, dict):
        return "ct" in value or any(_names_ct(item) for item in value.values())
    return isinstance(value, list) and any(_names_ct(item) for item in value)
