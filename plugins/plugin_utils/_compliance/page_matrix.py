# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zone table of the report page: a row for each zone from which, a column for each zone to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import page_words as words
from .page_words import Word


@dataclass(frozen=True)
class Cell:
    """One pair of zones. ``short`` is its text in the table; ``anchor`` is where its details stand, or empty."""

    source: str
    destination: str
    state: str
    word: Word
    short: str
    anchor: str
    declared: tuple[str, ...]
    witnesses: tuple[str, ...]
    how: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    zone: str
    cells: tuple[Cell, ...]


def matrix(zones: Sequence[str], cells: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """The table in the order of ``zones``; a pair that the document leaves out is shown as not stated.

    A cell of a zone that ``zones`` doesn't name gets its row and column at the end, so that nothing is lost.
    """
    stated = {(str(cell["from"]), str(cell["to"])): cell for cell in cells}
    names = list(dict.fromkeys([*zones, *(name for pair in stated for name in pair)]))
    return tuple(
        Row(
            zone=source,
            cells=tuple(
                _cell(source, destination, f"pair-{row}-{column}", stated.get((source, destination)))
                for column, destination in enumerate(names)
            ),
        )
        for row, source in enumerate(names)
    )


def _cell(source: str, destination: str, anchor: str, stated: Mapping[str, Any] | None) -> Cell:
    if stated is None:
        word = words.SAME_ZONE if source == destination else words.NOT_STATED
        return Cell(source, destination, "", word, word.word, "", (), (), ())
    state = str(stated["state"])
    declared = tuple(str(flow) for flow in stated["declared"])
    if state == "as declared":
        word = words.OPEN_AS_DECLARED if declared else words.SHUT_AS_DECLARED
        short = f"{len(declared)} declared" if declared else word.word
        anchor = ""
    else:
        word = words.CELLS.get(state, words.UNKNOWN)
        short = word.word
    return Cell(
        source=source,
        destination=destination,
        state=state,
        word=word,
        short=short,
        anchor=anchor,
        declared=declared,
        witnesses=tuple(str(sentence) for sentence in stated["witnesses"]),
        how=tuple(str(firewall) for firewall in stated["how"]),
    )


def deviations(cells: Iterable[Cell]) -> tuple[tuple[Word, tuple[Cell, ...]], ...]:
    """What isn't as declared, by state, the worst first."""
    found = [cell for cell in cells if cell.anchor]
    order = (*words.CELLS.values(), words.UNKNOWN)
    groups = ((word, tuple(cell for cell in found if cell.word == word)) for word in order)
    return tuple((word, group) for word, group in groups if group)


def matrix_sentence(cells: Iterable[Cell]) -> str:
    """How many pairs of zones are as declared, in one sentence."""
    stated = [cell for cell in cells if cell.state]
    fine = sum(cell.state == "as declared" for cell in stated)
    if fine == len(stated):
        return f"All {len(stated)} pairs of zones are as declared."
    return f"{fine} of {len(stated)} pairs of zones are as declared."
