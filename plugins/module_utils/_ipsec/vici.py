# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what C(swanctl --raw --pretty) prints: events of vici, each a name with a message. Private, pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

Message = dict[str, Any]


def events(text: str, name: str) -> list[Message]:
    """The messages of all events of that name, like C(list-sa), in the order in which they came.

    A message maps keys to text, to a list of texts, or to another message. Raises HardeningError for anything else.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found: list[Message] = []
    at = 0
    while at < len(lines):
        head = lines[at]
        if not head.endswith("{"):
            raise HardeningError(f"swanctl printed something that isn't an event: {head[:80]}")
        message, at = _message(lines, at + 1)
        if head == f"{name} event {{":
            found.append(message)
    return found


def _message(lines: list[str], at: int) -> tuple[Message, int]:
    """A message from its first line on, and where the lines after it begin."""
    message: Message = {}
    while at < len(lines):
        line = lines[at]
        key, equals, value = line.partition(" = ")
        if line == "}":
            return message, at + 1
        if equals and value == "[":
            end = lines.index("]", at) if "]" in lines[at:] else len(lines)
            message[key] = lines[at + 1 : end]
            at = end
        elif equals or line.endswith(" ="):
            message[key if equals else line[:-2]] = value
        elif line.endswith("{"):
            message[line[:-1].strip()], at = _message(lines, at + 1)
            continue
        else:
            raise HardeningError(f"swanctl printed something that isn't a message: {line[:80]}")
        at += 1
    raise HardeningError("swanctl's output ends in the middle of a message")
