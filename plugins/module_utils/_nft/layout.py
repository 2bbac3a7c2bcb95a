# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things live on a managed host. One value, so that tests can use a folder of their own. Private, pure."""

from __future__ import annotations

from dataclasses import dataclass

#: A change is in exactly one of these folders, and ONE rename moves it: that rename decides what happened to it.
STAGING, PENDING, CONFIRMED, ROLLED_BACK = "staging", "pending", "confirmed", "rolled_back"
STATES = (STAGING, PENDING, CONFIRMED, ROLLED_BACK)


@dataclass(frozen=True)
class Layout:
    """Absolute paths. The defaults are the product's; the boot unit and the host tool know the same ones."""

    journal: str = "/var/lib/pacs-hardening/nft"
    run: str = "/run/pacs-hardening"
    tool: str = "/usr/local/sbin/pacs-firewall"
    units: str = "/etc/systemd/system"

    @property
    def lock(self) -> str:
        """Whoever changes our tables or the journal holds this file's flock."""
        return f"{self.run}/lock"

    @property
    def booted(self) -> str:
        """Marker in /run: present since the boot unit (or the first apply) ran. Boot ids don't change when a
        container restarts.
        """
        return f"{self.run}/booted"

    @property
    def notice(self) -> str:
        """What the boot unit had to say about rules that aren't the last confirmed ones; absent while all is well."""
        return f"{self.run}/notice"

    @property
    def openings(self) -> str:
        """The record of what was opened at the console, and why."""
        return f"{self.journal}/openings.log"

    def state(self, state: str) -> str:
        """The folder of all changes in that state."""
        return f"{self.journal}/{state}"

    def change(self, state: str, change_id: str) -> str:
        """The folder of one change in that state."""
        return f"{self.journal}/{state}/{change_id}"


BOOT_UNIT = "pacs-firewall.service"


def timer_unit(change_id: str) -> str:
    """Name, without suffix, of the transient units that roll one change back."""
    return f"pacs-firewall-rollback-{change_id}"
