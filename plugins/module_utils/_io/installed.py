# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that stay on the host: compare them with what this collection installs, and put them in place. Private."""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._io import files, systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.host_files import host_files
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, Layout


def host_faults(layout: Layout) -> tuple[tuple[str, str, str], ...]:
    """(what, how it is, how it shall be) for each file and unit that isn't as this collection installs it."""
    faults = []
    with_systemd = systemd.is_running()
    for file in host_files(layout):
        if not with_systemd and file.path != layout.tool:
            continue
        content = files.read_text(file.path)
        if content is None:
            faults.append((file.path, "absent", "installed"))
        elif content != file.content or files.mode_of(file.path) != file.mode:
            faults.append((file.path, "differs", "as this collection installs it"))
    if with_systemd and not systemd.boot_unit_enabled():
        faults.append((BOOT_UNIT, "not enabled", "enabled"))
    if files.read_text(layout.booted) is None:
        faults.append((BOOT_UNIT, "has not run since the host started", "run"))
    return tuple(faults)


def install(layout: Layout) -> None:
    """Put the host's files in place and let the boot unit run once. The caller must not hold the lock, which the boot
    unit takes.
    """
    changed = {what for what, _now, _then in host_faults(layout)}
    if not changed:
        return
    files.make_private_directory(layout.run)
    for file in host_files(layout):
        if file.path in changed:
            files.replace_file(file.path, file.content, file.mode)
    with_systemd = systemd.is_running()
    if with_systemd:
        systemd.reload_units()
        systemd.enable_boot_unit()
    if files.read_text(layout.booted) is None:
        done = systemd.run_boot_unit() if with_systemd else run([layout.tool, "boot"])
        # A unit that ran and failed has put other rules in force than the last confirmed ones, and said so. The
        # change that is being made mends that; only a unit that could not run at all stops it.
        if files.read_text(layout.booted) is None:
            raise HardeningError(f"`{layout.tool} boot` failed: {done.complaint}")
