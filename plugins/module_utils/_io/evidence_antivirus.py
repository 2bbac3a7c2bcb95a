# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the antivirus of a host, what it was told, and what it really watches. Nothing is tried here. Private."""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.acceptance import RETREAT
from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import (
    SOCKET,
    parse_configuration,
    parse_version,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence import antivirus as said
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import (
    Mark,
    Mount,
    mount_of,
    mounts_below,
    parse_marks,
    parse_mounts,
    second_names,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd import ask
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.directories import place, walk
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_CLAMD, _ONACCESS, _ONACCESS_UNIT = "clamd", "clamonacc", "clamav-clamonacc.service"
_DEFENDER, _DEFENDER_FOLDER = "wdavdaemon", "/opt/microsoft/mdatp"
_PROGRAM_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/local/sbin")
_ANSWER_WITHIN = 1.0  # seconds
_CLOCKS_DIFFER = 1.0  # seconds: the kernel rounds the time of its start
#: Where an administrator has a scanner run by itself.
_SCHEDULES = (
    "/etc/crontab",
    "/etc/cron.d/*",
    "/etc/cron.hourly/*",
    "/etc/cron.daily/*",
    "/etc/cron.weekly/*",
    "/etc/cron.monthly/*",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/*",
    "/etc/systemd/system/*.service",
)


@dataclass(frozen=True)
class _Programs:
    """The command lines of what runs, by number, of each name that is looked for."""

    clamd: tuple[int, ...]
    onaccess: tuple[int, ...]
    defender: tuple[int, ...]
    others: tuple[str, ...]
    arguments: dict[int, list[str]]


def antivirus(host: Host, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The part C(antivirus). I(wanted): directories of which it is told whether they are watched, as of those that a
    configuration names.
    """
    programs = _programs(host)
    clamav = _clamav(host, programs, wanted)
    defender = _defender(host, programs)
    if clamav is None and defender is None and not programs.others:
        raise Absent("neither ClamAV's daemon nor Defender is installed, and no other scanner that is known runs")
    return {
        "clamav": clamav,
        "defender": defender,
        "others": list(programs.others),
        "takes_away": _scheduled(host),
        "canary": _canary(host),
        "limits": {
            "inotify_watches": _number(f"{host.proc}/sys/fs/inotify/max_user_watches"),
            "fanotify_marks": _number(f"{host.proc}/sys/fs/fanotify/max_user_marks"),
        },
    }


def directories(host: Host, wanted: Sequence[str], seconds: float) -> dict[str, Any]:
    """The part C(directories): those that are asked for, and those that ClamAV is told to watch. Counting what lies in
    them ends after I(seconds) seconds in all.
    """
    configuration = _configuration(host, *_told_by(host))
    told: dict[str, Any] = configuration if isinstance(configuration, dict) else {}
    limits = [told.get("on_access_limit"), told.get("file_limit")]
    sizes = [limit for limit in limits if limit is not None] if None not in limits else []
    paths = list(dict.fromkeys((*wanted, *told.get("include", ()))))
    if not paths:
        raise Absent("no directory is asked for, and none is watched")
    mounts = _mounts(host)
    found = {}
    for number, path in enumerate(paths):
        about = place(path, mounts)
        counted = None
        if about["exists"] and os.path.isdir(about["real_path"]):
            left_out = [one for one in told.get("exclude", ()) if one != path]
            counted = walk(about["real_path"], left_out, sizes, seconds / (len(paths) - number)).document()
        found[path] = {**about, "counted": counted}
    return {"paths": found, "sizes": sizes}


def _told_by(host: Host) -> tuple[tuple[int, ...], dict[int, list[str]]]:
    """The processes whose command lines may name a configuration, none where nobody may look."""
    with contextlib.suppress(Unreadable):
        programs = _programs(host)
        return (*programs.onaccess, *programs.clamd), programs.arguments
    return (), {}


def _programs(host: Host) -> _Programs:
    found: dict[str, list[int]] = {_CLAMD: [], _ONACCESS: [], _DEFENDER: []}
    others, arguments = set(), {}
    for pid, name in host.processes():
        if name in said.OTHERS:
            others.add(said.OTHERS[name])
        # Of a container it is the container's, and a process that is going is none.
        elif name in found and _is_ours(host, pid):
            words = host.arguments(pid)
            if words:
                found[name].append(pid)
                arguments[pid] = words
    return _Programs(
        tuple(found[_CLAMD]), tuple(found[_ONACCESS]), tuple(found[_DEFENDER]), tuple(sorted(others)), arguments
    )


def _is_ours(host: Host, pid: int) -> bool:
    """Whether it sees the files that we see."""
    try:
        theirs, ours = os.stat(f"{host.proc}/{pid}/root"), os.stat("/")
    except OSError:
        return True
    return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)


def _clamav(host: Host, programs: _Programs, wanted: Sequence[str]) -> dict[str, Any] | None:
    installed = any(os.path.exists(f"{host.root}{folder}/{_CLAMD}") for folder in _PROGRAM_FOLDERS)
    if not installed and not programs.clamd and not programs.onaccess:
        return None
    configuration = _configuration(host, (*programs.onaccess, *programs.clamd), programs.arguments)
    told = configuration if isinstance(configuration, dict) else None
    mounts = _mounts(host)
    marks = _marks(host, programs.onaccess)
    includes = told["include"] if told else []
    named = dict.fromkeys((*includes, *(told["exclude"] if told else ()), *wanted))
    return {
        "daemon": _daemon(told, programs),
        "configuration": told,
        "configuration_problem": configuration if isinstance(configuration, str) else None,
        "changed_since_start": _changed_since_start(host, told, programs.onaccess),
        "on_access": None if not programs.onaccess else _on_access(programs, marks),
        "unit_takes_away": _unit_takes_away(),
        "paths": {path: _marked(place(path, mounts), mounts, marks) for path in named if path.startswith("/")},
        "mounts_below": sorted({point for path in includes for point in mounts_below(mounts, os.path.realpath(path))}),
        "writable": _writable(host, said.SETTINGS),
        "retreated": os.path.exists(f"{host.root}{RETREAT}"),
        "scan": _scan(host),
    }


def _configuration(host: Host, pids: Sequence[int], arguments: dict[int, list[str]]) -> dict[str, Any] | str:
    """Of what runs, else of what would start; one sentence where it can't be read."""
    named = [said.option(arguments.get(pid, []), "--config-file", "-c") for pid in pids]
    standing = [_at(host, path) for path in said.CONFIGURATIONS]
    wanted = next((path for path in named if path), None) or next(filter(os.path.exists, standing), standing[0])
    try:
        document = said.configuration_document(wanted, parse_configuration(read_file(wanted)))
        document["changed"] = os.stat(wanted).st_mtime
        document["socket"] = _socket_of(wanted)
    except OSError as exc:
        return f"{wanted} can't be read: {exc.strerror}"
    return document


def _socket_of(path: str) -> str:
    return (parse_configuration(read_file(path)).get("LocalSocket") or [SOCKET])[0]


def _daemon(told: dict[str, Any] | None, programs: _Programs) -> dict[str, Any]:
    document: dict[str, Any] = {"running": bool(programs.clamd), "answers": False, "problem": None}
    document.update({"engine": None, "signatures": None, "dated": None, "open_to_all": None})
    if not programs.clamd:
        return document
    socket = told["socket"] if told else SOCKET
    try:
        document["open_to_all"] = bool(os.stat(socket).st_mode & stat.S_IWOTH)
        document["answers"] = ask(socket, b"zPING\0", _ANSWER_WITHIN).strip("\0\n") == "PONG"
        version = parse_version(ask(socket, b"zVERSION\0", _ANSWER_WITHIN))
    except (OSError, HardeningError) as exc:
        document["problem"] = f"clamd's socket {socket} gives no answer: {getattr(exc, 'strerror', None) or exc}"
        return document
    if version is not None:
        document["engine"], document["signatures"] = version.engine, version.signatures
        document["dated"] = version.dated.strftime("%Y-%m-%dT%H:%M:%SZ") if version.dated else None
    return document


def _on_access(programs: _Programs, marks: list[Mark] | None) -> dict[str, Any]:
    words = [word for pid in programs.onaccess for word in programs.arguments[pid]]
    return {
        "running": len(programs.onaccess),
        "takes_away": said.taking_away(words),
        "hands_over_files": "--fdpass" in words or "--stream" in words,
        "marks": None if marks is None else len(marks),
        "blocks": None if marks is None else any(mark.blocks for mark in marks),
    }


def _marks(host: Host, pids: Iterable[int]) -> list[Mark] | None:
    """What clamonacc has marked; None where nobody may look, or it ended meanwhile."""
    found: list[Mark] = []
    try:
        for pid in pids:
            for descriptor in os.listdir(f"{host.proc}/{pid}/fd"):
                with contextlib.suppress(FileNotFoundError):
                    if os.readlink(f"{host.proc}/{pid}/fd/{descriptor}") == "anon_inode:[fanotify]":
                        found += parse_marks(read_file(f"{host.proc}/{pid}/fdinfo/{descriptor}"))
    except (OSError, Unreadable):
        return None
    return found


def _marked(about: dict[str, Any], mounts: Sequence[Mount], marks: list[Mark] | None) -> dict[str, Any]:
    """What is known of a directory, and whether the scanner watches it."""
    mark = None
    mount = mount_of(mounts, about["real_path"])
    try:
        inode = os.stat(about["real_path"]).st_ino
    except OSError:
        inode = None
    if marks is not None and mount is not None and inode is not None:
        # The mount's device and not the file's: of btrfs stat(2) tells another than the kernel's marks.
        mark = next((one for one in marks if (one.device, one.inode) == (mount.device, inode)), None)
    known = marks is not None and mount is not None
    return {
        **about,
        "second_names": second_names(mounts, about["real_path"]),
        "marked": mark is not None if known else None,
        "blocked": bool(mark and mark.blocks),
    }


def _changed_since_start(host: Host, told: dict[str, Any] | None, pids: Sequence[int]) -> bool | None:
    """Whether clamonacc runs by another configuration than stands there now."""
    starts = [host.started(pid) for pid in pids]
    if told is None or not starts:
        return None
    known = [start for start in starts if start is not None]
    return None if len(known) < len(starts) else told["changed"] > min(known) + _CLOCKS_DIFFER


def _unit_takes_away() -> list[str] | None:
    """What the unit that is in force would do; None where systemd can't be asked."""
    if not systemd.is_running():
        return None
    done = run(["systemctl", "show", "--property=ExecStart", "--value", _ONACCESS_UNIT], timeout=2)
    return said.taking_away(done.output.replace(";", " ").split()) if done.status == 0 else None


def _scheduled(host: Host) -> list[str]:
    """Schedules and units of the administrator's own that take away what a scanner finds: where, and how."""
    found = []
    for pattern in _SCHEDULES:
        for path in sorted(glob.glob(_at(host, pattern))):
            with contextlib.suppress(OSError, Unreadable):
                found += [f"{path}: {word}" for word in said.taking_away_in(read_file(path))]
    return sorted(set(found))


def _writable(host: Host, paths: Iterable[str]) -> list[str]:
    """Which of the paths somebody else than root may change."""
    found = []
    for path in (_at(host, one) for one in paths):
        with contextlib.suppress(OSError):
            known = os.stat(path)
            by_group = known.st_mode & stat.S_IWGRP and known.st_gid != 0
            if known.st_uid != 0 or by_group or known.st_mode & stat.S_IWOTH:
                found.append(path)
    return found


def _scan(host: Host) -> dict[str, Any]:
    """The scheduled scan of ours: whether it is, and how the last one ended."""
    document: dict[str, Any] = {"scheduled": systemd.says("is-enabled", said.SCAN_TIMER), "last": None}
    with contextlib.suppress(OSError, Unreadable):
        document["last"] = said.parse_scan(read_file(f"{host.root}{said.SCAN_REPORT}"))
    return document


def _canary(host: Host) -> dict[str, Any] | None:
    try:
        return said.parse_canary(read_file(f"{host.root}{said.CANARY_RECORD}"))
    except (OSError, Unreadable):
        return None


def _defender(host: Host, programs: _Programs) -> dict[str, Any] | None:
    if not programs.defender and not os.path.isdir(f"{host.root}{_DEFENDER_FOLDER}"):
        return None
    managed = _at(host, said.MANAGED)
    document: dict[str, Any] = {"running": bool(programs.defender), "managed": None, "problem": None, "paths": {}}
    document["writable"] = _writable(host, (said.MANAGED, os.path.dirname(said.MANAGED)))
    try:
        document["managed"] = said.defender_document(read_file(managed))
    except OSError as exc:
        document["problem"] = f"{managed} can't be read: {exc.strerror}"
    except (ValueError, RecursionError):
        document["problem"] = f"{managed} can't be parsed"
    mounts = _mounts(host)
    for section in ((document["managed"] or {}).get("sections") or {}).values():
        for entry in section["exclusions"]:
            path = entry.get("path")
            if isinstance(path, str) and path.startswith("/"):
                document["paths"][path] = place(path, mounts)
    return document


def _at(host: Host, path: str) -> str:
    """Where a path of the real host is on this one."""
    return path.replace("/etc", host.etc, 1) if path.startswith("/etc/") else f"{host.root}{path}"


def _mounts(host: Host) -> list[Mount]:
    return parse_mounts(read_file(f"{host.proc}/self/mountinfo"))


def _number(path: str) -> int | None:
    try:
        return int(read_file(path))
    except (OSError, ValueError):
        return None
