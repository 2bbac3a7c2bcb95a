# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mdatp_managed.json may say, as far as this collection writes it: a table of the keys and words that Microsoft
documents ("Set preferences for Microsoft Defender for Endpoint on Linux").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._site.faults import Fault
from ..._site.reader import shown

ROOT = "mdatp_managed.json"

#: By section and key: the words that are known there, or the type of the value.
_KEYS: Mapping[str, Mapping[str, tuple[str, ...] | type]] = {
    "antivirusEngine": {
        "enforcementLevel": ("real_time", "on_demand", "passive"),
        "nonExecMountPolicy": ("mute", "unmute"),
        "unmonitoredFilesystems": list,
        "disallowedThreatActions": list,
        "scanAfterDefinitionUpdate": bool,
        "scanArchives": bool,
        "maximumOnDemandScanThreads": int,
    },
    "cloudService": {
        "enabled": bool,
        "diagnosticLevel": ("optional", "required"),
        "automaticSampleSubmissionConsent": ("none", "safe", "all"),
        "automaticDefinitionUpdateEnabled": bool,
    },
    "exclusionSettings": {"mergePolicy": ("merge", "admin_only"), "exclusions": list},
}
#: By type of an exclusion: its keys, all of them required.
_EXCLUSIONS: Mapping[str, Mapping[str, type]] = {
    "excludedPath": {"path": str, "isDirectory": bool, "scopes": list},
    "excludedFileExtension": {"extension": str, "scopes": list},
    "excludedFileName": {"name": str, "scopes": list},
}
_SCOPES = ("epp", "global")


def schema_faults(document: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Whatever in it isn't documented, or isn't said in so many words: scopes and the merge policy among that."""
    return tuple(_faults(document))


def _faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    for section, values in document.items():
        known = _KEYS.get(section)
        if known is None or not isinstance(values, Mapping):
            yield Fault(f"{ROOT}.{section}", "no such section is documented", f"Known: {', '.join(_KEYS)}.")
            continue
        for key, value in values.items():
            yield from _value(f"{ROOT}.{section}.{key}", known.get(key), value)
    settings = document.get("exclusionSettings")
    if isinstance(settings, Mapping):
        if settings.get("mergePolicy") != "admin_only":
            remedy = "Write admin_only: else whoever is on the host adds exclusions of his own."
            yield Fault(f"{ROOT}.exclusionSettings.mergePolicy", "exclusions of others are merged in", remedy)
        entries = settings.get("exclusions")
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            yield from _exclusion(f"{ROOT}.exclusionSettings.exclusions[{number}]", entry)


def _value(path: str, known: tuple[str, ...] | type | None, value: object) -> Iterator[Fault]:
    if known is None:
        yield Fault(path, "no such key is documented", "Correct or remove it.")
    elif isinstance(known, tuple):
        if value not in known:
            yield Fault(path, f"{shown(value)} is not documented", f"Use {' or '.join(known)}.")
    elif not isinstance(value, known) or (known is int and isinstance(value, bool)):
        yield Fault(path, f"{shown(value)} is of another type", f"Write a value of type {known.__name__}.")


def _exclusion(path: str, entry: object) -> Iterator[Fault]:
    known = _EXCLUSIONS.get(str(entry.get("$type"))) if isinstance(entry, Mapping) else None
    if known is None or not isinstance(entry, Mapping):
        yield Fault(path, "an exclusion of no documented type", f"Set $type to {' or '.join(_EXCLUSIONS)}.")
        return
    for key in entry.keys() - known.keys() - {"$type"}:
        yield Fault(f"{path}.{key}", "no such key is documented", "Correct or remove it.")
    for key, kind in known.items():
        if key not in entry:
            remedy = "Add scopes: [epp]." if key == "scopes" else f"Add '{key}'."
            yield Fault(path, f"the key '{key}' is missing", remedy)
        else:
            yield from _value(f"{path}.{key}", kind, entry[key])
    scopes = entry.get("scopes")
    if isinstance(scopes, list) and (not scopes or set(scopes) - set(_SCOPES)):
        yield Fault(f"{path}.scopes", f"{shown(scopes)} are no documented scopes", f"Use {' or '.join(_SCOPES)}.")
