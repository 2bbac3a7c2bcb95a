# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in force on this host now, and how the host itself takes a change back. Private."""

from __future__ import annotations

import time

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import boottime
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import canonical
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Entry, is_live
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import canonical_digest

#: Seconds after which a listing that isn't as expected is believed.
_SETTLING = 2.0


def live_canonical(nft: Nft, table: str) -> str | None:
    """Canonical JSON of the live table; None if it's absent or can't be relied upon (see canonical())."""
    listing = nft.listing(table, "-j")
    try:
        return None if listing is None else canonical(listing)
    except HardeningError:
        return None


def settled_canonical(nft: Nft, table: str, expected: str | None) -> str | None:
    """As live_canonical, read again for a while where it isn't what is expected (a canonical_digest).

    The kernel makes room for a large set after the transaction that filled it; a listing meanwhile may name elements
    twice, or leave some out (rhashtable_walk_next in the kernel's lib/rhashtable.c). What is really different stays so.
    """
    end = time.monotonic() + _SETTLING
    while True:
        live = live_canonical(nft, table)
        if canonical_digest(live) == expected or time.monotonic() >= end:
            return live
        time.sleep(0.2)


def is_live_now(layout: Layout, entry: Entry) -> bool:
    """Whether a pending change still waits for confirmation on this host."""
    same_boot = files.read_text(layout.booted) is not None
    return is_live(entry, boottime(), systemd.is_running() and systemd.is_armed(entry.id), same_boot)


def roll_back(layout: Layout, change_id: str) -> None:
    """Have the host tool undo a change, as the timer would. The caller must not hold the lock. Raises HardeningError
    if that fails.
    """
    done = run([layout.tool, "rollback", change_id])
    if done.status != 0:
        raise HardeningError(f"`{layout.tool} rollback {change_id}` failed: {done.complaint}")
