# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the paths of exclusions say of each other and of a system; text only, no file is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath

from .model import Platform

#: Whoever excludes one of these, or what they lie in, excludes what attackers write to or start from.
SYSTEM_DIRECTORIES: dict[Platform, tuple[str, ...]] = {
    "linux": (
        *("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/run", "/sbin"),
        *("/srv", "/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var"),
        *("/var/cache", "/var/lib", "/var/log", "/var/spool", "/var/www"),
    ),
    "windows": (
        "C:\\Program Files",
        "C:\\Program Files (x86)",
        "C:\\ProgramData",
        "C:\\Windows",
        "C:\\Windows\\System32",
    ),
}
#: Everybody may write there: neither they, nor what they lie in, nor anything below them.
TEMPORARY: dict[Platform, tuple[str, ...]] = {
    "linux": ("/tmp", "/var/tmp", "/dev/shm"),  # noqa: S108 - judged, not used
    "windows": ("C:\\Temp", "C:\\Windows\\Temp"),
}
#: Homes and their owners' homes one level below.
HOMES: dict[Platform, tuple[str, ...]] = {"linux": ("/home",), "windows": ("C:\\Users",)}
#: The administrator's own.
ROOT_HOMES: dict[Platform, tuple[str, ...]] = {"linux": ("/root",), "windows": ()}

_PATTERN: dict[Platform, re.Pattern[str]] = {
    "linux": re.compile(r"[*?\[\]{}^$|\\\"]"),
    "windows": re.compile(r"[*?\[\]{}^$|%\"<>]"),
}


def pure(path: str, platform: Platform) -> PurePosixPath | PureWindowsPath:
    """The path as its system splits it; Windows compares without case."""
    return PurePosixPath(path) if platform == "linux" else PureWindowsPath(path)


def is_absolute(path: str, platform: Platform) -> bool:
    """Whether it names one place: ``/x``; ``D:\\x`` or ``\\\\server\\share\\x``."""
    return pure(path, platform).is_absolute()


def is_root(path: str, platform: Platform) -> bool:
    """Whether it is a whole file system, drive or share."""
    whole = pure(path, platform)
    return whole.is_absolute() and whole == whole.parent


def ends_with_separator(path: str, platform: Platform) -> bool:
    """Whether it ends with a slash that ClamAV takes for part of the name."""
    return not is_root(path, platform) and path.endswith(("/",) if platform == "linux" else ("/", "\\"))


def has_steps(path: str, platform: Platform) -> bool:
    """Whether it holds ``.``, ``..`` or an empty step, which a literal comparison doesn't resolve."""
    separators = "/" if platform == "linux" else "/\\"
    body = path.rstrip(separators)
    if platform == "windows" and body.startswith("\\\\"):
        body = body[2:]
    steps = re.split(f"[{re.escape(separators)}]", body)[1:]
    return any(step in ("", ".", "..") for step in steps)


def has_pattern(path: str, platform: Platform) -> bool:
    """Whether it holds a character of globs, regular expressions, quotes or variables: no agent reads it literally."""
    return bool(_PATTERN[platform].search(path)) or path != path.strip() or not path.isprintable()


def covers(outer: str, inner: str, platform: Platform) -> bool:
    """Whether ``inner`` is ``outer`` or lies below it. ``/srv/store`` doesn't cover ``/srv/store-b``."""
    return pure(inner, platform).is_relative_to(pure(outer, platform))


def covered(outer: str, inners: Iterable[str], platform: Platform) -> str | None:
    """The first of ``inners`` that ``outer`` covers."""
    return next((inner for inner in inners if covers(outer, inner, platform)), None)


def lies_in(inner: str, outers: Iterable[str], platform: Platform) -> str | None:
    """The first of ``outers`` that covers ``inner``."""
    return next((outer for outer in outers if covers(outer, inner, platform)), None)


def is_home(path: str, platform: Platform) -> bool:
    """Whether it is all homes, or one user's home."""
    whole = pure(path, platform)
    homes = [pure(home, platform) for home in HOMES[platform]]
    return (
        whole in homes
        or whole.parent in homes
        or any(covers(path, home, platform) for home in (*HOMES[platform], *ROOT_HOMES[platform]))
    )
