# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes an exclusion dangerous or void: one rule a row, with its risk. A rule sees one exclusion and the host.

Sources: the rules that refuse come from what attackers do with exclusions (MITRE ATT&CK, Impair Defenses), those that
warn from what clamonacc and Defender silently don't honour.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .facts import HostFacts, PathFacts
from .model import Exclusion
from .paths import (
    SYSTEM_DIRECTORIES,
    TEMPORARY,
    covered,
    ends_with_separator,
    has_pattern,
    has_steps,
    is_absolute,
    is_home,
    is_root,
    lies_in,
    pure,
)

Level = Literal["refuse", "warn"]

_INTERPRETERS = frozenset(
    (
        *("ash", "awk", "bash", "busybox", "cmd", "cscript", "csh", "dash", "env", "fish", "gawk", "java", "javaw"),
        *("ksh", "lua", "mawk", "msbuild", "mshta", "node", "perl", "php", "powershell", "pwsh", "python", "pythonw"),
        *("regsvr32", "ruby", "rundll32", "sh", "su", "sudo", "tclsh", "tcsh", "wscript", "zsh"),
    )
)
_NETWORK = re.compile(r"(nfs4?|cifs|smb[0-9]*|smbfs|9p|ceph|glusterfs|lustre|afs|fuse(\.(?!fuseblk).*)?)")


class Said(NamedTuple):
    """What one rule says of one exclusion: the problem, and the narrower form."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``risk`` says what follows if nothing is done."""

    name: str
    level: Level
    risk: str
    find: Callable[[Exclusion, HostFacts], Said | None]


_STORE = "Exclude the directory of the images or of the database, and nothing above it."


def _root(one: Exclusion, host: HostFacts) -> Said | None:
    return _of_places(one, host, lambda path: is_root(path, one.platform), "is a whole file system", _STORE)


def _home(one: Exclusion, host: HostFacts) -> Said | None:
    remedy = "Move the data out of the home, or exclude its own directory below it."
    return _of_places(one, host, lambda path: is_home(path, one.platform), "is somebody's home, or holds homes", remedy)


def _temporary(one: Exclusion, host: HostFacts) -> Said | None:
    places = TEMPORARY[one.platform]
    remedy = "Let the product write to a directory of its own, and exclude that."

    def found(path: str) -> bool:
        return bool(covered(path, places, one.platform) or lies_in(path, places, one.platform))

    return _of_places(one, host, found, "is a temporary directory, holds one, or lies in one", remedy)


def _system(one: Exclusion, host: HostFacts) -> Said | None:
    def found(path: str) -> bool:
        return bool(covered(path, SYSTEM_DIRECTORIES[one.platform], one.platform))

    return _of_places(one, host, found, "is a directory of the system, or holds one", _STORE)


def _watched(one: Exclusion, host: HostFacts) -> Said | None:
    def found(path: str) -> bool:
        return bool(covered(path, host.watched, one.platform))

    return _of_places(one, host, found, "holds a whole directory that is to be watched", _STORE)


def _landing(one: Exclusion, host: HostFacts) -> Said | None:
    def found(path: str) -> bool:
        return bool(covered(path, host.landing, one.platform) or lies_in(path, host.landing, one.platform))

    remedy = "Exclude the store alone, and let what comes in land outside it."
    return _of_places(one, host, found, "is a place through which files come in, holds one, or lies in one", remedy)


def _of_places(one: Exclusion, host: HostFacts, found: Callable[[str], bool], problem: str, remedy: str) -> Said | None:
    """What is said of the path itself, or of where a link on its way leads."""
    if one.kind != "path" or not is_absolute(one.value, one.platform):
        return None
    if found(one.value):
        return Said(problem, remedy)
    known = host.paths.get(one.value)
    if known is not None and known.real_path != one.value and found(known.real_path):
        return Said(f"leads to {known.real_path}, which {problem}", remedy)
    return None


