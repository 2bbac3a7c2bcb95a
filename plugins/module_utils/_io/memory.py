# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what the kernel has put into the sets of a live table, and the table around it. Private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import boottime
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import live_canonical
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import canonical, first_difference
from ansible_collections.pacs.hardening.plugins.module_utils._nft.carry import (
    DynamicSet,
    Element,
    add_script,
    carried,
    dynamic_sets,
    elements_of,
    keeps,
    loading_time,
    without_elements,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import check_ruleset, replace_script


@dataclass(frozen=True)
class Snapshot:
    """A live table: its text with empty dynamic sets, proven to be restorable, None if there is no table; and those
    sets.
    """

    text: str | None = None
    sets: Mapping[str, DynamicSet] = field(default_factory=dict)

    def kept_by(self, new: Mapping[str, DynamicSet]) -> dict[str, DynamicSet]:
        """The sets whose elements the ruleset with the sets I(new) takes over."""
        return {name: old for name, old in self.sets.items() if keeps(new.get(name), old)}


@dataclass(frozen=True)
class Remembered:
    """The elements of sets, read at I(read_at) (CLOCK_BOOTTIME); I(lost): why some sets could not be read."""

    sets: Mapping[str, DynamicSet]
    elements: Mapping[str, list[Element]]
    read_at: float
    lost: tuple[str, ...]

    def script(self, table: str, new: Mapping[str, DynamicSet], later: float = 0.0) -> str:
        """The statements that add them to the sets I(new), now or I(later) seconds from now."""
        passed = boottime() - self.read_at + later + loading_time(sum(map(len, self.elements.values())))
        return add_script(
            table,
            {name: carried(items, self.sets[name], new[name], passed) for name, items in self.elements.items()},
        )


def take_snapshot(nft: Nft, table: str, seen: str | None) -> Snapshot:
    """The live table as it is; I(seen) is its canonical JSON as it was read before. Raises HardeningError if it
    couldn't be restored: then no change of it would be safe.
    """
    listing = nft.listing(table)
    if listing is None:
        return Snapshot()
    sets = dynamic_sets(listing)
    text = without_elements(listing, sets)
    try:
        check_ruleset(text, table)
        nft.check(replace_script(table, text))
        evaluated = nft.evaluate(text, table)
        difference = _difference(nft, table, seen, canonical(evaluated[0])) if evaluated is not None else ""
    except HardeningError as exc:
        difference = str(exc)
    if difference:
        raise HardeningError(
            f"the rules now in table {table} could not be restored from their own listing, so that a "
            f"mistake could not be undone; nothing was "
            f"changed. Remove what was added to the table by hand, or the table (`nft delete table "
            f"{table}`), and run again. Found: {difference}"
        )
    return Snapshot(text, sets)


def _difference(nft: Nft, table: str, seen: str | None, restored: str) -> str:
    """Between the live table and I(restored). A listing takes seconds where much is remembered, so it is made again
    only if the earlier one differs.
    """
    if seen == restored:
        return ""
    live = live_canonical(nft, table)
    return "" if live is None else first_difference(live, restored)


def remember(nft: Nft, table: str, sets: Mapping[str, DynamicSet]) -> Remembered:
    """What these sets of the live table hold. Never fails: a set that can't be read must not stop a change."""
    read_at = boottime()
    elements, lost = {}, []
    for name in sets:
        try:
            elements[name] = elements_of(nft.set_listing(table, name))
        except HardeningError as exc:
            lost.append(f"what set {name} of table {table} remembered is not carried over: {exc}")
    return Remembered(sets, elements, read_at, tuple(lost))
