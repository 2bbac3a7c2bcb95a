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
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime, utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root, tracks_connections
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import (
    canonical,
    first_difference,
    has_drop_policy,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Change,
    Entry,
    is_live,
    newest_confirmed,
    pending,
    pending_message,
    unfinished,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.host_files import host_files
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, PENDING, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import (
    Observed,
    Wanted,
    canonical_digest,
    make_plan,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import (
    check_ruleset,
    replace_script,
    warm_up_ruleset,
)

_LOCK_PATIENCE = 15.0


@dataclass(frozen=True)
class Request:
    """The module's arguments. Times in seconds; I(ruleset) is None when the table shall be absent."""

    table: str
    ruleset: str | None
    confirm_timeout: int
    warm_up: int
    keep: int


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


def roll_back(layout: Layout, change_id: str) -> None:
    """Have the host tool undo a change, as the timer would. The caller must not hold the lock. Raises HardeningError
    if that fails.
    """
    done = run([layout.tool, "rollback", change_id])
    if done.status != 0:
        raise HardeningError(f"`{layout.tool} rollback {change_id}` failed: {done.complaint}")


def is_live_now(layout: Layout, entry: Entry) -> bool:
    """Whether a pending change still waits for confirmation on this host."""
    same_boot = files.read_text(layout.booted) is not None
    return is_live(entry, boottime(), systemd.is_running() and systemd.is_armed(entry.id), same_boot)


def live_canonical(nft: Nft, table: str) -> str | None:
    """Canonical JSON of the live table; None if it's absent or can't be relied upon (see canonical())."""
    listing = nft.listing(table, "-j")
    try:
        return None if listing is None else canonical(listing)
    except HardeningError:
        return None


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
        plan = make_plan(wanted, self._observe())
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
            outcome = "replaced" if plan.replace else "kept; files on the host would be installed"
            result.msg = f"table {self.request.table} would be {outcome}"
            return result
        if plan.replace and self.request.confirm_timeout and not systemd.is_running():
            raise HardeningError(
                "this host doesn't run systemd, whose timer would undo a mistake; nothing was changed. "
                "Set confirm_timeout: 0 to go without that safety"
            )
        self._install()
        for change_id in stale:
            roll_back(self.layout, change_id)
        if stale:
            plan = make_plan(wanted, self._observe())
        if plan.replace:
            self._replace(wanted, result)
        else:
            result.msg = f"table {self.request.table} is as requested; the host's files were installed"
        return result

    def _stale_changes(self) -> list[str]:
        """Ids of changes to undo first. Raises HardeningError while another change waits for its confirmation."""
        entries = self.journal.entries()
        stale = []
        for entry in pending(entries):
            if is_live_now(self.layout, entry):
                raise HardeningError(pending_message(entry, boottime()))
            stale.append(entry.id)
        half_done = unfinished(entries)
        return stale + ([half_done.id] if half_done else [])

    def _wanted(self, result: Result) -> Wanted:
        text = self.request.ruleset
        if text is None:
            return Wanted(None)
        evaluated = self.nft.evaluate(text, self.request.table)
        if evaluated is None:
            result.warnings.append(
                "this host denies private network namespaces: the ruleset was compared by what was read "
                "back when it was last applied, not proven"
            )
            return Wanted(text)
        return Wanted(text, canonical(evaluated[0]), evaluated[1])

    def _observe(self) -> Observed:
        return Observed(
            self.nft.listing(self.request.table, "-s"),
            live_canonical(self.nft, self.request.table),
            newest_confirmed(self.journal.entries(), self.request.table),
            self._host_faults(),
        )

    def _host_faults(self) -> tuple[tuple[str, str, str], ...]:
        faults = []
        with_systemd = systemd.is_running()
        for file in host_files(self.layout):
            if not with_systemd and file.path != self.layout.tool:
                continue
            content = files.read_text(file.path)
            if content is None:
                faults.append((file.path, "absent", "installed"))
            elif content != file.content or files.mode_of(file.path) != file.mode:
                faults.append((file.path, "differs", "as this collection installs it"))
        if with_systemd and not systemd.boot_unit_enabled():
            faults.append((BOOT_UNIT, "not enabled", "enabled"))
        if files.read_text(self.layout.booted) is None:
            faults.append((BOOT_UNIT, "has not run since the host started", "run"))
        return tuple(faults)

    def _install(self) -> None:
        """Put the host's files in place and let the boot unit run once. Not under the lock, which the boot unit
        takes.
        """
        faults = self._host_faults()
        if not faults:
            return
        changed = {what for what, _now, _then in faults}
        files.make_private_directory(self.layout.run)
        for file in host_files(self.layout):
            if file.path in changed:
                files.replace_file(file.path, file.content, file.mode)
        first = files.read_text(self.layout.booted) is None
        if systemd.is_running():
            systemd.reload_units()
            systemd.enable_boot_unit()
            if first:
                systemd.run_boot_unit()
        elif first:
            done = run([self.layout.tool, "boot"])
            if done.status != 0:
                raise HardeningError(f"`{self.layout.tool} boot` failed: {done.complaint}")

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
                    change, replace_script(request.table, previous), replace_script(request.table, wanted.text)
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
            # From the journal's own folder: if the change has been rolled back meanwhile, there is nothing to load
            # any more.
            self.nft.load(f"{self.layout.change(PENDING, change.id)}/candidate.nft")
            touched = True
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
