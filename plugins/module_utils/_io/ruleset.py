# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply one table's ruleset so that a mistake undoes itself. Private.

Order: look (no write at all if nothing differs), install the host's files, then under the lock: snapshot, journal,
arm the timer, apply in one transaction, read back. A kill at any point leaves either nothing applied, or a pending
change that the timer, the boot unit or the next run undoes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.installed import host_faults, install
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime, utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import is_live_now, live_canonical, roll_back
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root, tracks_connections
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import (
    canonical,
    first_difference,
    has_drop_policy,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Change,
    Entry,
    newest_confirmed,
    pending,
    pending_message,
    unfinished,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, PENDING, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import (
    Observed,
    Wanted,
    canonical_digest,
    make_plan,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import (
    check_ruleset,
    replace_script,
    ruleset_of,
    warm_up_ruleset,
)

_LOCK_PATIENCE = 15.0


@dataclass(frozen=True)
class Request:
    """The module's arguments. Times in seconds; I(ruleset) is None when the table shall be absent, I(fallback) when the
    stored one shall stay.
    """

    table: str
    ruleset: str | None
    confirm_timeout: int
    warm_up: int
    keep: int
    fallback: str | None = None


@dataclass
class Result:
    """What the module returns. I(seconds_left) until the host rolls back, None when it won't."""

    changed: bool = False
    before: str = ""
    after: str = ""
    change_id: str | None = None
    deadline: str | None = None
    seconds_left: float | None = None
    confirmed: bool = False
    warm_up: bool = False
    nft_missing: bool = False
    msg: str = ""
    warnings: list[str] = field(default_factory=list)

    def returned(self) -> dict[str, Any]:
        """The module's return values."""
        values: dict[str, Any] = {
            "changed": self.changed,
            "diff": {"before": self.before, "after": self.after},
            "confirmed": self.confirmed,
            "warm_up": self.warm_up,
            "nft_missing": self.nft_missing,
            "msg": self.msg,
        }
        for name in ("change_id", "deadline", "seconds_left"):
            if getattr(self, name) is not None:
                values[name] = getattr(self, name)
        return values


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
            roll_back(self.layout, change_id)
        if stale:
            plan = make_plan(wanted, self._observe())
        if plan.replace:
            self._replace(wanted, result)
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
            with files.locked(self.layout.lock, _LOCK_PATIENCE):
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
        return Observed(
            self.nft.listing(table, "-s"),
            live_canonical(self.nft, table),
            confirmed,
            host_faults(self.layout),
            None if fallback is None else ruleset_of(fallback),
        )

    def _store_fallback(self, wanted: Wanted) -> None:
        with files.locked(self.layout.lock, _LOCK_PATIENCE):
            confirmed = newest_confirmed(self.journal.entries(), self.request.table)
            if confirmed:
                self.journal.store_fallback(confirmed.id, replace_script(self.request.table, wanted.fallback))

    def _replace(self, wanted: Wanted, result: Result) -> None:
        request = self.request
        change: Change | None = None
        try:
            with files.locked(self.layout.lock, _LOCK_PATIENCE):
                for entry in pending(self.journal.entries()):
                    raise HardeningError(pending_message(entry, boottime()))
                previous = self._snapshot()
                warm_up = self._needs_warm_up(wanted)
                change = self._new_change(wanted, request.warm_up if warm_up else 0)
                self.journal.write(
                    change,
                    replace_script(request.table, previous),
                    replace_script(request.table, wanted.text),
                    None if wanted.fallback is None else replace_script(request.table, wanted.fallback),
                )
                self._put_in_force(change, wanted, warm_up)
                result.change_id, result.warm_up = change.id, warm_up
                if change.deadline is None:
                    self._confirm_unproven(change, result)
                else:
                    result.deadline, result.seconds_left = change.deadline_utc, round(change.deadline - boottime(), 3)
                    result.msg = (
                        f"table {request.table} is replaced and waits for confirmation of change {change.id} "
                        f"until {change.deadline_utc}"
                    )
        except ApplyFailed as failure:
            # The lock is free again, and the tool takes it.
            if not failure.rolled_back:
                roll_back(self.layout, failure.change_id)
            raise ApplyFailed(f"{failure}; the rules from before are in force", failure.change_id, True) from failure

    def _snapshot(self) -> str | None:
        """The live table as text, proven to be restorable. Raises HardeningError if it isn't: then no change of it
        would be safe.
        """
        table = self.request.table
        listing = self.nft.listing(table)
        if listing is None:
            return None
        try:
            check_ruleset(listing, table)
            self.nft.check(replace_script(table, listing))
            evaluated = self.nft.evaluate(listing, table)
            live = live_canonical(self.nft, table)
            difference = "" if evaluated is None or live is None else first_difference(live, canonical(evaluated[0]))
        except HardeningError as exc:
            difference = str(exc)
        if difference:
            raise HardeningError(
                f"the rules now in table {table} could not be restored from their own listing, so that a "
                f"mistake could not be undone; nothing was "
                f"changed. Remove what was added to the table by hand, or the table (`nft delete table "
                f"{table}`), and run again. Found: {difference}"
            )
        return listing

    def _needs_warm_up(self, wanted: Wanted) -> bool:
        """A first policy that drops, on a host that tracked nothing. (The bridge family has no connection tracking to
        warm up.)
        """
        if wanted.text is None or not self.request.warm_up or not self.request.table.startswith("inet "):
            return False
        drops = wanted.canonical is None or has_drop_policy(wanted.canonical)
        return drops and not tracks_connections() and self.nft.listing(self.request.table, "-t") is None

    def _new_change(self, wanted: Wanted, warm_up: int) -> Change:
        # The warm-up comes on top, so that confirming always has the whole confirm_timeout.
        seconds = warm_up + self.request.confirm_timeout if self.request.confirm_timeout else None
        return Change(
            id=self.journal.new_id(),
            table=self.request.table,
            kind=wanted.kind,
            text_sha256=wanted.text_sha256,
            canonical_sha256=wanted.canonical_sha256,
            created_utc=utc(),
            deadline=None if seconds is None else boottime() + seconds,
            deadline_utc=None if seconds is None else utc(seconds),
            keep=self.request.keep,
        )

    def _put_in_force(self, change: Change, wanted: Wanted, warm_up: bool) -> None:
        """Arm, apply, read back. Raises HardeningError if nothing was applied, ApplyFailed if something was."""
        armed = touched = False
        try:
            if change.deadline is not None:
                systemd.arm(change.id, change.deadline - boottime(), self.layout.tool)
                armed = True
            if warm_up:
                self.nft.load_text(replace_script(change.table, warm_up_ruleset(change.table)))
                touched = True
                time.sleep(self.request.warm_up)
            # An nft that was killed, or took too long, may have done its work.
            touched = True
            # From the journal's own folder: if the change has been rolled back meanwhile, there is nothing to load
            # any more.
            self.nft.load(f"{self.layout.change(PENDING, change.id)}/candidate.nft")
            self._read_back(change, wanted)
        except ApplyFailed:
            raise
        except HardeningError as exc:
            if touched:
                raise ApplyFailed(str(exc), change.id, rolled_back=False) from exc
            self.journal.discard(change.id)
            if armed:
                systemd.disarm(change.id)
            raise HardeningError(f"the rules were not applied, and nothing was changed: {exc}") from exc

    def _read_back(self, change: Change, wanted: Wanted) -> None:
        if self.journal.state_of(change.id) != PENDING:
            self.nft.load(f"{self.layout.change('rolled_back', change.id)}/previous.nft")
            raise ApplyFailed("applying took longer than confirm_timeout", change.id, rolled_back=True)
        live = live_canonical(self.nft, change.table)
        if wanted.text is not None and live is None:
            raise HardeningError("the table isn't there after it was applied")
        if wanted.canonical is not None or wanted.text is None:
            difference = first_difference(wanted.canonical, live)
            if difference:
                raise HardeningError(f"what the kernel lists isn't what was applied: {difference}")
        else:
            known = replace(change, canonical_sha256=canonical_digest(live))
            files.replace_file(f"{self.layout.change(PENDING, change.id)}/change.json", known.to_json(), 0o600)

    def _confirm_unproven(self, change: Change, result: Result) -> None:
        self.journal.confirm(change.id)
        self.journal.prune(change.table, change.keep)
        result.confirmed = True
        result.msg = f"table {change.table} is replaced, without the safety of a confirmation"


def _without_nft(request: Request, check_mode: bool) -> Result:
    if request.ruleset is None:
        return Result(msg=f"table {request.table} is absent: nft isn't installed")
    if not check_mode:
        raise HardeningError(
            "nft isn't installed on this host; install the package nftables (the firewall roles do) and run again"
        )
    return Result(
        changed=True,
        after=request.ruleset,
        nft_missing=True,
        msg=f"table {request.table} would be created",
        warnings=[
            "nft isn't installed on this host: the ruleset is not checked. The firewall roles install "
            "nftables before they apply it"
        ],
    )
