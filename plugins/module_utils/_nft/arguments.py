# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of C(nft_ruleset) and C(nft_change), shared by the modules and the action plugins. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The tables this collection owns; each has exactly one writer. No other table is ever touched.
TABLES = ("inet pacs", "inet pacs_observe", "inet pacs_vpn_guard", "bridge pacs")

RULESET_ARGUMENTS: dict[str, dict[str, Any]] = {
    "table": {"type": "str", "choices": list(TABLES), "default": TABLES[0]},
    "ruleset": {"type": "str"},
    "fallback": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "confirm_timeout": {"type": "int", "default": 60},
    "confirm": {"type": "str", "choices": ["new_connection", "later"], "default": "new_connection"},
    "warm_up": {"type": "int", "default": 5},
    "keep": {"type": "int", "default": 10},
}
RULESET_REQUIRED_IF = [("state", "present", ["ruleset"])]

HISTORY_ARGUMENTS: dict[str, dict[str, Any]] = {
    "table": RULESET_ARGUMENTS["table"],
    "text": {"type": "bool", "default": False},
    "change_id": {"type": "str"},
    "steps": {"type": "int", "default": 1},
}

CHANGE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "change_id": {"type": "str"},
    "state": {"type": "str", "choices": ["confirmed", "rolled_back", "waiting"], "required": True},
    "patience": {"type": "int", "default": 0},
}
CHANGE_REQUIRED_IF = [("state", "confirmed", ["change_id"]), ("state", "waiting", ["change_id"])]

#: (argument, lowest, highest, unit): bounds that an argument specification can't express.
RULESET_BOUNDS = (
    ("confirm_timeout", 0, 86400, "seconds"),
    ("warm_up", 0, 600, "seconds"),
    ("keep", 1, 1000, "confirmed changes"),
)


def out_of_bounds(parameters: Mapping[str, Any]) -> str | None:
    """A sentence about the first argument of C(nft_ruleset) beyond its bounds, None if all are within."""
    for name, lowest, highest, unit in RULESET_BOUNDS:
        if not lowest <= parameters[name] <= highest:
            return f"{name} is {parameters[name]}; it must be from {lowest} to {highest} {unit}"
    return None
