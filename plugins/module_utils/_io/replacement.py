# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace one table under the lock: snapshot, journal, switch, one transaction, read back. Private."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime, utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import (
    live_canonical,
    roll_back,
    settled_canonical,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.memory import (
    Remembered,
    Snapshot,
    remember,
    take_snapshot,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import first_difference, has_drop_policy
from ansible_collections.pacs.hardening.plugins.module_utils._nft.carry import DynamicSet, dynamic_sets, sets_text
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change, pending, pending_message
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import PENDING, ROLLED_BACK, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import Observed, Wanted, canonical_digest
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request, Result
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import replace_script, warm_up_ruleset
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tracking import tracks_connections

LOCK_PATIENCE = 15.0


@dataclass
class Replacement:
    """One change of a table into what is I(wanted), on a host that was I(observed) before."""

    request: Request
    layout: Layout
    nft: Nft
    journal: Journal
    wanted: Wanted
    observed: Observed

    def run(self, result: Result) -> None:
        """Make the change and tell it in I(result). Raises HardeningError if nothing was applied, ApplyFailed if
        something was, and the rules from before are in force again.
        """
        try:
            with files.locked(self.layout.lock, LOCK_PATIENCE):
                self._run_locked(result)
        except ApplyFailed as failure:
            # The lock is free again, and the tool takes it.
            if not failure.rolled_back:
                roll_back(self.layout, failure.change_id)
            raise ApplyFailed(f"{failure}; the rules from before are in force", failure.change_id, True) from failure

    def _run_locked(self, result: Result) -> None:
        for entry in pending(self.journal.entries()):
            raise HardeningError(pending_message(entry, boottime()))
        table = self.request.table
        before = take_snapshot(self.nft, table, self.observed.canonical)
        sets = dynamic_sets(self.wanted.listing or self.wanted.text or "")
        result.warm_up = self._needs_warm_up()
        change = self._new_change(self.request.warm_up if result.warm_up else 0)
        result.warnings += self._write(change, before, sets)
        result.warnings += self._put_in_force(change, before, sets, result.warm_up)
        result.change_id = change.id
        if change.deadline is None:
            self.journal.confirm(change.id)
            self.journal.prune(table, change.keep)
            result.confirmed = True
            result.msg = f"table {table} is replaced, without the safety of a confirmation"
            return
        result.deadline, result.seconds_left = change.deadline_utc, round(change.deadline - boottime(), 3)
        result.msg = (
            f"table {table} is replaced and waits for confirmation of change {change.id} until {change.deadline_utc}"
        )

    def _needs_warm_up(self) -> bool:
        """A first policy that drops, on a host that followed no connections. (The bridge family has no connection
        tracking to warm up.)
        """
        table, wanted = self.request.table, self.wanted
        if wanted.text is None or not self.request.warm_up or not table.startswith("inet "):
            return False
        drops = wanted.canonical is None or has_drop_policy(wanted.canonical)
        return drops and self.nft.listing(table, "-t") is None and not tracks_connections(self.nft.ruleset())

    def _new_change(self, warm_up: int) -> Change:
        # The warm-up comes on top, so that confirming always has the whole confirm_timeout.
        seconds = warm_up + self.request.confirm_timeout if self.request.confirm_timeout else None
        return Change(
            id=self.journal.new_id(),
            table=self.request.table,
            kind=self.wanted.kind,
            text_sha256=self.wanted.text_sha256,
            canonical_sha256=self.wanted.canonical_sha256,
            created_utc=utc(),
            deadline=None if seconds is None else boottime() + seconds,
            deadline_utc=None if seconds is None else utc(seconds),
            keep=self.request.keep,
        )

    def _write(self, change: Change, before: Snapshot, sets: Mapping[str, DynamicSet]) -> list[str]:
        """Write the change to the journal, with all that the host needs to go back or forth. Returns warnings."""
        table, kept, fallback = change.table, before.kept_by(sets), self.wanted.fallback
        # Going back takes over what the kernel remembers by then. What the new rules have no place for is written
        # down now, with the time that will be left at the deadline.
        dropped = remember(self.nft, table, {name: old for name, old in before.sets.items() if name not in kept})
        window = 0.0 if change.deadline is None else max(0.0, change.deadline - boottime())
        self.journal.write(
            change,
            replace_script(table, before.text) + dropped.script(table, before.sets, window),
            replace_script(table, self.wanted.text),
            fallback=None if fallback is None else replace_script(table, fallback),
            previous_sets=sets_text(kept.values()),
            candidate_sets=sets_text(item for item in sets.values() if not item.filled),
        )
        return [
            f"set {name} held {len(items)} elements, and the new ruleset has no set of this name and type to keep them"
            for name, items in dropped.elements.items()
            if items
        ]

    def _put_in_force(
        self, change: Change, before: Snapshot, sets: Mapping[str, DynamicSet], warm_up: bool
    ) -> list[str]:
        """Arm, apply, read back. Returns warnings. Raises HardeningError if nothing was applied, ApplyFailed if
        something was, or may have been.
        """
        armed = touched = False
        try:
            if change.deadline is not None:
                systemd.arm(change.id, change.deadline - boottime(), self.layout.tool)
                armed = True
            if warm_up:
                touched = True
                self.nft.load_text(replace_script(change.table, warm_up_ruleset(change.table)))
                time.sleep(self.request.warm_up)
            memory = remember(self.nft, change.table, before.kept_by(sets))
            # An nft that was killed, or took too long, may have done its work.
            touched = True
            warnings = self._load(change, memory, sets)
            self._read_back(change)
        except ApplyFailed:
            raise
        except HardeningError as exc:
            if touched:
                raise ApplyFailed(str(exc), change.id, rolled_back=False) from exc
            self.journal.discard(change.id)
            if armed:
                systemd.disarm(change.id)
            raise HardeningError(f"the rules were not applied, and nothing was changed: {exc}") from exc
        return warnings

    def _load(self, change: Change, memory: Remembered, sets: Mapping[str, DynamicSet]) -> list[str]:
        """Replace the table in one transaction, and with it what the kernel remembers. What of that was lost."""
        # From the journal's own folder: if the change has been rolled back meanwhile, there is nothing to load any
        # more.
        candidate = f'include "{self.layout.change(PENDING, change.id)}/candidate.nft"\n'
        additions = memory.script(change.table, sets)
        try:
            self.nft.load_text(candidate + additions)
        except HardeningError as exc:
            if not additions:
                raise
            self.nft.load_text(candidate)
            return [*memory.lost, f"what table {change.table} remembered is not carried over: {exc}"]
        return list(memory.lost)

    def _live(self, change: Change) -> str | None:
        """What the kernel lists now; where it is known beforehand, given a moment to be that."""
        if self.wanted.canonical is None and self.wanted.text is not None:
            return live_canonical(self.nft, change.table)
        return settled_canonical(self.nft, change.table, canonical_digest(self.wanted.canonical))

    def _read_back(self, change: Change) -> None:
        if self.journal.state_of(change.id) != PENDING:
            self.nft.load(f"{self.layout.change(ROLLED_BACK, change.id)}/previous.nft")
            raise ApplyFailed("applying took longer than confirm_timeout", change.id, rolled_back=True)
        wanted = self.wanted
        live = self._live(change)
        if wanted.text is not None and live is None:
            raise HardeningError("the table isn't there after it was applied")
        if wanted.canonical is not None or wanted.text is None:
            difference = first_difference(wanted.canonical, live)
            if difference:
                raise HardeningError(f"what the kernel lists isn't what was applied: {difference}")
        else:
            known = replace(change, canonical_sha256=canonical_digest(live))
            files.replace_file(f"{self.layout.change(PENDING, change.id)}/change.json", known.to_json(), 0o600)
