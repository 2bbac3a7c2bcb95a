# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linter may know of a host: typed, so that it looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._site.reader import Fields, Reader, shown
from .entries import read_exclusions
from .load import ProfileError
from .model import Exclusion, Platform

ROOT = "host"


@dataclass(frozen=True, slots=True)
class PathFacts:
    """One path on a host. ``real_path`` differs from it where a link is on the way.

    ``mount_point`` is where its file system is mounted, ``writable_by_others`` whether everybody may write to it.
    ``mounts_below`` are mount points inside it, ``second_names`` other paths at which it, or a part of it, is mounted.
    Of a watched directory ``directories`` and ``larger_files`` (than what is scanned) were counted; unless ``counted``,
    there are more.
    """

    exists: bool
    real_path: str
    mount_point: str
    filesystem: str
    mount_options: tuple[str, ...]
    writable_by_others: bool
    mounts_below: tuple[str, ...] = ()
    second_names: tuple[str, ...] = ()
    directories: int = 0
    larger_files: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class HostFacts:
    """A host as far as it is known; what wasn't looked at is empty, and ``in_force`` None, and says nothing.

    ``watched`` are the directories that are scanned on access, ``landing`` those through which files come in: import
    folders, shares, removable media. ``in_force`` are the exclusions that the host's agents have. ``proven`` says of
    excluded paths whether a canary inside was left alone. ``watches`` is how many directories one user may watch.
    """

    paths: Mapping[str, PathFacts] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    landing: tuple[str, ...] = ()
    in_force: tuple[Exclusion, ...] | None = None
    proven: Mapping[str, bool] = field(default_factory=dict)
    watches: int | None = None


_KEYS = ("paths", "watched", "landing", "in_force", "proven", "watches")


def read_facts(value: object, platform: Platform = "linux", root: str = ROOT) -> HostFacts:
    """From plain data; raises ProfileError with every fault."""
    reader = Reader()
    fields = reader.fields({} if value is None else value, root, (), _KEYS)
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
    watches = _count(fields, "watches")
    if reader.faults:
        raise ProfileError(reader.faults)
    return HostFacts(paths, watched, landing, in_force, proven, watches)


def _path_facts(reader: Reader, value: object, path: str, name: str) -> PathFacts:
    names = ("mount_options", "mounts_below", "second_names")
    counts = ("directories", "larger_files", "counted")
    optional = ("real_path", "mount_point", "filesystem", "writable_by_others", *names, *counts)
    fields = reader.fields(value, path, ("exists",), optional)
    return PathFacts(
        exists=fields.flag("exists"),
        real_path=fields.text("real_path", name),
        mount_point=fields.text("mount_point"),
        filesystem=fields.text("filesystem"),
        mount_options=fields.names("mount_options"),
        writable_by_others=fields.flag("writable_by_others"),
        mounts_below=fields.names("mounts_below"),
        second_names=fields.names("second_names"),
        directories=_count(fields, "directories") or 0,
        larger_files=_count(fields, "larger_files") or 0,
        counted=fields.flag("counted", default=True),
    )


def _count(fields: Fields, key: str) -> int | None:
    value = fields.one(key, lambda item, _path: item)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    fields.fault(f"{shown(value)} is not a number", "Write how many there are.", key)
    return None
