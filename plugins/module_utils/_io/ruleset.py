# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply one table's ruleset so that a mistake undoes itself. Private.

Order: look (no write at all if nothing differs), install the host's files, then under the lock: snapshot, journal,
arm the timer, apply in one transaction, read back. A kill at any point leaves either nothing applied, or a pending
change that the timer, the boot unit or the next run undoes.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.installed import host_faults, install
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import is_live_now, live_canonical, roll_back
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._io.replacement import LOCK_PATIENCE, Replacement
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import canonical, has_drop_policy
from ansible_collections.pacs.hardening.plugins.module_utils._nft.carry import dynamic_sets, without_elements
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Entry,
    newest_confirmed,
    pending,
    pending_message,
    unfinished,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import Observed, Wanted, make_plan
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request, Result
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import check_ruleset, replace_script, ruleset_of


def apply_ruleset(request: Request, check_mode: bool, layout: Layout) -> Result:
    """Bring the table into the requested state. Raises HardeningError (ApplyFailed once a change was begun)."""
    if request.ruleset is not None:
        check_ruleset(request.ruleset, request.table)
    nft = Nft.find()
    if nft is None:
        return _without_nft(request, check_mode)
    if not is_root():
        raise HardeningError("only root can read and change the firewall's rules; run this task with `become: true`")
    return _Run(request, layout, nft, Journal(layout)).go(check_mode)


@dataclass
class _Run:
    request: Request
    layout: Layout
    nft: Nft
    journal: Journal

    def go(self, check_mode: bool) -> Result:
        stale = self._stale_changes()
        result = Result()
        wanted = self._wanted(result)
        observed = self._observe()
        plan = make_plan(wanted, observed)
        if wanted.fallback is not None and wanted.fallback != observed.fallback:
            self._check_fallback(wanted.fallback)
        result.changed = plan.changed or bool(stale)
        result.differs = ["rules"] * (plan.replace or bool(stale)) + ["files"] * (plan.install or plan.store_fallback)
        result.before, result.after = plan.before, plan.after
        if stale:
            result.warnings.append(
                f"change {', '.join(stale)} was never confirmed, nor undone by the host: it is rolled back first"
            )
        if plan.replace:
            self.nft.check(replace_script(self.request.table, wanted.text))
        if not result.changed:
            result.msg = f"table {self.request.table} is as requested"
            return result
        if check_mode:
            outcome = "replaced" if plan.replace else "kept; its files on the host would be brought up to date"
            result.msg = f"table {self.request.table} would be {outcome}"
            return result
        if plan.replace and self.request.confirm_timeout and not systemd.is_running():
            raise HardeningError(
                "this host doesn't run systemd, whose timer would undo a mistake; nothing was changed. "
                "Set confirm_timeout: 0 to go without that safety"
            )
        install(self.layout)
        for change_id in stale:
            try:
                roll_back(self.layout, change_id)
            except HardeningError as exc:
                # The rules that are applied next are the cure.
                result.warnings.append(f"change {change_id} could not be rolled back: {exc}")
        if stale:
            observed = self._observe()
            plan = make_plan(wanted, observed)
        if plan.replace:
            Replacement(self.request, self.layout, self.nft, self.journal, wanted, observed).run(result)
            return result
        if plan.store_fallback:
            self._store_fallback(wanted)
        result.msg = f"table {self.request.table} is as requested; its files on the host were brought up to date"
        return result

    def _stale_changes(self) -> list[str]:
        """Ids of changes to undo first. Raises HardeningError while another change waits for its confirmation."""
        entries = self._without_live_ones()
        if pending(entries) and files.read_text(self.layout.lock) is not None:
            # Whoever makes a change holds the lock until its switch is armed and its rules are in force. So what is
            # pending and not live while nobody holds it was left behind by a process that died.
            with files.locked(self.layout.lock, LOCK_PATIENCE):
                entries = self._without_live_ones()
        half_done = unfinished(entries)
        return [entry.id for entry in pending(entries)] + ([half_done.id] if half_done else [])

    def _without_live_ones(self) -> list[Entry]:
        entries = self.journal.entries()
        for entry in pending(entries):
            if is_live_now(self.layout, entry):
                raise HardeningError(pending_message(entry, boottime()))
        return entries

    def _wanted(self, result: Result) -> Wanted:
        text, fallback = self.request.ruleset, self.request.fallback
        if text is None:
            return Wanted(None)
        if fallback is not None and not fallback.endswith("\n"):
            fallback += "\n"
        evaluated = self.nft.evaluate(text, self.request.table)
        if evaluated is None:
            result.warnings.append(
                "this host denies private network namespaces: the ruleset was compared by what was read "
                "back when it was last applied, not proven"
            )
            return Wanted(text, fallback=fallback)
        return Wanted(text, canonical(evaluated[0]), evaluated[1], fallback)

    def _check_fallback(self, fallback: str) -> None:
        """Raises HardeningError unless it loads and forwards nothing by default."""
        table = self.request.table
        try:
            check_ruleset(fallback, table)
            evaluated = self.nft.evaluate(fallback, table)
        except HardeningError as exc:
            raise HardeningError(f"fallback: {exc}") from exc
        if evaluated is not None and not has_drop_policy(canonical(evaluated[0]), "forward"):
            raise HardeningError(
                "fallback: no chain in it hooks forward with policy drop, so that a boot with it would leave an open "
                "forwarder; nothing was changed"
            )

    def _observe(self) -> Observed:
        table = self.request.table
        confirmed = newest_confirmed(self.journal.entries(), table)
        if confirmed and self.journal.candidate_of(CONFIRMED, confirmed.id) is None:
            # Damaged: the boot unit won't load it, so it has to be written anew.
            confirmed = None
        fallback = self.journal.fallback_of(CONFIRMED, confirmed.id) if confirmed else None
        listing = self.nft.listing(table, "-s")
        return Observed(
            # What the kernel remembers is no part of the difference between two rulesets.
            None if listing is None else without_elements(listing, dynamic_sets(listing)),
            live_canonical(self.nft, table),
            confirmed,
            host_faults(self.layout),
            None if fallback is None else ruleset_of(fallback),
        )

    def _store_fallback(self, wanted: Wanted) -> None:
        with files.locked(self.layout.lock, LOCK_PATIENCE):
            confirmed = newest_confirmed(self.journal.entries(), self.request.table)
            if confirmed:
                self.journal.store_fallback(confirmed.id, replace_script(self.request.table, wanted.fallback))


def _without_nft(request: Request, check_mode: bool) -> Result:
    if request.ruleset is None:
        return Result(msg=f"table {request.table} is absent: nft isn't installed")
    if not check_mode:
        raise HardeningError(
            "nft isn't installed on this host; install the package nftables (the firewall roles do) and run again"
        )
    return Result(
        changed=True,
        differs=["rules", "files"],
        after=request.ruleset,
        nft_missing=True,
        msg=f"table {request.table} would be created",
        warnings=[
            "nft isn't installed on this host: the ruleset is not checked. The firewall roles install "
            "nftables before they apply it"
        ],
    )
