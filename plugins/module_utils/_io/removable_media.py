# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the policy for removable media in place. Private."""

from __future__ import annotations

import glob
import os

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import is_running, reload_units
from ansible_collections.pacs.hardening.plugins.module_utils._io.usb_storage import used_usb_storage
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import (
    Change,
    WantedFile,
    pending_changes,
    put_in_place,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.files import (
    MANAGED,
    RULES,
    UNITS,
    rules,
    unit,
    unit_name,
)
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import Policy

_UDEV = "/run/udev/control"


def apply(policy: Policy, check: bool) -> tuple[Change, ...]:
    """Write the files that aren't as they must be, and have udev and systemd read them; in check mode only say which
    ones they are. Raises HardeningError where the host would shut off what it runs on.
    """
    used = used_usb_storage(policy)
    if used:
        first = used[0]
        serial = f", serial {first.serial}" if first.serial else ""
        raise HardeningError(
            f"{first.what} lies on the USB device {first.vendor}:{first.product}{serial}, which would be shut off. "
            "Nothing was changed. Name the device in permitted, or take it out and run again"
        )
    changes = pending_changes(_wanted(policy))
    if check or not changes:
        return changes
    put_in_place(changes)
    if is_running() and any(change.wanted.path != RULES for change in changes):
        reload_units()
    if os.path.exists(_UDEV) and any(change.wanted.path == RULES for change in changes):
        program = find_program("udevadm")
        done = run([program, "control", "--reload"]) if program else None
        if done is not None and done.status != 0:
            raise HardeningError(f"udev doesn't read its rules again: {done.complaint}")
    return changes


def _wanted(policy: Policy) -> list[WantedFile]:
    units = {f"{UNITS}/{unit_name(mount.where)}": unit(mount) for mount in policy.mounts}
    old = [path for path in glob.glob(f"{UNITS}/*.mount") if path not in units and _is_ours(path)]
    return [
        WantedFile(RULES, rules(policy), 0o644, None),
        *(WantedFile(path, text, 0o644, None) for path, text in units.items()),
        *(WantedFile(path, None, 0o644, None) for path in old),
    ]


def _is_ours(path: str) -> bool:
    return not os.path.islink(path) and (read_text(path) or "").startswith(MANAGED)
