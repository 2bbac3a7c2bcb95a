# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put vendor access in place on a firewall, and open and end windows there. Private.

Windows are opened and ended by the host's own tool C(pacs-access), so that whoever is on call does what Ansible does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._access.host_files import (
    command_text,
    sudoers_text,
    unit_texts,
)
from ansible_collections.pacs.hardening.plugins.module_utils._access.interventions import (
    Window,
    file_text,
    window_named,
    windows_in,
)
from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import BOOT_UNIT, AccessLayout
from ansible_collections.pacs.hardening.plugins.module_utils._access.tool.text import tool_text
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import make_private_directory
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import is_root
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import enable, is_running, reload_units, says
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import (
    Change,
    WantedFile,
    pending_changes,
    put_in_place,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_LAYOUT = AccessLayout()
_OWNERS = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Prepared:
    """What was written, or in check mode would be; windows that were ended, for the site declares them no more."""

    changes: tuple[Change, ...]
    enabled: bool
    ended: tuple[Window, ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be."""
        return bool(self.changes or self.enabled or self.ended)


@dataclass(frozen=True)
class Wish:
    """A window as somebody wants it. I(span) in seconds; I(id) so that it is one on all firewalls of its path."""

    name: str
    span: int
    ticket: str
    reason: str
    by: str
    id: str


def prepare(
    interventions: Sequence[Mapping[str, Any]], group: str, check: bool, layout: AccessLayout = _LAYOUT
) -> Prepared:
    """Write the tool and a file for each intervention, and end windows of those that there are no more. With an empty
    I(group) nobody but root grants anything. Raises HardeningError.
    """
    if not is_root():
        raise HardeningError("only root can do this; run this task with `become: true`")
    if group and not _OWNERS.fullmatch(group):
        raise HardeningError(f"{group!r} is no name of a group")
    if not interventions and not os.path.exists(layout.tool):
        return Prepared((), False, (), ())
    changes = pending_changes(_wanted(interventions, group, layout))
    names = {str(one["name"]) for one in interventions}
    orphans = tuple(window for window in _written_down(layout) if window.name not in names)
    enabled = says("is-enabled", BOOT_UNIT) is False
    if check:
        return Prepared(changes, enabled, orphans, ())
    for directory in (os.path.dirname(layout.interventions), layout.interventions, layout.state):
        make_private_directory(directory)
    for change in changes:
        os.makedirs(os.path.dirname(change.wanted.path), mode=0o755, exist_ok=True)
    put_in_place(changes)
    if is_running() and any(change.wanted.path.startswith(layout.units) for change in changes):
        reload_units()
    if enabled:
        enable(BOOT_UNIT)
    warnings = [warning for window in orphans for warning in _end_for_good(window, layout)]
    return Prepared(changes, enabled, orphans, tuple(warnings))


def windows(layout: AccessLayout = _LAYOUT) -> tuple[Window, ...]:
    """The windows that are open, none where the host has no tool. Raises HardeningError."""
    return tuple(window for window in _written_down(layout) if window.left > 0)


def _written_down(layout: AccessLayout) -> tuple[Window, ...]:
    """Those, and the ones that ended since somebody last looked, or whose sets the rules have lost."""
    if not os.path.exists(layout.tool) or find_program("nft") is None:
        return ()
    return windows_in(_tool(layout, "list", "--json"))


def grant(wish: Wish, check: bool, layout: AccessLayout = _LAYOUT) -> bool:
    """Open a window; whether that is a change: one that is open under the same ticket is what was wished for.
    Raises HardeningError where it is refused.
    """
    known = window_named(windows(layout), wish.name)
    if known is not None:
        if known.ticket != wish.ticket:
            raise HardeningError(
                f"{wish.name} is open already, under ticket {known.ticket} as window {known.id}, for another "
                f"{known.left} seconds; extend that one, or close it first"
            )
        return False
    if check:
        if not os.path.exists(layout.intervention(wish.name)):
            raise HardeningError(f"this firewall knows no intervention {wish.name!r}; run the role vendor_access first")
        return True
    _tool(layout, "grant", wish.name, *_options(wish), "--id", wish.id)
    return True


def extend(window_id: str, wish: Wish, check: bool, layout: AccessLayout = _LAYOUT) -> bool:
    """Make a window end later; whether that is a change. Raises HardeningError where it is refused."""
    known = _open(window_id, layout)
    # It was asked for already: what is left of it differs by what has passed meanwhile.
    if check or known.left >= wish.span:
        return known.left < wish.span
    _tool(layout, "extend", window_id, *_options(wish))
    return True


def revoke(window_id: str, check: bool, layout: AccessLayout = _LAYOUT) -> bool:
    """End a window and its sessions, V(all) for every one; whether that is a change."""
    there = [window for window in windows(layout) if window_id in (window.id, "all")]
    if there and not check:
        _tool(layout, "revoke", window_id)
    return bool(there)


def _open(window_id: str, layout: AccessLayout) -> Window:
    known = windows(layout)
    for window in known:
        if window.id == window_id:
            return window
    there = ", ".join(window.id for window in known) or "none"
    raise HardeningError(f"no window {window_id!r} is open on this host; open are: {there}")


def _options(wish: Wish) -> list[str]:
    return ["--for", f"{wish.span}s", "--ticket", wish.ticket, "--reason", wish.reason, "--by", wish.by]


def _tool(layout: AccessLayout, *arguments: str) -> str:
    if not os.path.exists(layout.tool):
        raise HardeningError("vendor access isn't set up on this host; run the role vendor_access first")
    done = run([layout.tool, *arguments])
    if done.status != 0:
        raise HardeningError(done.complaint.replace("pacs-access: ", "").rstrip("."))
    return done.output


def _end_for_good(window: Window, layout: AccessLayout) -> list[str]:
    """The rules may have lost its sets, so that what is established would live on if the kernel didn't forget it."""
    _tool(layout, "revoke", window.id)
    if find_program("conntrack") is None:
        return [f"window {window.id} is closed, but its sessions may live on: conntrack isn't installed to cut them"]
    return []


def _wanted(interventions: Sequence[Mapping[str, Any]], group: str, layout: AccessLayout) -> list[WantedFile]:
    files = {layout.intervention(str(one["name"])): file_text(one) for one in interventions}
    there = os.listdir(layout.interventions) if os.path.isdir(layout.interventions) else []
    old = [path for path in map(layout.intervention, sorted(there)) if path not in files]
    on_call = sudoers_text(layout, group) if group and any(one["on_call"] for one in interventions) else None
    return [
        WantedFile(layout.tool, tool_text(layout), 0o755, None),
        WantedFile(layout.command, command_text(layout), 0o755, None),
        *(WantedFile(f"{layout.units}/{name}", text, 0o644, None) for name, text in unit_texts(layout).items()),
        *(WantedFile(path, text, 0o600, None) for path, text in files.items()),
        *(WantedFile(path, None, 0o600, None) for path in old),
        WantedFile(layout.sudoers, on_call, 0o440, None),
    ]
