# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where vendor access has its files on a firewall. One value, so that tests can use a folder of their own.
Private, pure.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Restores windows at boot, in min(deadline - now, last remainder); and what only ever shortens that remainder.
BOOT_UNIT, KEEP_UNIT, KEEP_TIMER = "pacs-access.service", "pacs-access-keep.service", "pacs-access-keep.timer"


@dataclass(frozen=True)
class AccessLayout:
    """Absolute paths. I(interventions): a file for each that may be granted; I(state): open and closed windows."""

    interventions: str = "/etc/pacs-hardening/interventions"
    state: str = "/var/lib/pacs-hardening/access"
    run: str = "/run/pacs-hardening"
    tool: str = "/usr/local/libexec/pacs-hardening/access"
    command: str = "/usr/local/sbin/pacs-access"
    units: str = "/etc/systemd/system"
    sudoers: str = "/etc/sudoers.d/pacs-access"

    def intervention(self, name: str) -> str:
        """The file of one intervention."""
        return f"{self.interventions}/{name}"
