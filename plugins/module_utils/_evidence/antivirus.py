# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What antivirus programs, their configurations and their reports say, as data. Private, pure.

Only what is named here gets out of a configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import is_on

#: Options of clamonacc, clamdscan and clamscan that take a file away from where it was, or put it elsewhere, too.
TAKES_AWAY = ("--move", "--copy", "--remove")
#: Where clamd.conf may stand, the first that is there: Debian, then Fedora and its like.
CONFIGURATIONS = ("/etc/clamav/clamd.conf", "/etc/clamd.d/scan.conf")
#: Whoever may write to one of these decides what is excluded.
SETTINGS = (
    "/etc/clamav",
    "/etc/clamav/clamd.conf",
    "/etc/clamd.d",
    "/etc/clamd.d/scan.conf",
    "/etc/systemd/system",
    "/etc/systemd/system/clamav-daemon.service.d",
    "/etc/systemd/system/clamav-clamonacc.service.d",
)
MANAGED = "/etc/opt/microsoft/mdatp/managed/mdatp_managed.json"
#: Other makers' programs, by the name of their process: seen, and not judged here.
OTHERS = {
    "falcon-sensor": "CrowdStrike Falcon",
    "s1-agent": "SentinelOne",
    "ds_agent": "Trend Micro Deep Security",
    "savd": "Sophos Anti-Virus",
}
SCAN_REPORT = "/var/lib/pacs-antivirus/scan.json"
SCAN_SCHEMA = "pacs-hardening-antivirus-scan/1"
SCAN_TIMER = "pacs-antivirus-scan.timer"
CANARY_RECORD = "/var/lib/pacs-hardening/antivirus/canary.json"
CANARY_FORMAT = 1

# clamd.conf(5): what holds where an option isn't set.
_ON_ACCESS_LIMIT = 5 << 20
_FILE_LIMIT = 100 << 20
_SIZE = re.compile(r"([0-9]{1,12})([KkMmGg]?)")
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}
_MOST = 200
_LONGEST = 4096

_DEFENDER_LEVELS = ("real_time", "on_demand", "passive")
_DEFENDER_KEYS = ("$type", "path", "extension", "name", "isDirectory", "scopes")
_DEFENDER_SECTIONS = ("exclusionSettings", "antivirusEngine")

_SCAN_NUMBERS = ("scanned", "infected", "too_large", "errors")
_SCANNERS = re.compile(r"(?m)^[^#\n]*\b(?:clamscan|clamdscan|clamonacc)\b[^\n]*$")


def size(text: str) -> int | None:
    """A size of clamd.conf in bytes; None for what is none."""
    found = _SIZE.fullmatch(text)
    return None if found is None else int(found[1]) << _UNITS[found[2].lower()]


def configuration_document(path: str, options: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What clamd.conf says that is judged."""

    def many(name: str) -> list[str]:
        return [text[:_LONGEST] for text in options.get(name, ())][:_MOST]

    def limit(name: str, default: int) -> int | None:
        values = options.get(name)
        return size(values[0]) if values else default

    known = dict(options.items())
    return {
        "path": path,
        "user": (many("User") or ["clamav"])[0],
        "include": many("OnAccessIncludePath"),
        "mount": many("OnAccessMountPath"),
        "exclude": many("OnAccessExcludePath"),
        "expressions": many("ExcludePath"),
        "excluded_users": many("OnAccessExcludeUname"),
        "excluded_uids": many("OnAccessExcludeUID"),
        "excludes_root": is_on(known, "OnAccessExcludeRootUID"),
        "prevention": is_on(known, "OnAccessPrevention"),
        "deny_on_error": is_on(known, "OnAccessDenyOnError"),
        "alerts_on_size": is_on(known, "AlertExceedsMax"),
        "on_access_limit": limit("OnAccessMaxFileSize", _ON_ACCESS_LIMIT),
        "file_limit": limit("MaxFileSize", _FILE_LIMIT),
        "runs_on_find": bool(options.get("VirusEvent")),
    }


def option(arguments: Sequence[str], *names: str) -> str | None:
    """The value of an option on a command line: C(--name=value), C(--name value) or C(-n value)."""
    for number, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in names:
            following = list(arguments[number + 1 : number + 2])
            return value if equals else following[0] if following else None
    return None


def taking_away(arguments: Iterable[str]) -> list[str]:
    """The words of a command line by which files are taken away."""
    return sorted({word[:200] for word in arguments if word.partition("=")[0] in TAKES_AWAY})


def taking_away_in(text: str) -> list[str]:
    """The same, of every line of a unit or a schedule that runs a scanner."""
    return sorted({word for line in _SCANNERS.findall(text) for word in taking_away(line.split())})


def defender_document(text: str) -> dict[str, Any]:
    """What mdatp_managed.json says that is judged; raises ValueError where it is no JSON."""
    document = json.loads(text)
    sections = {name: _section(document, name) for name in _DEFENDER_SECTIONS}
    engine, newer = sections["antivirusEngine"], sections["exclusionSettings"]
    level = engine.get("enforcementLevel")
    kept: dict[str, Any] = {}
    for name, section in sections.items():
        listed = section.get("exclusions")
        if isinstance(listed, list):
            kept[name] = {"exclusions": [_entry(item) for item in listed[:_MOST]]}
    return {
        "level": level if level in _DEFENDER_LEVELS else None,
        "merge": _word(newer.get("mergePolicy")),
        "older_merge": _word(engine.get("exclusionsMergePolicy")),
        "sections": kept,
    }


def _section(document: Any, name: str) -> dict[str, Any]:
    section = document.get(name) if isinstance(document, dict) else None
    return section if isinstance(section, dict) else {}


def _entry(item: Any) -> Any:
    return {key: item[key] for key in _DEFENDER_KEYS if key in item} if isinstance(item, dict) else {}


def _word(value: Any) -> str | None:
    return value if value in ("merge", "admin_only") else None


def parse_scan(text: str) -> dict[str, Any] | None:
    """The report of the scheduled scan in numbers; None where it is nothing of that kind. No file is named."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("schema") != SCAN_SCHEMA:
        return None
    known: dict[str, Any] = {name: document.get(name) for name in _SCAN_NUMBERS}
    lists = {name: document.get(name) for name in ("paths", "excluded")}
    return {
        **{name: value if isinstance(value, int) else None for name, value in known.items()},
        **{name: [str(one) for one in value] if isinstance(value, list) else [] for name, value in lists.items()},
        "ended": str(document["ended"]) if document.get("ended") else None,
        "complete": document.get("complete") is True,
    }


def canary_document(tried_at: str, proven: bool, findings: Sequence[str], tried: Sequence[Any]) -> dict[str, Any]:
    """What is kept of a test with test files."""
    return {
        "format": CANARY_FORMAT,
        "tried_at": tried_at,
        "proven": proven,
        "findings": list(findings),
        "tried": list(tried),
    }


def parse_canary(text: str) -> dict[str, Any] | None:
    """What was kept; None where it is nothing of that kind."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("format") != CANARY_FORMAT:
        return None
    tried, findings = document.get("tried"), document.get("findings")
    if not isinstance(tried, list) or not isinstance(findings, list):
        return None
    return canary_document(
        str(document.get("tried_at")), document.get("proven") is True, [str(one) for one in findings], tried[:_MOST]
    )
