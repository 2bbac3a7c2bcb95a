# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orthanc's configuration files as Orthanc reads them: variables, comments, trailing commas, several files. Private,
pure.

No message of this module quotes what it read: a configuration holds passwords.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable

_VARIABLE = re.compile(r"\$\{([^:{}]*)(?::-([^{}]*))?\}")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True)
class SourceFile:
    """One file of a configuration; I(path) is what Orthanc calls it, I(changed) the time of its last change."""

    path: str
    text: str
    changed: float = 0.0


def merge(files: Sequence[SourceFile], environment: Mapping[str, str] | None) -> dict[str, Any]:
    """The sections of all files. I(environment) is that of the server, None where it isn't known.

    Raises Unreadable where Orthanc would refuse to start, and where the environment would be needed.
    """
    merged: dict[str, Any] = {}
    for file in files:
        sections = _parse(file, environment)
        if merged.keys() & sections.keys():
            raise Unreadable(f"{file.path} has a section that another file has too; Orthanc refuses to start with that")
        merged.update(sections)
    return merged


def substitute(text: str, environment: Mapping[str, str]) -> str:
    """Replace C(${NAME}) and C(${NAME:-default}); a default may be in quotes, an unset name becomes empty."""

    def value(match: re.Match[str]) -> str:
        default = match.group(2) or ""
        if len(default) >= 2 and default[0] == default[-1] and default[0] in "\"'":
            default = default[1:-1]
        return environment.get(match.group(1), default)

    return _VARIABLE.sub(value, text)


def _parse(file: SourceFile, environment: Mapping[str, str] | None) -> dict[str, Any]:
    text = file.text.lstrip("\ufeff")
    if _VARIABLE.search(text):
        if environment is None:
            raise Unreadable(f"{file.path} uses environment variables, and those of the server can't be seen")
        text = substitute(text, environment)
    text = _STRING_OR_COMMENT.sub(_without_comment, text)
    text = _STRING_OR_COMMA.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)
    start = len(text) - len(text.lstrip())
    decoder = json.JSONDecoder(strict=False, parse_constant=_no_constant)
    try:
        # Like Orthanc's reader: what follows the first value doesn't count.
        sections, _end = decoder.raw_decode(text, start)
    except (ValueError, RecursionError) as exc:
        where = f" (line {exc.lineno})" if isinstance(exc, json.JSONDecodeError) else ""
        raise Unreadable(f"{file.path} can't be parsed{where}") from exc
    if not isinstance(sections, dict):
        raise Unreadable(f"{file.path} holds no sections")
    return sections


def _without_comment(match: re.Match[str]) -> str:
    found = match[0]
    return found if found.startswith('"') else " " + "\n" * found.count("\n")


def _no_constant(name: str) -> Any:
    raise ValueError(name)
