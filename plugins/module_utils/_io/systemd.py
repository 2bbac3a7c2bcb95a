# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm and disarm the host's own switch: a transient systemd timer that outlives us, our connection and the
controller. Private.
"""

from __future__ import annotations

import os

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import Completed, run
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, timer_unit


def is_running() -> bool:
    """Whether systemd is the init system (sd_booted(3))."""
    return os.path.isdir("/run/systemd/system")


def says(question: str, unit: str) -> bool | None:
    """The answer of systemd about a unit, C(is-enabled) or C(is-active); None where it isn't the init system."""
    return run(["systemctl", question, "--quiet", unit]).status == 0 if is_running() else None


def arm(change_id: str, seconds: float, tool: str) -> None:
    """Have C(tool rollback change_id) run in I(seconds). Raises HardeningError if systemd won't."""
    done = run(
        [
            "systemd-run",
            f"--unit={timer_unit(change_id)}",
            f"--description=Restore the firewall rules from before change {change_id}",
            f"--on-active={seconds:.3f}s",
            # systemd's default would let it fire up to a minute late.
            "--timer-property=AccuracySec=10ms",
            # A rollback that was killed half-way is run again: it is written to be.
            "--property=Restart=on-failure",
            "--property=RestartSec=1s",
            tool,
            "rollback",
            change_id,
        ]
    )
    if done.status != 0:
        raise HardeningError(
            f"the safety switch can't be armed, so nothing was changed: systemd-run: {done.complaint}. "
            "Mend systemd on this host, or set confirm_timeout: 0 to go without the safety"
        )


def disarm(change_id: str) -> None:
    """Stop the timer of a change. Harmless if it's gone; and should stopping fail, the rename has decided already."""
    run(["systemctl", "stop", f"{timer_unit(change_id)}.timer"])


def is_armed(change_id: str) -> bool:
    """Whether the timer of a change is waiting, or its rollback running."""
    return any(
        run(["systemctl", "is-active", "--quiet", f"{timer_unit(change_id)}.{kind}"]).status == 0
        for kind in ("timer", "service")
    )


def boot_unit_enabled() -> bool:
    """Whether our unit will run at boot."""
    return run(["systemctl", "is-enabled", "--quiet", BOOT_UNIT]).status == 0


def reload_units() -> None:
    """Have systemd read changed unit files."""
    _require(["systemctl", "daemon-reload"])


def enable_boot_unit() -> None:
    """Have the unit of our rules run at every boot."""
    enable(BOOT_UNIT)


def enable(unit: str) -> None:
    """Have a unit run at every boot. Raises HardeningError."""
    _require(["systemctl", "enable", "--quiet", unit])


def run_boot_unit() -> Completed:
    """Run our unit now, as at boot. The caller looks whether it ran."""
    return run(["systemctl", "restart", BOOT_UNIT])


def _require(arguments: list[str]) -> None:
    done = run(arguments)
    if done.status != 0:
        raise HardeningError(f"`{' '.join(arguments)}` failed: {done.complaint}")
