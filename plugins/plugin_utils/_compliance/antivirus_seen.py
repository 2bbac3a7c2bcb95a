# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of an antivirus agent, in no agent's words: what the evidence of each agent is turned into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .._antivirus.facts import PathFacts
from .._antivirus.model import Exclusion
from .._antivirus.paths import lies_in


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why something isn't known."""

    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """What antivirus is to do on one device: where its images lie, where files come in, and what may be excluded."""

    stores: tuple[str, ...]
    landing: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An agent as it was found. Whatever couldn't be seen is Unknown.

    ``watching`` and ``blocks`` are what it does, ``protection`` the sentences on that. ``dated`` is the day and hour of
    its signatures, UTC, ISO 8601, None where it names none. ``in_force`` are its exclusions, ``void`` sentences on
    those that have no effect. ``openings`` are ways in which others than the administrator change what it does,
    ``harmful`` those in which it takes images away, ``spots`` what it doesn't see. ``watched`` are its directories.
    """

    title: str
    running: bool | Unknown
    watching: bool | Unknown
    blocks: bool | Unknown
    protection: tuple[str, ...]
    engine: str | Unknown
    dated: str | Unknown | None
    in_force: tuple[Exclusion, ...] | Unknown
    void: tuple[str, ...]
    openings: tuple[str, ...] | Unknown
    harmful: tuple[str, ...] | Unknown
    spots: tuple[str, ...] | Unknown
    spots_said: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    paths: Mapping[str, PathFacts] = field(default_factory=dict)
    changed: float | None = None


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list of the evidence; nothing for anything else."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def mapping(value: object) -> Mapping[str, Any]:
    """A part of the evidence that must be a mapping; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> tuple[Mapping[str, Any], ...]:
    """The mappings of a list of the evidence; nothing for anything else."""
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()


def number(value: object) -> int | None:
    """A count of the evidence; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def day_of(value: object) -> date | None:
    """The day of a moment in ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).date()
    except ValueError:
        return None


def path_facts(value: object) -> PathFacts | None:
    """What the evidence says of a path; None where it says nothing that can be understood."""
    about = mapping(value)
    if not isinstance(about.get("exists"), bool) or not isinstance(about.get("real_path"), str):
        return None
    return PathFacts(
        exists=about["exists"],
        real_path=about["real_path"],
        mount_point=str(about.get("mount_point", "")),
        filesystem=str(about.get("filesystem", "")),
        mount_options=texts(about.get("mount_options")),
        writable_by_others=about.get("writable_by_others") is True,
        second_names=texts(about.get("second_names")),
    )


def inside(path: str, outers: tuple[str, ...]) -> bool:
    """Whether a directory lies in one of the others."""
    return lies_in(path, outers, "linux") is not None
