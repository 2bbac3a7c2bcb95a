# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClamAV as it was found on a host. What counts is what runs and what the kernel has marked, not what was configured.

Several of its configurations look healthy and protect nothing, or take images away; each is said in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .._antivirus.agents.clamav_dialects import expression
from .._antivirus.model import Exclusion
from .antivirus_seen import Place, Seen, Unknown, day_of, inside, mapping, number, path_facts, texts

TITLE = "ClamAV"
_MIB = 1 << 20
#: Of what the kernel lets be watched, how much may be used: at the limit ClamAV stops watching and says nothing.
_NEARLY = 0.95
#: Days for which a scheduled scan counts.
_SCAN_COUNTS = 35
_SOCKET_REFUSED = "Permission denied"
_LIMITS = {"inotify_watches": "fs.inotify.max_user_watches", "fanotify_marks": "fs.fanotify.max_user_marks"}
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "lustre", "fuse")


def clamav_seen(part: Mapping[str, Any], directories: Mapping[str, Any] | Unknown, place: Place, today: date) -> Seen:
    """From the parts ``antivirus`` and ``directories`` of the evidence."""
    return _Reader(part, directories, place, today).seen()


class _Reader:
    def __init__(
        self, part: Mapping[str, Any], directories: Mapping[str, Any] | Unknown, place: Place, today: date
    ) -> None:
        self.today = today
        self.part = part
        self.clamav = mapping(part.get("clamav"))
        self.daemon = mapping(self.clamav.get("daemon"))
        self.on_access = mapping(self.clamav.get("on_access"))
        self.told = mapping(self.clamav.get("configuration"))
        self.marked = mapping(self.clamav.get("paths"))
        self.include, self.exclude = texts(self.told.get("include")), texts(self.told.get("exclude"))
        self.directories = directories
        self.place = place

    def seen(self) -> Seen:
        running, watching, blocks = self.running(), self.watching(), self.blocks()
        dated = self.daemon.get("dated")
        engine = self.daemon.get("engine")
        silent = Unknown("clamd doesn't say its version: it doesn't answer")
        changed = self.told.get("changed")
        return Seen(
            title=TITLE,
            running=running,
            watching=watching,
            blocks=blocks,
            protection=tuple(self.protection(running, blocks)),
            engine=engine if isinstance(engine, str) else silent,
            dated=silent if not isinstance(engine, str) else dated if isinstance(dated, str) else None,
            in_force=self.in_force(),
            void=tuple(self.void()),
            openings=tuple(self.openings()),
            harmful=self.harmful(),
            spots=self.spots(),
            spots_said=tuple(self.unscanned_said()),
            watched=self.include,
            paths={path: known for path in self.marked if (known := path_facts(self.marked[path]))},
            changed=changed if isinstance(changed, (int, float)) else None,
        )

    def running(self) -> bool | Unknown:
        if self.daemon.get("running") is not True:
            return False
        problem = str(self.daemon.get("problem") or "")
        return Unknown(f"needs root: {problem}") if _SOCKET_REFUSED in problem else self.daemon.get("answers") is True

    def watching(self) -> bool | Unknown:
        if not self.on_access or not self.clamav.get("configuration"):
            problem = self.clamav.get("configuration_problem")
            return Unknown(str(problem)) if self.on_access and problem else False
        if self.on_access.get("marks") is None:
            return Unknown("needs root: which directories clamonacc has marked can't be seen")
        return bool(self.include) and not self.unwatched()

    def unwatched(self) -> list[str]:
        return [path for path in self.include if mapping(self.marked.get(path)).get("marked") is not True]

    def blocks(self) -> bool | Unknown:
        if not self.on_access:
            return False
        blocks = self.on_access.get("blocks")
        return blocks if isinstance(blocks, bool) else Unknown("needs root: what clamonacc has marked can't be seen")

    def protection(self, running: bool | Unknown, blocks: bool | Unknown) -> Iterator[str]:
        if running is False:
            problem = self.daemon.get("problem")
            started = self.daemon.get("running") is True
            yield str(problem or "clamd doesn't answer") if started else "clamd doesn't run"
        if self.clamav.get("retreated") is True:
            yield "a test on this host found that scanning on access slows images down too much, and switched it off"
        if not self.on_access:
            yield "clamonacc doesn't run: nothing is scanned when it is opened"
        elif not self.include:
            yield "clamonacc runs and is told to watch nothing"
        elif isinstance(self.on_access.get("marks"), int):
            yield from (f"clamonacc runs and doesn't watch {path}" for path in self.unwatched())
        if blocks is True:
            yield "what it finds can't be opened"
        elif blocks is False and self.on_access.get("marks"):
            yield "what it finds is only reported: it can still be opened"

    def in_force(self) -> tuple[Exclusion, ...] | Unknown:
        if not self.clamav.get("configuration"):
            return Unknown(str(self.clamav.get("configuration_problem") or "clamd.conf couldn't be read"))
        if self.on_access and self.clamav.get("changed_since_start") is not False:
            changed = self.clamav.get("changed_since_start")
            return Unknown(
                f"{self.told.get('path')} was changed since clamonacc started: restart it, then look again"
                if changed
                else f"whether {self.told.get('path')} was changed since clamonacc started isn't known"
            )
        return tuple(self._exclusions())

    def _exclusions(self) -> Iterator[Exclusion]:
        place = str(self.told.get("path"))
        paths = (*self.exclude, *(one.value for one in self.place.exclusions if one.kind == "path"))
        rendered = {expression(path) for path in paths}
        yield from (Exclusion("path", path, f"{place} OnAccessExcludePath") for path in self.exclude)
        for pattern in texts(self.told.get("expressions")):
            # What says the same in clamd's dialect isn't another exclusion.
            if pattern not in rendered:
                yield Exclusion("path", pattern, f"{place} ExcludePath")
        for user in texts(self.told.get("excluded_users")):
            # Without its own it would wait on itself.
            if user != self.told.get("user"):
                yield Exclusion("user", user, f"{place} OnAccessExcludeUname")
        for uid in texts(self.told.get("excluded_uids")):
            if uid != "0":
                yield Exclusion("user", f"UID {uid}", f"{place} OnAccessExcludeUID")
        if self.told.get("excludes_root") is True:
            yield Exclusion("user", "root", f"{place} OnAccessExcludeRootUID")

    def void(self) -> Iterator[str]:
        for path in self.exclude:
            if mapping(self.marked.get(path)).get("marked") is True:
                yield f"'{path}' is excluded, and clamonacc watches it all the same"
        if "0" in texts(self.told.get("excluded_uids")):
            yield "OnAccessExcludeUID 0 switches the whole option off; root has an option of its own"

    def openings(self) -> Iterator[str]:
        for path in texts(self.clamav.get("writable")):
            yield f"others than root may change {path}, and so what is excluded"
        if self.daemon.get("open_to_all") is True:
            yield "every user of the host may write to clamd's socket, and end the daemon by it"

    def harmful(self) -> tuple[str, ...] | Unknown:
        units = self.clamav.get("unit_takes_away")
        found = [f"the running clamonacc has {word}" for word in texts(self.on_access.get("takes_away"))]
        found += [f"clamav-clamonacc.service has {word}" for word in texts(units)]
        found += [f"a scanner takes away what it finds, by {one}" for one in texts(self.part.get("takes_away"))]
        if self.on_access.get("blocks") is True:
            found += [f"images in {path} can't be opened any more after a false alarm" for path in self._blocked()]
            if self.told.get("deny_on_error") is True:
                found.append("OnAccessDenyOnError: a scanner that fails locks every file away")
        if found:
            return tuple(dict.fromkeys(found))
        if self.told.get("runs_on_find") is True:
            return Unknown("VirusEvent runs a program on each find, and what that does can't be told")
        if not self.on_access and units is None:
            return Unknown("what clamonacc would do can't be told: it doesn't run, and systemd can't be asked")
        return ()

    def _blocked(self) -> list[str]:
        """Stores in which clamonacc comes between an image and its reader."""
        found = []
        for store in self.place.stores:
            watched = mapping(self.marked.get(store)).get("marked")
            if watched is True or (watched is None and inside(store, self.include) and not self._excluded(store)):
                found.append(store)
        return found

    def _excluded(self, path: str) -> bool:
        return inside(path, self.exclude)

    def spots(self) -> tuple[str, ...] | Unknown:
        """What it doesn't see. What can't be counted leaves that open, unless something was found already."""
        found = [*self._watching_ends(), *self._mounts(), *self._landing(), *self._scan(), *self._unscanned()]
        if found:
            return tuple(found)
        if isinstance(self.directories, Unknown):
            return self.directories
        if self.exclude and not self._last():
            return Unknown("the scheduled scan of what is excluded hasn't run yet: start pacs-antivirus-scan.service")
        return ()

    def _watching_ends(self) -> Iterator[str]:
        marks, limits = number(self.on_access.get("marks")), mapping(self.part.get("limits"))
        directories = sum(self._counted(path, "directories") for path in self.include)
        for name, option in _LIMITS.items():
            limit = number(limits.get(name))
            if limit is not None and marks is not None and marks >= limit * _NEARLY:
                yield f"{marks} directories are watched, and {option} allows {limit}: nothing beyond is watched"
            elif limit is not None and directories > limit:
                yield f"at least {directories} directories are to be watched, and {option} allows {limit}"

    def _mounts(self) -> Iterator[str]:
        for point in texts(self.clamav.get("mounts_below")):
            if not self._excluded(point):
                yield (
                    f"a file system is mounted on {point}, below a watched directory: it isn't watched, and may keep "
                    "all around it from being so"
                )

    def _landing(self) -> Iterator[str]:
        for path in self.place.landing:
            if not inside(path, self.include):
                yield f"files come in through {path}, and it isn't watched"

    def _scan(self) -> Iterator[str]:
        """What a scan that only reports must make up for."""
        last = self._last()
        scheduled = mapping(self.clamav.get("scan")).get("scheduled") is True
        if self.exclude and not scheduled:
            yield "what is excluded is never scanned: there is no scheduled scan"
        if scheduled and last:
            if last.get("complete") is not True:
                yield "the last scheduled scan didn't come to its end"
            ended = day_of(last.get("ended"))
            if ended is None or (self.today - ended).days > _SCAN_COUNTS:
                yield f"the last scheduled scan ended on {ended}, more than {_SCAN_COUNTS} days ago"
            looked_into = (*texts(last.get("paths")), *texts(last.get("excluded")))
            yield from (f"{path} is excluded, and not scanned off hours" for path in self._left(looked_into))
        infected = number(last.get("infected"))
        if infected:
            yield f"the last scheduled scan found something in {infected} files; its report on the host names them"

    def _last(self) -> Mapping[str, Any]:
        return mapping(mapping(self.clamav.get("scan")).get("last"))

    def _left(self, looked_into: tuple[str, ...]) -> list[str]:
        return [path for path in self.exclude if not inside(path, looked_into)]

    def _unscanned(self) -> Iterator[str]:
        if mapping(self.clamav.get("scan")).get("scheduled") is True:
            return
        for path in self.include:
            larger, files = self._larger(path)
            if larger:
                yield f"in {path} {max(larger)} of {files} files are too large to be scanned when they are opened"

    def unscanned_said(self) -> Iterator[str]:
        """The share that is never scanned on access, and that which no scan looks at, as far as was counted."""
        on_access, file = number(self.told.get("on_access_limit")), number(self.told.get("file_limit"))
        if on_access is not None and file is not None:
            sizes = f"{on_access // _MIB} MB aren't scanned when they are opened, nor above {file // _MIB} MB at all"
            yield f"files above {sizes}"
        for path in dict.fromkeys((*self.include, *self.place.stores)):
            larger, files = self._larger(path)
            if files:
                first, second = (*larger, 0, 0)[:2]
                more = "" if self._whole(path) else " that were counted"
                yield f"{path}: of {files} files{more}, {first} are above the first size and {second} above the second"
            filesystem = str(mapping(self._about(path)).get("filesystem", ""))
            if filesystem.partition(".")[0] in _NETWORK:
                yield f"{path} lies on {filesystem}: what other hosts write there isn't seen when they do"

    def _larger(self, path: str) -> tuple[tuple[int, ...], int]:
        """How many files are too large for a scan on access and for any; empty where none is. And of how many."""
        counted = mapping(mapping(self._about(path)).get("counted"))
        listed = counted.get("larger")
        larger = tuple(number(one) or 0 for one in listed) if isinstance(listed, list) else ()
        return (larger if any(larger) else ()), self._counted(path, "files")

    def _counted(self, path: str, what: str) -> int:
        return number(mapping(mapping(self._about(path)).get("counted")).get(what)) or 0

    def _whole(self, path: str) -> bool:
        return mapping(mapping(self._about(path)).get("counted")).get("whole") is True

    def _about(self, path: str) -> object:
        return {} if isinstance(self.directories, Unknown) else mapping(self.directories.get("paths")).get(path)
