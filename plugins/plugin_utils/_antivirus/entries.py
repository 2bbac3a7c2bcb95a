# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exclusions as they are found: plain lists, and Defender's managed configuration. Nothing is refused for being unwise.

What can't be read at all is a fault; what is dangerous is the linter's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from .._site.reader import Reader, shown
from .load import ProfileError
from .model import CONTENTS, KINDS, PLATFORMS, Contents, Exclusion, Kind, Platform

ROOT = "exclusions"

#: Defender's words for what an entry excludes, and the key of its value.
_DEFENDER_TYPES: Mapping[str, tuple[Kind, str]] = {
    "excludedPath": ("path", "path"),
    "excludedFileExtension": ("extension", "extension"),
    "excludedFileName": ("process", "name"),
}
#: What the filter antivirus_exclusions says beside, for people.
_SAID = ("reason", "reference", "owner", "expires_on", "expired", "compensating_controls", "verified_on_site")
_SECTIONS = ("exclusionSettings", "antivirusEngine")


def read_exclusions(value: object, platform: Platform = "linux", root: str = ROOT) -> tuple[Exclusion, ...]:
    """Every entry of ``value``; raises ProfileError with all that can't be read.

    ``value`` is a list of paths, a list of mappings as the filter antivirus_exclusions returns them, of whose keys only
    ``value`` must be there, or the content of mdatp_managed.json.
    """
    reader = Reader()
    if is_defenders(value):
        found = _defender(reader, value, root)
    else:
        items = [_entry(reader, item, path, platform) for path, item in reader.items(value, root)]
        found = [item for item in items if item is not None]
    if reader.faults:
        raise ProfileError(reader.faults)
    return tuple(found)


def is_defenders(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether it looks like the content of mdatp_managed.json."""
    return isinstance(value, Mapping) and any(section in value for section in _SECTIONS)


def _entry(reader: Reader, value: object, path: str, platform: Platform) -> Exclusion | None:
    if isinstance(value, str):
        text = reader.text(value, path)
        return None if text is None else Exclusion(_guessed(text), text, path, platform)
    optional = ("kind", "platform", "profile", "contains", "scopes", *_SAID)
    fields = reader.fields(value, path, ("value",), optional)
    text = fields.one("value", reader.text)
    if text is None:
        return None
    contains: tuple[Contents, ...] = fields.each("contains", lambda item, where: reader.choice(item, where, CONTENTS))
    kind = fields.choice("kind", KINDS)
    scopes = fields.names("scopes") if "scopes" in fields else None
    where: Platform = fields.choice("platform", PLATFORMS) or platform
    profile = fields.one("profile", reader.text)
    return Exclusion(kind or _guessed(text), text, path, where, profile, contains, scopes)


def _guessed(text: str) -> Kind:
    """``.dcm`` and ``*.dcm`` are extensions, whatever else is a path."""
    name = text.removeprefix("*")
    return "extension" if name.startswith(".") and not set(name) & set("/\\") and name.strip(".") else "path"


def _defender(reader: Reader, document: Mapping[str, object], root: str) -> list[Exclusion]:
    """Both sections that Defender reads; entries of the older one are of scope epp (Microsoft, linux-preferences)."""
    found = []
    for section in _SECTIONS:
        part = document.get(section)
        if part is None:
            continue
        if not isinstance(part, Mapping):
            reader.fault(f"{root}.{section}", f"{shown(part)} is not a mapping", "Write it as Defender documents it.")
            continue
        for path, item in reader.items(part.get("exclusions"), f"{root}.{section}.exclusions"):
            entry = _defender_entry(reader, item, path, ("epp",) if section == "antivirusEngine" else ())
            if entry is not None:
                found.append(entry)
    return found


def _defender_entry(reader: Reader, value: object, path: str, unsaid: tuple[str, ...]) -> Exclusion | None:
    fields = reader.fields(value, path, ("$type",), ("path", "extension", "name", "isDirectory", "scopes"))
    word = fields.choice("$type", _DEFENDER_TYPES)
    if word is None:
        return None
    kind, key = _DEFENDER_TYPES[word]
    if key not in fields:
        fields.fault(f"the key '{key}' is missing", f"Add '{key}'.")
        return None
    text = fields.one(key, reader.text)
    if text is None:
        return None
    scopes = fields.names("scopes") or unsaid
    directory = fields.flag("isDirectory")
    return Exclusion(kind, text, path, "linux", None, (), scopes, directory)
