# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interventions as files that C(pacs-access) reads, and windows as it lists them. Private, pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
_SET = re.compile(r"window[46]_[A-Za-z0-9_]+")
_KEY = re.compile(r"[0-9a-f.:]+ \. [0-9a-f.:]+ \. (tcp|udp) \. [0-9]{1,5}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\"\\]+")
#: Words of the file whose values are text, in its order.
_TEXTS = ("from", "to", "what", "reason", "owner", "contract")


@dataclass(frozen=True)
class Window:
    """An open window. Times in seconds: I(granted) and I(deadline) since 1970, I(left) as the kernel counts it."""

    id: str
    name: str
    ticket: str
    reason: str
    by: str
    granted: int
    deadline: int
    left: int


def file_text(intervention: Mapping[str, Any]) -> str:
    """The file of one intervention, lines of a word and a value. Raises HardeningError for what isn't one."""
    name = valid_name(str(intervention["name"]))
    lines = [f"name {name}"]
    lines += [f"{word} {_UNPRINTABLE.sub(' ', str(intervention[word])).strip()}" for word in _TEXTS]
    lines += [
        f"longest {int(intervention['longest_minutes'])}",
        f"on_call {'yes' if intervention['on_call'] else 'no'}",
    ]
    if intervention["also"]:
        lines.append(f"also {' '.join(valid_name(str(one)) for one in intervention['also'])}")
    elements = [(set_name, key) for set_name, keys in intervention["elements"].items() for key in keys]
    for set_name, key in elements:
        if not _SET.fullmatch(set_name) or not _KEY.fullmatch(key):
            raise HardeningError(f"the intervention {name} has an element that isn't understood")
        lines.append(f"element {set_name} {key}")
    if not elements:
        raise HardeningError(f"the intervention {name} opens nothing on this firewall")
    return "\n".join(lines) + "\n"


def valid_name(text: str) -> str:
    """The name of an intervention or a window, which is the name of a file, too. Raises HardeningError."""
    if not _NAME.fullmatch(text):
        raise HardeningError(f"{text!r} isn't a name: use letters, digits, and . _ -")
    return text


def windows_in(listing: str) -> tuple[Window, ...]:
    """What C(pacs-access list --json) printed. Raises HardeningError."""
    try:
        return tuple(Window(**json.loads(line)) for line in listing.splitlines())
    except (ValueError, TypeError) as exc:
        raise HardeningError(f"pacs-access printed a list that isn't understood: {exc}") from exc


def window_named(windows: Sequence[Window], name: str) -> Window | None:
    """The window that is open for an intervention."""
    return next((window for window in windows if window.name == name and window.left > 0), None)
