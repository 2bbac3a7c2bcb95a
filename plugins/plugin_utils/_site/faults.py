# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a document, where it stands, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar

_SHOWN = 12


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A fault at ``path`` (like ``pacs_site.devices.ct1.zone``): the problem, and a sentence on how to mend it."""

    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class DocumentError(ValueError):
    """A document that can't be used; carries every fault that was found, not only the first.

    A subclass says in its headline which document, with the count of faults, and what that stopped.
    """

    headline: ClassVar[str] = "The document has {faults}."

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        noun = "1 fault" if count == 1 else f"{count} faults"
        lines = "\n".join(f"  {number}. {fault}" for number, fault in enumerate(self.faults, 1))
        super().__init__(f"{self.headline.format(faults=noun)}\n{lines}")


class SiteError(DocumentError):
    """A site that can't be used."""

    headline = "The declared site has {faults}; nothing was changed."


@dataclass(slots=True)
class Checked:
    """Faults forbid using the site; warnings don't."""

    faults: list[Fault] = field(default_factory=list)
    _warnings: list[Fault] = field(default_factory=list)

    def fault(self, path: str, problem: str, remedy: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(path, problem, remedy))

    def warn(self, path: str, problem: str, remedy: str) -> None:
        """Note a warning."""
        self._warnings.append(Fault(path, problem, remedy))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """All warnings, in the order in which they were found."""
        return tuple(self._warnings)


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """Propose the known word closest to ``word``; without one, list what is known."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    if len(names) > _SHOWN:
        return f"{otherwise}: {', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more."
    return f"{otherwise}: {', '.join(names)}." if names else f"{otherwise}: none."
