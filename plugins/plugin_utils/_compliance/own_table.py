# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our own table shows of its state: whether it only watches, and what is opened at the firewall's console."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._nftables.listing import Chain, Ruleset, Statement, Table

HOOKS = ("input", "forward")
WATCHES = "this firewall only watches: it counts and remembers connections that nobody declared, and lets them through"
_OWN = ("inet", "pacs")
_OPENED, _MEMORY = "opened", "undeclared"


def is_own(table: Table) -> bool:
    """Whether a table is the one that our playbooks write."""
    return (table.family, table.name) == _OWN


def base_chains(table: Table) -> list[Chain]:
    """The chains of a table that judge what comes to the host and what comes through."""
    return [chain for chain in table.chains.values() if chain.hook in HOOKS and chain.kind == "filter"]


def watches(ruleset: Ruleset) -> bool:
    """Whether our table is there and in mode ``watch``: both chains let pass what they remember."""
    return any(
        {chain.hook for chain in base_chains(table) if chain.policy == "accept" and _remembers(chain)} == set(HOOKS)
        for table in ruleset.tables
        if is_own(table)
    )


def is_of_watching(statements: tuple[Statement, ...]) -> bool:
    """Whether a rule lets pass, in mode ``watch``, what the mode ``enforce`` drops."""
    counts = any(str(statement.get("counter", "")).startswith(f"{_MEMORY}_") for statement in statements)
    return counts or any(_asks_for_invalid(statement.get("match")) for statement in statements)


def is_memory(table: Table, name: str) -> bool:
    """Whether a set of a table holds what the firewall remembers."""
    return is_own(table) and name.startswith(_MEMORY)


def is_console(table: Table, name: str) -> bool:
    """Whether a set of a table holds what is opened at the console."""
    return is_own(table) and name == _OPENED


def openings(ruleset: Ruleset) -> Iterator[str]:
    """A sentence for each protocol that is opened now."""
    for table in ruleset.tables:
        for known in table.sets.values():
            if is_console(table, known.name):
                yield from (_opening(element) for element in known.elements)


def _opening(element: Any) -> str:
    body = element.get("elem") if isinstance(element, Mapping) else None
    value, left = (body.get("val"), body.get("expires")) if isinstance(body, Mapping) else (element, None)
    protocol = value if isinstance(value, str) else "some protocol"
    said = f"everything that is {protocol} may pass for a while, because somebody opened this firewall at its console"
    if not isinstance(left, int):
        return f"{said}; nothing ends that"
    minutes = max(left, 0) // 60
    when = "in less than a minute" if minutes < 1 else f"in {minutes} minute{'s' if minutes > 1 else ''}"
    return f"{said}; when this was read, it was to end {when}"


def _remembers(chain: Chain) -> bool:
    return any(
        "accept" in statement and _writes_to_memory(rule.statements)
        for rule in chain.rules
        for statement in rule.statements
    )


def _writes_to_memory(statements: tuple[Statement, ...]) -> bool:
    written = (statement.get("set") for statement in statements)
    return any(isinstance(body, Mapping) and str(body.get("set")).startswith(f"@{_MEMORY}") for body in written)


def _asks_for_invalid(match: Any) -> bool:
    return (
        isinstance(match, Mapping)
        and match.get("left") == {"ct": {"key": "state"}}
        and match.get("right") == "invalid"
        and match.get("op") in ("in", "==")
    )
