# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's journal of changes, on disk. Private. Whoever writes here holds the lock of the layout."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.pacs.hardening.plugins.module_utils._io import files
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Change,
    Entry,
    next_change_id,
    parse_change,
    superseded,
    valid_change_id,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import (
    CONFIRMED,
    PENDING,
    ROLLED_BACK,
    STAGING,
    STATES,
    Layout,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import seal, unseal

_CANDIDATE, _FALLBACK = "candidate.nft", "fallback.nft"


def boottime() -> float:
    """CLOCK_BOOTTIME in seconds: counts through suspend, and no clock step moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def utc(seconds_from_now: float = 0.0) -> str:
    """The wall clock, for people, to the second."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds_from_now)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Journal:
    """All changes of one host."""

    layout: Layout

    def entries(self) -> list[Entry]:
        """Every pending, confirmed and rolled back change. An unreadable C(change.json) makes an entry without a
        change, not an error.
        """
        found = []
        for state in (PENDING, CONFIRMED, ROLLED_BACK):
            for change_id in self._ids(state):
                folder = self.layout.change(state, change_id)
                change = None
                with contextlib.suppress(HardeningError):
                    change = parse_change(files.read_text(f"{folder}/change.json") or "")
                found.append(Entry(change_id, state, change, restored=not os.path.exists(f"{folder}/unrestored")))
        return found

    def state_of(self, change_id: str) -> str | None:
        """The state that a change is in, None if it's unknown."""
        for state in (PENDING, CONFIRMED, ROLLED_BACK):
            if os.path.isdir(self.layout.change(state, change_id)):
                return state
        return None

    def new_id(self) -> str:
        """An id higher than every one in the journal."""
        return next_change_id([name for state in STATES for name in self._ids(state)], secrets.token_hex(4))

    def write(
        self,
        change: Change,
        previous: str,
        candidate: str,
        *,
        fallback: str | None = None,
        previous_sets: str = "",
        candidate_sets: str = "",
    ) -> None:
        """Write a change durably and make it pending by one rename. I(previous), I(candidate): the scripts that go
        back and forth, and the sets that take over what the kernel remembers then; I(fallback): the script for a boot
        at which no confirmed change loads.
        """
        for folder in (os.path.dirname(self.layout.journal), self.layout.journal, *map(self.layout.state, STATES)):
            files.make_private_directory(folder)
        for leftover in os.listdir(self.layout.state(STAGING)):
            shutil.rmtree(self.layout.change(STAGING, leftover), ignore_errors=True)
        folder = self.layout.change(STAGING, change.id)
        try:
            files.make_private_directory(folder)
            for name, text in (
                ("previous.nft", seal(previous)),
                (_CANDIDATE, seal(candidate)),
                *([] if fallback is None else [(_FALLBACK, seal(fallback))]),
                ("previous.sets", previous_sets),
                ("candidate.sets", candidate_sets),
                # Removed when a rollback is complete: removing works on a full disk, creating doesn't.
                ("unrestored", ""),
                ("change.json", change.to_json()),
            ):
                files.write_new(f"{folder}/{name}", text)
            files.sync_directory(folder)
            files.move(folder, self.layout.change(PENDING, change.id))
        except HardeningError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def candidate_of(self, state: str, change_id: str) -> str | None:
        """The script that puts a change in force, None if it is damaged."""
        return unseal(files.read_text(f"{self.layout.change(state, change_id)}/{_CANDIDATE}"))

    def fallback_of(self, state: str, change_id: str) -> str | None:
        """The fallback script that is stored with a change, None without one, and if it is damaged."""
        return unseal(files.read_text(f"{self.layout.change(state, change_id)}/{_FALLBACK}"))

    def store_fallback(self, change_id: str, script: str) -> None:
        """Put another fallback script beside a confirmed change."""
        files.replace_file(f"{self.layout.change(CONFIRMED, change_id)}/{_FALLBACK}", seal(script), 0o600)

    def discard(self, change_id: str) -> None:
        """Forget a pending change of which nothing was applied."""
        if files.move(self.layout.change(PENDING, change_id), self.layout.change(STAGING, change_id)):
            shutil.rmtree(self.layout.change(STAGING, change_id), ignore_errors=True)

    def confirm(self, change_id: str) -> bool:
        """THE rename that confirms. False if the change was rolled back in the meantime."""
        if not files.move(self.layout.change(PENDING, change_id), self.layout.change(CONFIRMED, change_id)):
            return False
        with contextlib.suppress(HardeningError):
            files.remove(self.layout.notice)
        return True

    def prune(self, table: str, keep: int) -> None:
        """Delete what is older than the newest I(keep) of a table. Never fails: tidying up must not spoil a confirmed
        change.
        """
        for state, change_id in superseded(self.entries(), table, keep):
            shutil.rmtree(self.layout.change(state, change_id), ignore_errors=True)

    def _ids(self, state: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.layout.state(state)) if valid_change_id(name))
        except OSError:
            return []
