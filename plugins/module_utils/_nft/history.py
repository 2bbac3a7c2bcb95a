# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes of a table, and which ruleset a rollback returns to. Private, pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change, Entry, valid_change_id
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, PENDING


@dataclass(frozen=True)
class PastChange:
    """A change in the history of its table. I(in_force): its rules are those that the kernel has now.

    I(steps_back): how many rulesets lie between the newest confirmed one (0) and this, each counted where it was
    confirmed last; None for what isn't confirmed, and for earlier confirmations of a ruleset.
    """

    state: str
    change: Change
    in_force: bool
    steps_back: int | None


@dataclass(frozen=True)
class Choice:
    """The change that a rollback returns to, None if there is none, and a sentence that says so."""

    change: PastChange | None
    text: str


def history(entries: Iterable[Entry], table: str, live_sha256: str) -> list[PastChange]:
    """The changes of a table, newest first. I(live_sha256): digest of the live table's canonical JSON."""
    ours = [(entry.state, entry.change) for entry in entries if entry.change and entry.change.table == table]
    ours.sort(key=lambda one: one[1].id, reverse=True)
    found: list[PastChange] = []
    known: set[str] = set()
    is_found = False
    for state, change in ours:
        in_force = not is_found and state in (PENDING, CONFIRMED) and change.canonical_sha256 == live_sha256
        is_found = is_found or in_force
        steps = None
        if state == CONFIRMED and change.text_sha256 not in known:
            steps = len(known)
            known.add(change.text_sha256)
        found.append(PastChange(state, change, in_force, steps))
    return found


def choose(changes: Sequence[PastChange], change_id: str | None, steps: int) -> Choice:
    """The change with that id, or, without one, that which lies so many rulesets back."""
    confirmed = [past for past in changes if past.state == CONFIRMED]
    if not confirmed:
        return Choice(None, "no ruleset was ever confirmed on this host, so there is nothing to go back to")
    if change_id is not None:
        chosen = next((past for past in changes if past.change.id == change_id), None)
        if chosen is None or chosen.state != CONFIRMED:
            return Choice(None, f"{_unusable(change_id, chosen)}; there are {_list(confirmed)}")
    else:
        chosen = next((past for past in confirmed if past.steps_back == steps), None)
        if chosen is None:
            count = len([past for past in confirmed if past.steps_back is not None])
            kept = "only one ruleset" if count == 1 else f"only {count} rulesets"
            return Choice(None, f"there is nothing to go back to: {kept} of this host are kept, {_list(confirmed)}")
    if any(past.in_force and past.change.text_sha256 == chosen.change.text_sha256 for past in changes):
        return Choice(chosen, f"the rules of change {chosen.change.id} are in force already")
    rules = "no rules at all" if chosen.change.kind == "absent" else "the rules"
    back = "" if chosen.steps_back is None else f", {chosen.steps_back} back from the newest"
    return Choice(chosen, f"going back to {rules} of change {chosen.change.id}, made {chosen.change.created_utc}{back}")


def _unusable(change_id: str, found: PastChange | None) -> str:
    if not valid_change_id(change_id):
        return f"{change_id[:60]!r} is no change id"
    if found is None:
        return f"this host knows no change {change_id} of this table"
    return f"change {change_id} is {found.state.replace('_', ' ')}, and only a confirmed one can be returned to"


def _list(confirmed: Sequence[PastChange]) -> str:
    return ", ".join(f"{past.change.id} ({past.change.created_utc})" for past in confirmed)
