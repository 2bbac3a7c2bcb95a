# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names on a medium: what a desktop acts upon by itself, and what is made to deceive. Private, pure."""

from __future__ import annotations

import re
import unicodedata

_AUTORUN = frozenset(
    # Windows; the freedesktop.org autostart specification; what Windows Explorer reads of a folder.
    ["autorun.inf", "autorun", ".autorun", "autorun.sh", "autoopen", ".autoopen", "desktop.ini", "folder.htt"]
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
#: A component of a file ID. PS3.10, 8.2, permits eight of A to Z, 0 to 9 and _; writers are laxer than that.
_FILE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_MOST_COMPONENTS = 8


def starts_by_itself(name: str) -> bool:
    """Whether a desktop reads a file of this name when a medium is put in, or its folder is opened."""
    return name.lower() in _AUTORUN


def odd(name: str) -> str:
    """Why a name can't be trusted to be what people see, as a word; empty if it can."""
    if "\\" in name or _RESERVED.fullmatch(name):
        return "not allowed on Windows"
    if name != name.strip(" ") or name.endswith("."):
        return "blanks or dots at its end"
    if any("\udc80" <= character <= "\udcff" for character in name):
        return "no UTF-8"
    for character in name:
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            return "control characters"
        if category == "Cf":
            return "invisible characters"
    return ""


def is_file_id(components: tuple[str, ...]) -> bool:
    """Whether these may be the components of a path on a medium."""
    return len(components) <= _MOST_COMPONENTS and all(
        _FILE_ID.fullmatch(component) and not component.endswith(".") for component in components
    )
