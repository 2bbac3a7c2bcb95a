# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Defender for Endpoint on Linux as it was found on a host: its process and its managed configuration.

From Microsoft's documentation, never tried against a live agent. What Defender really watches, and how old its
signatures are, can't be read from outside: both stay open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .._antivirus.entries import read_exclusions
from .._antivirus.load import ProfileError
from .._antivirus.model import Exclusion
from .antivirus_seen import Place, Seen, Unknown, inside, mapping, path_facts, texts

TITLE = "Microsoft Defender for Endpoint"
_REAL_TIME = "real_time"
_UNMONITORED = ("nfs", "nfs4", "fuse")


def defender_seen(
    part: Mapping[str, Any], directories: Mapping[str, Any] | Unknown, place: Place, _today: date
) -> Seen:
    """From the parts ``antivirus`` and ``directories`` of the evidence."""
    defender = mapping(part.get("defender"))
    managed = mapping(defender.get("managed"))
    paths = mapping(defender.get("paths"))
    level = managed.get("level")
    real_time = level == _REAL_TIME
    in_force = _in_force(defender, managed)
    unseen = Unknown("what Defender really watches can't be read from outside: a test file shows it")
    return Seen(
        title=TITLE,
        running=defender.get("running") is True,
        watching=unseen if real_time and defender.get("running") is True else False,
        blocks=real_time,
        protection=tuple(_protection(defender, managed)),
        engine=Unknown("Defender's version isn't read"),
        dated=Unknown("how old Defender's signatures are can't be read from outside: its portal says so"),
        in_force=in_force,
        void=(),
        openings=tuple(_openings(defender, managed)),
        harmful=_harmful(part, real_time, in_force, place),
        spots=tuple(_spots(directories, place)) or Unknown("which file systems Defender watches can't be read"),
        paths={path: known for path in paths if (known := path_facts(paths[path]))},
    )


def _protection(defender: Mapping[str, Any], managed: Mapping[str, Any]) -> Iterator[str]:
    if defender.get("running") is not True:
        yield "Defender is installed, and doesn't run"
    level = managed.get("level")
    if not managed:
        yield str(defender.get("problem") or "it has no managed configuration")
    elif level is None:
        yield "no enforcementLevel is managed: since 101.23062.0001 Defender is passive by itself"
    else:
        yield f"its managed enforcementLevel is {level}"


def _in_force(defender: Mapping[str, Any], managed: Mapping[str, Any]) -> tuple[Exclusion, ...] | Unknown:
    if not managed:
        return Unknown(str(defender.get("problem") or "Defender has no managed configuration"))
    sections = mapping(managed.get("sections"))
    try:
        return read_exclusions(sections, "linux", "mdatp_managed.json") if sections else ()
    except ProfileError as error:
        return Unknown(f"an exclusion of Defender can't be understood: {error.faults[0]}")


def _openings(defender: Mapping[str, Any], managed: Mapping[str, Any]) -> Iterator[str]:
    for path in texts(defender.get("writable")):
        yield f"others than root may change {path}, and so what is excluded"
    merge = managed.get("merge") or managed.get("older_merge")
    if merge != "admin_only":
        said = f"is {merge}" if merge else "isn't managed"
        yield f"mergePolicy {said}: whoever administers the host adds exclusions of their own"


def _harmful(
    part: Mapping[str, Any], real_time: bool, in_force: tuple[Exclusion, ...] | Unknown, place: Place
) -> tuple[str, ...] | Unknown:
    found = [f"a scanner takes away what it finds, by {one}" for one in texts(part.get("takes_away"))]
    if real_time and isinstance(in_force, Unknown):
        return tuple(found) or in_force
    if real_time and not isinstance(in_force, Unknown):
        excluded = tuple(one.value for one in in_force if one.kind == "path")
        found += [
            f"Defender quarantines what it finds in {store}: it isn't excluded"
            for store in place.stores
            if not inside(store, excluded)
        ]
    return tuple(found)


def _spots(directories: Mapping[str, Any] | Unknown, place: Place) -> Iterator[str]:
    paths = {} if isinstance(directories, Unknown) else mapping(directories.get("paths"))
    for path in (*place.stores, *place.landing):
        filesystem = str(mapping(paths.get(path)).get("filesystem", ""))
        if filesystem.partition(".")[0] in _UNMONITORED:
            yield f"{path} lies on {filesystem}, which Defender doesn't monitor by default"
