# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put an agent's files in place and have systemd run it with them. Private."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io import antivirus_scan
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.settled import digest, read_settled, settle, unsettled
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import is_running, reload_units, says
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import (
    Change,
    WantedFile,
    pending_changes,
    put_in_place,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_UNITS = "/etc/systemd/system/"
#: What each unit was started with (_io/settled).
SETTLED = "/var/lib/pacs-hardening/antivirus/settled.json"

#: Programs of ours that run on the host without Ansible, by name.
PROGRAMS = {"antivirus_scan": antivirus_scan}


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be: names of units, and sentences on those that don't run."""

    changes: tuple[Change, ...]
    restarted: tuple[str, ...]
    started: tuple[str, ...]
    stopped: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be."""
        return bool(self.changes or self.restarted or self.started or self.stopped)


def program_text(name: str) -> str:
    """The text of one of our programs, also where Ansible sent it in an archive."""
    return inspect.getsource(PROGRAMS[name])


def apply(
    files: Sequence[WantedFile], running: Sequence[str], stopped: Sequence[str], patience: float, check: bool
) -> Outcome:
    """Write what must be written, then start, restart and stop what must be. Raises HardeningError.

    A unit whose condition isn't met is tried again for I(patience) seconds: what it waits for may just be coming.
    In check mode nothing is done, and a unit that isn't there yet is one that would be started.
    """
    changes = pending_changes(files)
    settled, started_with = read_settled(SETTLED), _started_with(files, running)
    stale = unsettled(settled, started_with)
    touched = {change.wanted.unit for change in changes} | stale
    active = {unit: says("is-active", unit) for unit in (*running, *stopped)}
    enabled = {unit: says("is-enabled", unit) for unit in (*running, *stopped)}
    outcome = Outcome(
        changes=changes,
        restarted=tuple(unit for unit in running if active[unit] and unit in touched),
        started=tuple(unit for unit in running if not active[unit] or not enabled[unit]),
        stopped=tuple(unit for unit in stopped if active[unit] or enabled[unit]),
        waiting=(),
    )
    if check:
        return outcome
    if (running or stopped) and not is_running():
        raise HardeningError("systemd doesn't run on this host, and nothing else starts the agent here")
    for unit in outcome.stopped:
        _systemctl("disable", "--now", "--quiet", unit)
    put_in_place(changes)
    if stale or any(change.wanted.path.startswith(_UNITS) for change in changes):
        reload_units()
    if outcome.started:
        _systemctl("enable", "--quiet", *outcome.started)
    if outcome.restarted:
        # At once: a socket can't be started again while its service runs.
        _systemctl("restart", *outcome.restarted)
    end = time.monotonic() + patience
    while True:
        for unit in running:
            if not says("is-active", unit):
                _systemctl("start", unit)
        waits = [unit for unit in running if not says("is-active", unit) and _waits(unit)]
        if not waits or time.monotonic() >= end:
            break
        time.sleep(1)
    waiting = tuple(_why_not(unit) for unit in running if not says("is-active", unit))
    settle(SETTLED, started_with)
    # What waits for its condition was started no more than before.
    started = tuple(unit for unit in outcome.started if not enabled[unit] or says("is-active", unit))
    return Outcome(changes, outcome.restarted, started, outcome.stopped, waiting)


def _started_with(files: Sequence[WantedFile], running: Sequence[str]) -> dict[str, str]:
    """What stands for the files that each unit reads at its start."""
    found: dict[str, str] = {}
    for unit in running:
        content = "\0".join(f"{file.path}\0{file.text}" for file in files if file.unit == unit)
        if content:
            found[unit] = digest(content)
    return found


def _why_not(unit: str) -> str:
    """Why a unit that was started doesn't run. Raises HardeningError where it broke."""
    if _waits(unit):
        return f"{unit} waits for a condition of its own: see systemctl status {unit}"
    result = _property(unit, "Result")
    raise HardeningError(
        f"{unit} doesn't run ({result or 'no reason is known'}). Look at journalctl -u {unit}, mend it, and run again"
    )


def _waits(unit: str) -> bool:
    return _property(unit, "ConditionResult") == "no"


def _property(unit: str, name: str) -> str:
    return run(["systemctl", "show", f"--property={name}", "--value", unit]).output.strip()


def _systemctl(*arguments: str) -> None:
    done = run(["systemctl", *arguments], timeout=120)
    if done.status != 0:
        raise HardeningError(f"`systemctl {' '.join(arguments)}` failed: {done.complaint}")
