# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop, disable and mask units of what is left over of remote access, and of nothing else. Private."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_leftovers import remote_leftovers
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_OF_ADMINISTRATORS = "/etc/systemd/system/"


@dataclass(frozen=True)
class Unit:
    """A unit as systemd knows it. I(own_file): it stands where an administrator puts units, and can't be masked."""

    name: str
    load: str
    active: str
    enabled: str
    own_file: bool

    @property
    def is_ended(self) -> bool:
        """Whether it neither runs nor begins by itself."""
        return self.active not in ("active", "activating", "reloading") and self.enabled not in (
            "enabled",
            "enabled-runtime",
            "linked",
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.active}, {self.enabled or self.load}"


@dataclass(frozen=True)
class Ended:
    """What was ended, or in check mode would be: the units before it. I(files): what their administrator removes."""

    units: tuple[Unit, ...]
    files: tuple[str, ...]


def end_units(names: Sequence[str], host: Host, check: bool) -> Ended:
    """End the units that are left over. Raises HardeningError, before anything is done, where one is something else."""
    if not systemd.is_running():
        raise HardeningError("systemd doesn't run here, so there are no units to end")
    found = {str(one["unit"]) for one in remote_leftovers(host)["found"] if one["unit"]}
    units = [_look(name) for name in dict.fromkeys(names)]
    others = [unit.name for unit in units if unit.name not in found and not unit.is_ended]
    if others:
        raise HardeningError(
            f"{', '.join(others)}: nothing that is left over of remote access, so nothing was changed. "
            f"Found on this host: {', '.join(sorted(found)) or 'no unit'}"
        )
    mine = tuple(unit for unit in units if unit.name in found)
    if not check:
        for unit in mine:
            _end(unit)
    return Ended(mine, tuple(f"{_OF_ADMINISTRATORS}{unit.name}" for unit in mine if unit.own_file))


def _look(name: str) -> Unit:
    keys = ("LoadState", "ActiveState", "UnitFileState", "FragmentPath")
    done = run(["systemctl", "show", f"--property={','.join(keys)}", "--", name])
    if done.status != 0:
        raise HardeningError(f"`systemctl show {name}` failed: {done.complaint}")
    said = dict(line.partition("=")[::2] for line in done.output.splitlines())
    load, active, enabled, path = (said.get(key, "") for key in keys)
    return Unit(name, load, active, enabled, path.startswith(_OF_ADMINISTRATORS))


def _end(unit: Unit) -> None:
    _systemctl("stop", unit.name)
    if unit.enabled in ("transient", "generated"):
        return  # with its process it is gone
    _systemctl("disable", "--quiet", unit.name)
    if not unit.own_file:
        _systemctl("mask", "--quiet", unit.name)


def _systemctl(*arguments: str) -> None:
    done = run(["systemctl", *arguments])
    if done.status != 0:
        raise HardeningError(f"`systemctl {' '.join(arguments)}` failed: {done.complaint}")
