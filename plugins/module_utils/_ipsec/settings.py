# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what swanctl.conf says of connections (swanctl.conf(5), strongswan.conf(5)). Private, pure.

Secrets stand in the same files, in sections of their own, and aren't kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_PIECE = re.compile(r'#[^\n]*|"(?:\\.|[^"\\])*"|[{}\n;]|=|[^\s{}=;#"]+')
_CONNECTIONS = "connections"


@dataclass
class Section:
    """A section: its values and the sections in it, both by name. I(inherits): it takes more from elsewhere."""

    values: dict[str, str] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    inherits: bool = False


def read_settings(text: str) -> tuple[Section, tuple[str, ...]]:
    """The settings of a file, and the patterns of files that it includes. Raises HardeningError."""
    root, includes = Section(), []
    open_sections = [root]
    for kind, key, value in _statements(text):
        here = open_sections[-1]
        if kind == "include":
            if len(open_sections) > 1:
                raise HardeningError("an include within a section, which isn't followed here")
            includes.append(value)
        elif kind == "open":
            name, colon, _others = key.partition(":")
            section = here.sections.setdefault(name.strip(), Section())
            section.inherits = section.inherits or bool(colon)
            open_sections.append(section)
        elif kind == "close":
            if len(open_sections) == 1:
                raise HardeningError("a closing brace too many")
            open_sections.pop()
        else:
            here.values[key] = value
    if len(open_sections) > 1:
        raise HardeningError("a section without an end")
    return root, tuple(includes)


def merge(into: Section, other: Section) -> None:
    """Add what another file says: later ones win."""
    into.values.update(other.values)
    into.inherits = into.inherits or other.inherits
    for name, section in other.sections.items():
        merge(into.sections.setdefault(name, Section()), section)


def connections_in(root: Section) -> dict[str, dict[str, Any]]:
    """What is judged of each connection, by its name; lists of proposals are None where nothing is said of them."""
    listed = root.sections.get(_CONNECTIONS, Section())
    return {name: _connection(section) for name, section in listed.sections.items()}


def _connection(section: Section) -> dict[str, Any]:
    ends = {
        kind: [_end(part) for name, part in section.sections.items() if name.startswith(kind)]
        for kind in ("local", "remote")
    }
    children = section.sections.get("children", Section())
    return {
        "version": section.values.get("version"),
        "aggressive": section.values.get("aggressive") == "yes",
        "proposals": _list(section.values.get("proposals")),
        "inherits": _inherits(section),
        **ends,
        "children": {name: _list(child.values.get("esp_proposals")) for name, child in children.sections.items()},
    }


def _end(section: Section) -> dict[str, Any]:
    return {"auth": section.values.get("auth"), "revocation": section.values.get("revocation")}


def _inherits(section: Section) -> bool:
    return section.inherits or any(_inherits(inner) for inner in section.sections.values())


def _list(value: str | None) -> list[str] | None:
    return None if value is None else [word.strip() for word in value.split(",") if word.strip()]


def _statements(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, key and value: C(set), C(open), C(close) or C(include)."""
    words: list[str] = []
    for piece in [*_PIECE.findall(text), "\n"]:
        if piece.startswith("#"):
            continue
        if piece not in ("{", "}", "\n", ";"):
            words.append(piece)
            continue
        if piece == "{":
            yield "open", " ".join(words), ""
            words = []
            continue
        if words:
            yield _said(words)
            words = []
        if piece == "}":
            yield "close", "", ""


def _said(words: list[str]) -> tuple[str, str, str]:
    if words[0] == "include" and len(words) > 1:
        return "include", "", " ".join(words[1:]).strip('"')
    if len(words) < 2 or words[1] != "=":
        raise HardeningError("a line that is neither a section nor a value")
    return "set", words[0], " ".join(words[2:]).strip('"')
