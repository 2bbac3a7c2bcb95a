# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a ClamAV that somebody else configured: one rule a row. Nothing of this shows from outside.

Sources: clamd.conf(5), clamonacc(8), and what ClamAV 1.4 was seen to do (docs/antivirus.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import is_on, parse_configuration

from ..findings import Finding
from ..lint_rules import Level
from ..policy import MEBIBYTE
from .clamav_dialects import expression

Options = Mapping[str, Sequence[str]]

#: What clamonacc takes by itself (clamd.conf(5)).
_SMALL_LIMIT = 5 * MEBIBYTE
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Said(NamedTuple):
    """The value or option that is meant, what is wrong with it, and what to write instead."""

    subject: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over the options of clamd.conf and the command line of clamonacc."""

    name: str
    level: Level
    risk: str
    find: Callable[[Options, str], Iterator[Said]]
    place: str = "clamd.conf"


def audit(configuration: str, command: str = "") -> tuple[Finding, ...]:
    """Every finding about the text of a clamd.conf, and about the command line with which clamonacc runs."""
    options = parse_configuration(configuration)
    return tuple(
        Finding(rule.name, rule.level, said.subject, rule.place, said.problem, rule.risk, said.remedy)
        for rule in RULES
        for said in rule.find(options, command)
    )


def _on_access(options: Options) -> bool:
    return bool(options.get("OnAccessIncludePath") or options.get("OnAccessMountPath"))


def _takes_away(_options: Options, command: str) -> Iterator[Said]:
    for word in command.split():
        if re.match(r"--(move|copy|remove)\b", word):
            yield Said(word, "takes away what is found", "Override the unit's ExecStart without it.")


def _without_descriptors(_options: Options, command: str) -> Iterator[Said]:
    if command and "--fdpass" not in command.split():
        yield Said("clamonacc", "runs without --fdpass", "Add --fdpass: clamd's user may not read what is opened.")


def _trailing(options: Options, _command: str) -> Iterator[Said]:
    for path in options.get("OnAccessExcludePath", ()):
        if path != "/" and path.endswith("/"):
            yield Said(path, "ends with a slash", f"Write OnAccessExcludePath {path.rstrip('/')}.")


def _whole_mount(options: Options, _command: str) -> Iterator[Said]:
    for path in options.get("OnAccessMountPath", ()):
        yield Said(path, "is watched by OnAccessMountPath", f"Write OnAccessIncludePath {path}.")


def _scans_only(options: Options, _command: str) -> Iterator[Said]:
    """An expression for which no path is excluded on access, where anything is watched."""
    literal = {_core(expression(path)) for path in options.get("OnAccessExcludePath", ())}
    for pattern in options.get("ExcludePath", ()) if _on_access(options) else ():
        if _core(pattern) not in literal:
            yield Said(pattern, "is left out of scans, and not on access", "Add the directory as OnAccessExcludePath.")


def _core(pattern: str) -> str:
    """An expression without what anchors it at either end."""
    return pattern.removeprefix("^").removesuffix("(/|$)").rstrip("/")


def _unanchored(options: Options, _command: str) -> Iterator[Said]:
    for path in options.get("ExcludePath", ()):
        if not path.startswith("^"):
            yield Said(path, "isn't anchored", f"Write ExcludePath ^{path}.")


def _itself(options: Options, _command: str) -> Iterator[Said]:
    user = (options.get("User") or ["root"])[0]
    if _on_access(options) and user not in options.get("OnAccessExcludeUname", ()):
        yield Said(user, "runs clamd, and isn't let through", f"Add OnAccessExcludeUname {user}.")


def _by_number(options: Options, _command: str) -> Iterator[Said]:
    if "0" in options.get("OnAccessExcludeUID", ()):
        yield Said("OnAccessExcludeUID 0", "excludes nobody", "Remove it; root itself is OnAccessExcludeRootUID.")


def _root(options: Options, _command: str) -> Iterator[Said]:
    if is_on(options, "OnAccessExcludeRootUID"):
        yield Said("OnAccessExcludeRootUID", "lets root through", "Remove it, and exclude directories.")


def _deny(options: Options, _command: str) -> Iterator[Said]:
    if is_on(options, "OnAccessDenyOnError"):
        yield Said("OnAccessDenyOnError yes", "refuses every file while clamd is away", "Write OnAccessDenyOnError no.")


def _detects_only(options: Options, _command: str) -> Iterator[Said]:
    if _on_access(options) and not is_on(options, "OnAccessPrevention"):
        yield Said("OnAccessPrevention no", "only reports", "Write OnAccessPrevention yes, or report it as detection.")


def _limit(options: Options, _command: str) -> Iterator[Said]:
    size = (options.get("OnAccessMaxFileSize") or ["5M"])[0]
    if _on_access(options) and _bytes(size) <= _SMALL_LIMIT:
        yield Said(f"OnAccessMaxFileSize {size}", "lets larger files through", "Write OnAccessMaxFileSize 200M.")


def _beyond(options: Options, _command: str) -> Iterator[Said]:
    """What clamd doesn't scan it calls clean, whatever clamonacc hands over."""
    here, there = (options.get(name, [""])[0] for name in ("OnAccessMaxFileSize", "MaxFileSize"))
    if _on_access(options) and there and _bytes(here or "5M") > _bytes(there):
        yield Said(f"OnAccessMaxFileSize {here}", f"is more than MaxFileSize {there}", "Raise MaxFileSize to it.")


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text)
    return int(found[1]) * _UNITS[found[2].lower()] if found else 0


RULES: tuple[Rule, ...] = (
    Rule("command_takes_away", "refuse", "One false alarm, and an image has left its store.", _takes_away, "clamonacc"),
    Rule("command_without_fdpass", "warn", "What clamd can't read opens unscanned.", _without_descriptors, "clamonacc"),
    Rule("trailing_slash", "refuse", "clamonacc ignores it silently, and the images are scanned.", _trailing),
    Rule("whole_mount", "refuse", "Nothing is blocked there, and no path is excluded.", _whole_mount),
    Rule("scans_only", "warn", "If images lie there, they are scanned when they are opened.", _scans_only),
    Rule("unanchored", "warn", "It fits anywhere in a path, or is ignored.", _unanchored),
    Rule("own_user", "refuse", "It waits for itself whenever it opens a file, a minute each.", _itself),
    Rule("root_by_number", "refuse", "The whole option is switched off.", _by_number),
    Rule("root", "warn", "Whatever root opens is never looked at.", _root),
    Rule("deny_on_error", "refuse", "When clamd stops, so do the images.", _deny),
    Rule("detects_only", "warn", "Infected files open; somebody has to read the log.", _detects_only),
    Rule("small_limit", "warn", "An infected file only has to be larger.", _limit),
    Rule("beyond_limit", "warn", "Files between the two count as clean without having been looked at.", _beyond),
)
