# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a host as they must be: find those that aren't, and put them in place. Private."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.files import mode_of, read_text, remove, replace_file


@dataclass(frozen=True)
class WantedFile:
    """A file as it must be; C(text) is None where there must be none. C(unit) reads it at its start."""

    path: str
    text: str | None
    mode: int
    unit: str | None


@dataclass(frozen=True)
class Change:
    """A file that isn't as it must be, and what it is now."""

    wanted: WantedFile
    before: str | None


def pending_changes(files: Iterable[WantedFile]) -> tuple[Change, ...]:
    """The files that aren't as they must be: another text, another mode, another owner than root."""
    found = []
    for wanted in files:
        before = read_text(wanted.path)
        same = before == wanted.text and (wanted.text is None or mode_of(wanted.path) == wanted.mode)
        if not same:
            found.append(Change(wanted, before))
    return tuple(found)


def put_in_place(changes: Iterable[Change]) -> None:
    """Write and remove, each whole."""
    for change in changes:
        if change.wanted.text is None:
            remove(change.wanted.path)
        else:
            replace_file(change.wanted.path, change.wanted.text, change.wanted.mode)


def differences(changes: Iterable[Change]) -> list[dict[str, str]]:
    """What C(--diff) shows of them."""
    return [difference(change.wanted.path, change.before, change.wanted.text) for change in changes]


def difference(path: str, before: str | None, after: str | None) -> dict[str, str]:
    """The same of one file; None where there is none."""
    return {"before_header": path, "after_header": path, "before": before or "", "after": after or ""}