def _pattern(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind in ("path", "process") and has_pattern(one.value, one.platform):
        return Said("is a pattern, a variable, or quoted", "Write each directory by itself, literally.")
    return None


def _relative(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind not in ("path", "process") or is_absolute(one.value, one.platform):
        return None
    if one.kind == "process":
        return Said(
            "is a program's bare name", "Write the program's absolute path, in a directory only root writes to."
        )
    return Said("is not an absolute path", "Write it from the root.")


def _steps(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind in ("path", "process") and has_steps(one.value, one.platform):
        return Said("has steps that lead nowhere, or back", "Write it without '.', '..' and doubled separators.")
    return None


def _trailing(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind == "path" and ends_with_separator(one.value, one.platform):
        return Said("ends with a separator", f"Write {one.value.rstrip('/' + chr(92))}.")
    return None


def _extension(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind == "extension":
        return Said("excludes every file of that name, wherever it lies", _STORE)
    return None


def _interpreter(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind != "process":
        return None
    name = re.sub(r"(\.exe|[0-9.]+)$", "", pure(one.value, one.platform).name.lower())
    if re.sub(r"[0-9.]+$", "", name) in _INTERPRETERS:
        return Said("is an interpreter or a shell", "Exclude the directory that it works in, not the program.")
    return None


def _scopes(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.scopes == ():
        return Said("has no scopes, which Defender reads as global", "Add scopes: [epp].")
    return None


def _global(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.scopes is not None and "global" in one.scopes:
        return Said("is of scope global", "Write scopes: [epp].")
    return None


def _void(one: Exclusion, host: HostFacts) -> Said | None:
    """Only below what is watched does it matter that clamonacc doesn't honour it."""
    known = _known(one, host)
    if known is None or not lies_in(known.real_path, host.watched, one.platform):
        return None
    if not known.exists:
        return Said("doesn't exist, and lies in what is watched", "Make it before the scanner starts, or remove it.")
    if known.real_path != one.value:
        return Said(f"leads to {known.real_path}, which is watched", f"Exclude {known.real_path} itself.")
    return None


def _link(one: Exclusion, host: HostFacts) -> Said | None:
    known = _known(one, host)
    if known is not None and known.real_path != one.value and _void(one, host) is None:
        return Said(f"is reached over a symbolic link: it is {known.real_path}", f"Exclude {known.real_path} itself.")
    return None


def _missing(one: Exclusion, host: HostFacts) -> Said | None:
    known = _known(one, host)
    if known is not None and not known.exists and _void(one, host) is None:
        return Said("doesn't exist", "Make it before the scanner starts, or remove the exclusion.")
    return None


def _mount(one: Exclusion, host: HostFacts) -> Said | None:
    known = _known(one, host)
    if known is not None and known.exists and known.mount_point == known.real_path:
        return Said("is a whole mounted file system", "Mount it noexec,nosuid,nodev, and keep nothing else on it.")
    return None


def _network(one: Exclusion, host: HostFacts) -> Said | None:
    known = _known(one, host)
    if known is not None and _NETWORK.fullmatch(known.filesystem):
        remedy = "Have the server that holds the files scan them, and say so in the profile."
        return Said(f"lies on {known.filesystem}", remedy)
    return None


def _writable(one: Exclusion, host: HostFacts) -> Said | None:
    known = _known(one, host)
    if known is not None and known.writable_by_others:
        return Said("may be written to by everybody", "Give it to the product's own user, and take write from others.")
    return None


def _user(one: Exclusion, _host: HostFacts) -> Said | None:
    if one.kind == "user":
        return Said("excludes everything that this user opens", "Exclude the product's directory instead.")
    return None


def _unproven(one: Exclusion, host: HostFacts) -> Said | None:
    if one.kind == "path" and host.proven and not host.proven.get(one.value, False):
        return Said("was never shown to be in force by a test file", "Restart the scanner, and test again.")
    return None


def _known(one: Exclusion, host: HostFacts) -> PathFacts | None:
    return host.paths.get(one.value) if one.kind == "path" else None


RULES: tuple[Rule, ...] = (
    Rule("root", "refuse", "Nothing on it is scanned any more.", _root),
    Rule("home", "refuse", "What a person downloads or is sent starts from there unseen.", _home),
    Rule("temporary", "refuse", "Everybody may write there, and malware unpacks itself there.", _temporary),
    Rule("system", "refuse", "Programs, services and their settings are changed unseen.", _system),
    Rule("watched", "refuse", "Scanning on access is off for all of it, and nothing says so.", _watched),
    Rule("landing", "refuse", "Infected media and files sent in pass unseen.", _landing),
    Rule("pattern", "refuse", "It is taken for a name that isn't there, or covers more than is meant.", _pattern),
    Rule("relative", "refuse", "It fits at places that nobody thought of, or nowhere.", _relative),
    Rule("steps", "refuse", "It is compared as text: it fits nowhere, and the images are scanned.", _steps),
    Rule("trailing_slash", "refuse", "clamonacc ignores it silently, and the images are scanned.", _trailing),
    Rule("extension", "refuse", "Renaming a file is enough to hide it.", _extension),
    Rule("interpreter", "refuse", "Whatever script it runs is excluded with it.", _interpreter),
    Rule("scopes", "refuse", "Antivirus and endpoint detection are both blind there.", _scopes),
    Rule("global_scope", "warn", "Endpoint detection is blind there, too.", _global),
    Rule("void", "refuse", "clamonacc doesn't honour it: the images are scanned, and blocked.", _void),
    Rule("link", "warn", "clamonacc doesn't honour it, and who changes the link moves the gap.", _link),
    Rule("missing", "warn", "clamonacc doesn't honour it, not even once the directory is made.", _missing),
    Rule("mount_point", "warn", "Whatever else is ever put there is excluded with it.", _mount),
    Rule("network_filesystem", "warn", "Agents don't watch it in any case: nothing is scanned here.", _network),
    Rule("writable", "warn", "Any user may hide a file there.", _writable),
    Rule("user", "warn", "A program of that user opens infected files anywhere, and reading is still slow.", _user),
    Rule("unproven", "warn", "Nobody knows whether it works.", _unproven),
)
