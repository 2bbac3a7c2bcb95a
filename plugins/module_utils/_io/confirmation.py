# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Confirm a pending change, undo it, or tell that it still waits. Private."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import is_live_now, roll_back, settled_canonical
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Change,
    Entry,
    pending,
    require_change_id,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, PENDING, ROLLED_BACK, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import canonical_digest

_LOCK_PATIENCE = 15.0
WAITING = "waiting"
_GO_BACK = "to go back, apply the earlier ruleset with nft_ruleset"


@dataclass(frozen=True)
class Outcome:
    """What became of a change. I(state) is C(confirmed), C(rolled_back) or C(waiting), None when the host knows no
    change at all. I(seconds_left): until the host undoes it by itself, None unless it waits.
    """

    changed: bool
    change_id: str | None
    state: str | None
    change: Change | None
    msg: str
    seconds_left: float | None = None


def settle_change(change_id: str | None, state: str, check_mode: bool, layout: Layout) -> Outcome:
    """Bring a change into I(state), C(confirmed) or C(rolled_back), or make sure that it is C(waiting) for either.
    Without an id: the one that is pending, else the newest.

    Raises ApplyFailed where the change is settled the other way: rolled back (perhaps just now, because it can't be
    confirmed any more), or confirmed. Raises HardeningError where it waits and can't be confirmed any more.
    """
    if not is_root():
        raise HardeningError("only root can read and change the firewall's rules; run this task with `become: true`")
    journal = Journal(layout)
    entry = _find(journal, change_id)
    if entry is None:
        return Outcome(False, None, None, None, "no change was ever made on this host")
    if state == WAITING:
        return _wait(entry, layout)
    if state == CONFIRMED:
        return _confirm(entry, journal, check_mode)
    return _undo(entry, journal, check_mode, change_id is not None)


def _find(journal: Journal, change_id: str | None) -> Entry | None:
    entries = journal.entries()
    if change_id is None:
        waiting = pending(entries)
        return waiting[-1] if waiting else max(entries, key=lambda entry: entry.id, default=None)
    require_change_id(change_id)
    for entry in entries:
        if entry.id == change_id:
            return entry
    raise HardeningError(
        f"change {change_id} is not known on this host; nothing was changed. Was its journal removed, or is "
        f"this another host?"
    )


def _wait(entry: Entry, layout: Layout) -> Outcome:
    """Changes nothing, so that it can be asked as often as anybody likes, also after the last moment."""
    if entry.state == CONFIRMED:
        raise ApplyFailed(f"change {entry.id} is confirmed already, and waits for nothing", entry.id, False)
    if entry.state == ROLLED_BACK:
        raise ApplyFailed(
            f"change {entry.id} doesn't wait any more: the host has rolled it back, and the rules from before it are "
            "in force. Give the change a longer confirm_timeout if it was too slow, and apply it again",
            entry.id,
            True,
        )
    reason = _why_not(entry, layout)
    if reason or entry.change is None or entry.change.deadline is None:
        raise HardeningError(
            f"change {entry.id} can't be confirmed any more: {reason or 'nothing undoes it by itself'}; take it back "
            f"with `state: rolled_back`, or on the host's console with `pacs-firewall undo`"
        )
    left = round(entry.change.deadline - boottime(), 3)
    message = f"change {entry.id} waits for its confirmation until {entry.change.deadline_utc}"
    return Outcome(False, entry.id, WAITING, entry.change, message, left)


def _confirm(entry: Entry, journal: Journal, check_mode: bool) -> Outcome:
    layout = journal.layout
    if entry.state == CONFIRMED:
        return Outcome(False, entry.id, CONFIRMED, entry.change, f"change {entry.id} is confirmed already")
    if entry.state == ROLLED_BACK:
        raise ApplyFailed(
            f"change {entry.id} was rolled back by the host before it was confirmed; the rules from before "
            f"it are in force",
            entry.id,
            True,
        )
    if check_mode:
        return Outcome(True, entry.id, CONFIRMED, entry.change, f"change {entry.id} would be confirmed")
    with files.locked(layout.lock, _LOCK_PATIENCE):
        reason = _why_not(entry, layout)
        confirmed = not reason and journal.confirm(entry.id)
    if not confirmed:
        if journal.state_of(entry.id) == PENDING:
            roll_back(layout, entry.id)
        reason = reason or "the host rolled it back just before"
        raise ApplyFailed(
            f"change {entry.id} can't be confirmed: {reason}; the rules from before it are in force", entry.id, True
        )
    systemd.disarm(entry.id)
    if entry.change is not None:
        journal.prune(entry.change.table, entry.change.keep)
    return Outcome(True, entry.id, CONFIRMED, entry.change, f"change {entry.id} is confirmed")


def _why_not(entry: Entry, layout: Layout) -> str:
    """The reason why a pending change must not be confirmed, empty if there is none."""
    if entry.change is None:
        return "its journal is damaged"
    if not is_live_now(layout, entry):
        return "it was too late (the deadline has passed, the host was restarted, or its safety switch is gone)"
    nft = Nft.find()
    if nft is None:
        return "nft has been removed"
    expected = entry.change.canonical_sha256
    if expected != canonical_digest(settled_canonical(nft, entry.change.table, expected)):
        return f"something else changed table {entry.change.table} in the meantime"
    return ""


def _undo(entry: Entry, journal: Journal, check_mode: bool, named: bool) -> Outcome:
    layout = journal.layout
    if entry.state == ROLLED_BACK and entry.restored:
        return Outcome(False, entry.id, ROLLED_BACK, entry.change, f"change {entry.id} is rolled back already")
    if entry.state == CONFIRMED:
        if named:
            raise ApplyFailed(f"change {entry.id} was confirmed; {_GO_BACK}", entry.id, False)
        return Outcome(
            False, entry.id, CONFIRMED, entry.change, f"nothing is pending; the newest change, {entry.id}, is confirmed"
        )
    if not check_mode:
        roll_back(layout, entry.id)
        if journal.state_of(entry.id) == CONFIRMED:
            raise ApplyFailed(f"change {entry.id} was confirmed just before; {_GO_BACK}", entry.id, False)
    return Outcome(
        True, entry.id, ROLLED_BACK, entry.change, f"change {entry.id} {'would be' if check_mode else 'is'} rolled back"
    )
