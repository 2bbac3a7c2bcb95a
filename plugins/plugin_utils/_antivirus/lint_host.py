# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a scanner from watching what it is told to watch, and from leaving alone what it is told to: as a host is.

clamonacc looks healthy in each of these cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .facts import HostFacts, PathFacts
from .findings import Finding
from .model import Exclusion
from .paths import lies_in

_PLACE = "host"
#: Other programs of root's need watches, too (inotify(7): the limit is per user).
_SHARE = 0.9


def watch_findings(exclusions: Sequence[Exclusion], host: HostFacts) -> Iterator[Finding]:
    """First those of exclusions, then those of the watched directories."""
    excluded = [one.value for one in exclusions if one.kind == "path"]
    for one in exclusions:
        known = host.paths.get(one.value) if one.kind == "path" else None
        yield from _second_names(one, known, excluded, host) if known else ()
    for path in host.watched:
        if path in host.paths:
            yield from _watched(path, host.paths[path], excluded)
    yield from _watches(host)


def _second_names(one: Exclusion, known: PathFacts, excluded: Sequence[str], host: HostFacts) -> Iterator[Finding]:
    """The watch sits on the directory itself: by whichever name it was reached, it is watched by all."""
    for name in known.second_names:
        if lies_in(name, host.watched, one.platform) and not lies_in(name, excluded, one.platform):
            yield Finding(
                "second_name",
                "refuse",
                one.value,
                one.place,
                f"is mounted at {name} too, which is watched",
                "The images are scanned, and blocked, by either name.",
                f"Exclude {name} as well, or watch what lies beside it.",
            )


def _watched(path: str, known: PathFacts, excluded: Sequence[str]) -> Iterator[Finding]:
    if not known.exists:
        yield Finding(
            "watched_missing",
            "refuse",
            path,
            _PLACE,
            "is to be watched, and doesn't exist",
            "clamonacc takes a whole processor, or ends.",
            "Make it first, or don't list it.",
        )
        return
    inside = [point for point in known.mounts_below if not lies_in(point, excluded, "linux")]
    if inside:
        yield Finding(
            "mounts_below",
            "refuse",
            path,
            _PLACE,
            f"is to be watched, and other file systems are mounted in it: {', '.join(inside)}",
            "clamonacc stops watching all of it, and nothing says so.",
            "Watch each of them by itself, and what lies beside them.",
        )
    if known.real_path != path:
        yield Finding(
            "watched_link",
            "warn",
            path,
            _PLACE,
            f"is to be watched, and is reached over a symbolic link: it is {known.real_path}",
            "Who changes the link moves the protection away.",
            f"Watch {known.real_path} itself.",
        )
    if known.larger_files:
        yield Finding(
            "unscanned",
            "warn",
            path,
            _PLACE,
            f"holds {known.larger_files}{'' if known.counted else ' or more'} files larger than what is scanned",
            "They open without having been looked at.",
            "Raise limits.on_access, or say so in the report.",
        )


def _watches(host: HostFacts) -> Iterator[Finding]:
    watched = [host.paths[path] for path in host.watched if path in host.paths]
    total = sum(known.directories for known in watched)
    if host.watches is not None and total > host.watches * _SHARE:
        more = "" if all(known.counted for known in watched) else " or more"
        yield Finding(
            "watches",
            "refuse",
            ", ".join(host.watched),
            _PLACE,
            f"is {total}{more} directories, and one user may watch {host.watches}",
            "Beyond that nothing is watched, and nothing says so.",
            "Raise fs.inotify.max_user_watches, or watch less.",
        )
