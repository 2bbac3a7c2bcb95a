# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linter may know of a host: typed, so that it looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._site.reader import Reader
from .entries import read_exclusions
from .load import ProfileError
from .model import Exclusion, Platform

ROOT = "host"


@dataclass(frozen=True, slots=True)
class PathFacts:
    """One path on a host. ``real_path`` differs from it where a link is on the way.

    ``mount_point`` is where its file system is mounted, ``writable_by_others`` whether everybody may write to it.
    """

    exists: bool
    real_path: str
    mount_point: str
    filesystem: str
    mount_options: tuple[str, ...]
    writable_by_others: bool


@dataclass(frozen=True, slots=True)
class HostFacts:
    """A host as far as it is known; what wasn't looked at is empty, and ``in_force`` None, and says nothing.

    ``watched`` are the directories that are scanned on access, ``landing`` those through which files come in: import
    folders, shares, removable media. ``in_force`` are the exclusions that the host's agents have. ``proven`` says of
    excluded paths whether a canary inside was left alone.
    """

    paths: Mapping[str, PathFacts] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    landing: tuple[str, ...] = ()
    in_force: tuple[Exclusion, ...] | None = None
    proven: Mapping[str, bool] = field(default_factory=dict)


def read_facts(value: object, platform: Platform = "linux", root: str = ROOT) -> HostFacts:
    """From plain data; raises ProfileError with every fault."""
    reader = Reader()
    fields = reader.fields(
        {} if value is None else value, root, (), ("paths", "watched", "landing", "in_force", "proven")
    )
    paths: dict[str, PathFacts] = {}
    proven: dict[str, bool] = {}
    given = fields.one("paths", lambda item, _path: item)
    for name, item in given.items() if isinstance(given, Mapping) else ():
        paths[str(name)] = _path_facts(reader, item, f"{root}.paths.{name}", str(name))
    shown_inside = fields.one("proven", lambda item, _path: item)
    for name, item in shown_inside.items() if isinstance(shown_inside, Mapping) else ():
        proven[str(name)] = reader.flag(item, f"{root}.proven.{name}")
    for key, known in (("paths", given), ("proven", shown_inside)):
        if known is not None and not isinstance(known, Mapping):
            fields.fault("not a mapping", "Write one 'path: ...' entry for each.", key)
    watched, landing = fields.names("watched"), fields.names("landing")
    in_force = fields.one("in_force", lambda item, path: read_exclusions(item, platform, path))
    if reader.faults:
        raise ProfileError(reader.faults)
    return HostFacts(paths, watched, landing, in_force, proven)


def _path_facts(reader: Reader, value: object, path: str, name: str) -> PathFacts:
    optional = ("real_path", "mount_point", "filesystem", "mount_options", "writable_by_others")
    fields = reader.fields(value, path, ("exists",), optional)
    return PathFacts(
        exists=fields.flag("exists"),
        real_path=fields.text("real_path", name),
        mount_point=fields.text("mount_point"),
        filesystem=fields.text("filesystem"),
        mount_options=fields.names("mount_options"),
        writable_by_others=fields.flag("writable_by_others"),
    )
