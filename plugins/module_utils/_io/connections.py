# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut connections that the kernel tracks. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import is_root
from ansible_collections.pacs.hardening.plugins.module_utils._nft.connections import Tracked, counted
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_MISSING = (
    "the tool conntrack isn't installed on this host; install the package conntrack (Debian, Ubuntu) or "
    "conntrack-tools (RHEL, SUSE) and run again"
)


@dataclass(frozen=True)
class Cut:
    """How many connections were, or would be, cut for each request; None where the tool is missing in check mode."""

    counts: tuple[tuple[Tracked, int], ...] | None
    warning: str = ""


def cut_connections(wanted: Sequence[Tracked], check_mode: bool) -> Cut:
    """Cut them, or only count them. Raises HardeningError."""
    if not wanted:
        return Cut(())
    if not is_root():
        raise HardeningError("only root can cut connections; run this task with `become: true`")
    tool = find_program("conntrack")
    if tool is None:
        if check_mode:
            return Cut(None, _MISSING)
        raise HardeningError(_MISSING)
    return Cut(tuple((one, _count(tool, "-L" if check_mode else "-D", one)) for one in wanted))


def _count(tool: str, action: str, one: Tracked) -> int:
    done = run([tool, action, *one.filters()])
    count = counted(done.errors)
    # Status 1 with a count of 0 only says that there was nothing to delete.
    if count is None or (done.status != 0 and count):
        raise HardeningError(f"`conntrack {action}` failed for {one}: {done.complaint}")
    return count
