"""Interleaved runs, their medians, and one line of the table for each thing that has a budget.

The machine may be busy, and busier in one second than in the next. So what is compared is run in turns, each round's
ratio is taken within that round, and the line shows the median of the ratios and how far they lie apart.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

ROUNDS = 7
NOT_MEASURED = "not measured"


class NotMeasured(Exception):
    """Why a benchmark can't run on this machine, in one sentence."""


@dataclass(frozen=True)
class Limit:
    """A budget: the ratio or number must be at most, or at least, this."""

    bound: float
    least: bool = False

    def met(self, value: float) -> bool:
        """Whether a measured value keeps it."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.bound:g}"


def at_most(bound: float) -> Limit:
    """A budget that a value must not exceed."""
    return Limit(bound)


def at_least(bound: float) -> Limit:
    """A budget that a value must reach."""
    return Limit(bound, least=True)


@dataclass(frozen=True)
class Line:
    """One line of the table. ``met`` is None for a number that has no budget, or that couldn't be measured."""

    what: str
    measured: str
    against: str = ""
    ratio: str = ""
    budget: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Sample:
    """The values of one thing, one a round, in rounds that others shared."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def over(self, other: Sample) -> Sample:
        """The ratio to another thing, round by round."""
        return Sample(tuple(mine / its for mine, its in zip(self.values, other.values, strict=True)))

    def text(self, unit: str = "") -> str:
        """The median and, in brackets, the lowest and the highest."""
        low, middle, high = (_number(value) for value in (min(self.values), self.median, max(self.values)))
        return f"{middle}{unit} ({low}-{high})"


def interleaved(
    works: Mapping[str, Callable[[], float]], rounds: int = ROUNDS, within: float = float("inf")
) -> dict[str, Sample]:
    """Run every work once a round, in turns that begin with another one each round; works return what they measured.

    Once ``within`` seconds are over no further round begins.
    """
    names = list(works)
    values: dict[str, list[float]] = {name: [] for name in names}
    end = time.monotonic() + within
    for turn in range(rounds):
        if turn and time.monotonic() > end:
            break
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            gc.collect()
            values[name].append(works[name]())
    return {name: Sample(tuple(found)) for name, found in values.items()}


def seconds(work: Callable[[], Any]) -> Callable[[], float]:
    """The same work, as one that returns the seconds that it took."""

    def timed() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return timed


def ratio(what: str, mine: Sample, against: str, its: Sample, limit: Limit | None, unit: str = " s") -> Line:
    """A line that compares two samples of the same rounds."""
    found = mine.over(its)
    return Line(
        what,
        mine.text(unit),
        f"{against}: {its.text(unit)}",
        found.text("x"),
        f"{limit}x" if limit else "",
        limit.met(found.median) if limit else None,
    )


def number(what: str, mine: Sample, unit: str, limit: Limit | None, against: str = "") -> Line:
    """A line for a plain number."""
    return Line(
        what,
        mine.text(unit),
        against,
        "",
        f"{limit}{unit}" if limit else "",
        limit.met(mine.median) if limit else None,
    )


def missing(what: str, error: NotMeasured) -> Line:
    """A line for what can't be measured here, with the reason."""
    return Line(what, NOT_MEASURED, str(error))


def _number(value: float) -> str:
    """Three digits that matter, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
