# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which undeclared connections one firewall has seen, in rows for people: the ends by their names in the site.

An address that nobody declares may be somebody's. It is never shown: its zone is, and how many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from .._observed.cut import CutFlow, seen_since, still_open, undeclared
from .._observed.looks import looks_like, parts_of
from .._observed.model import FirewallView, FlowKey
from .._observed.names import End
from .._observed.services import Services
from .._observed.words import ago, plural, times
from .._policy.site import Compiled

#: ``open``: established now. ``passes``: the firewall watches and lets it pass. ``refused``: since the rules in force.
#: ``earlier``: seen under earlier rules, and not since. ``probe``: what this report tries itself.
State = Literal["open", "passes", "refused", "earlier", "probe"]
Weight = Literal["fails", "warns", "notes"]
STATES: tuple[State, ...] = ("open", "passes", "refused", "earlier", "probe")
_OPEN: State = "open"
WEIGHTS: tuple[Weight, ...] = ("fails", "warns", "notes")

#: A source with more rows than that becomes one row: an archive that nobody declared yet, or a scanner.
_ONE_BY_ONE = 12
_WORDS: dict[State, str] = {
    "open": "still open, though nothing declares it",
    "passes": "would be cut",
    "refused": "refused",
    "earlier": "seen under earlier rules, and not since",
    "probe": "tried by this report itself",
}


@dataclass(frozen=True, slots=True)
class Row:
    """Undeclared connections that look alike. ``count``: attempts, or of open ones how many; ``idle``: seconds since
    the last attempt, None where it isn't known; ``what``: what it looks like.
    """

    state: State
    weight: Weight
    source: str
    destination: str
    service: str
    count: int
    idle: int | None
    what: str

    @property
    def text(self) -> str:
        """``would be cut: ct7 -> pacs1:104 tcp, 12 times, last 3 min ago: looks like images stored (RAD-8)``."""
        joint = ", " if "port" in self.service else ":"
        often = plural(self.count, "connection") if self.state == "open" else times(self.count)
        last = f", last {ago(self.idle)}" if self.idle is not None and self.state != "open" else ""
        what = f": {self.what}" if self.what else ""
        return f"{_WORDS[self.state]}: {self.source} -> {self.destination}{joint}{self.service}, {often}{last}{what}"


@dataclass(slots=True)
class _Alike:
    """What becomes one row."""

    sources: set[str] = field(default_factory=set)
    destinations: set[str] = field(default_factory=set)
    services: set[tuple[str, int]] = field(default_factory=set)
    count: int = 0
    idle: int | None = None

    def add(self, other: _Alike) -> None:
        """Take another in."""
        self.sources |= other.sources
        self.destinations |= other.destinations
        self.services |= other.services
        self.count += other.count
        self.idle = min((idle for idle in (self.idle, other.idle) if idle is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Kind:
    """In what connections must agree to be one row: ends are names, or the zones of addresses without one."""

    state: State
    weight: Weight
    source: str
    destination: str
    service: str
    what: str


def seen_rows(compiled: Compiled, name: str, view: FirewallView, probes: Collection[FlowKey]) -> tuple[Row, ...]:
    """The rows of the firewall ``name``, what matters most first. ``probes``: connections that this report tries."""
    policy = compiled.policies[name]
    remembered = undeclared(compiled.site, policy, view)
    opened = still_open(compiled.site, policy, view)
    if view.mode == "watch":
        # What is remembered passes, whether it is open at this moment or not.
        known = {one.flow.key for one in remembered}
        opened = tuple(one for one in opened if one.flow.key not in known)
    else:
        known = {one.flow.key for one in opened}
        remembered = tuple(one for one in remembered if one.flow.key not in known)
    found = [(_OPEN, one) for one in opened]
    return _rows(compiled, view, [*found, *((_state(view, one, probes), one) for one in remembered)])


def _state(view: FirewallView, one: CutFlow, probes: Collection[FlowKey]) -> State:
    """What became of a remembered connection."""
    if one.flow.key in probes:
        return "probe"
    if view.mode == "watch":
        return "passes"
    known = view.since is not None and view.read_at is not None and one.flow.idle is not None
    return "earlier" if known and not seen_since(view, one.flow) else "refused"


def _weight(state: State, one: CutFlow, mode: str | None) -> Weight:
    """A declared device in what still passes fails. Where the firewall enforces, so does whatever passes all the same.
    Passing strangers deserve a look, and so does a device that is refused again and again.
    """
    if state in ("open", "passes"):
        return "fails" if one.devices or mode == "enforce" else "warns"
    return "warns" if state == "refused" and one.source.kind == "device" else "notes"


def _rows(compiled: Compiled, view: FirewallView, found: Iterable[tuple[State, CutFlow]]) -> tuple[Row, ...]:
    services, parts = Services(compiled.site), parts_of(compiled.site)
    alike: dict[_Kind, _Alike] = defaultdict(_Alike)
    for state, one in found:
        key = one.flow.key
        known = services.of(key.destination, key.protocol, key.port)
        what = looks_like(parts, one.source.name, one.destination.name, known)
        if one.another_way:
            what += "; declared, but it came or went by another interface than the site expects"
        ends = (_place(one.source), _place(one.destination))
        kind = _Kind(state, _weight(state, one, view.mode), *ends, f"{key.port} {key.protocol}", what)
        alike[kind].add(
            _Alike({key.source}, {key.destination}, {(key.protocol, key.port)}, one.flow.count, one.flow.idle)
        )
    rows = [row for kinds in _by_source(alike) for row in _few(kinds)]
    return tuple(sorted(rows, key=_order))


def _by_source(alike: dict[_Kind, _Alike]) -> Iterator[list[tuple[_Kind, _Alike]]]:
    groups: dict[tuple[State, Weight, str], list[tuple[_Kind, _Alike]]] = defaultdict(list)
    for kind, together in alike.items():
        groups[kind.state, kind.weight, kind.source].append((kind, together))
    yield from groups.values()


def _few(kinds: list[tuple[_Kind, _Alike]]) -> Iterator[Row]:
    """A row each; one for all of a source that has very many."""
    if len(kinds) <= _ONE_BY_ONE:
        for kind, one in kinds:
            ends = (_end(kind.source, one.sources), _end(kind.destination, one.destinations))
            yield Row(kind.state, kind.weight, *ends, kind.service, one.count, one.idle, kind.what)
        return
    whole = _Alike()
    for _kind, one in kinds:
        whole.add(one)
    first = kinds[0][0]
    one_place = len({kind.destination for kind, _one in kinds}) == 1
    target = _end(first.destination, whole.destinations) if one_place else f"{len(whole.destinations)} destinations"
    ends = (_end(first.source, whole.sources), target)
    ports = plural(len(whole.services), "port")
    what = first.what if len({kind.what for kind, _one in kinds}) == 1 else "several services"
    yield Row(first.state, first.weight, *ends, ports, whole.count, whole.idle, what)


def _place(end: End) -> str:
    """The name of an end; of an address without one the zone, after a blank that no name begins with."""
    return end.name or f" {end.zone or 'no zone'}"


def _end(place: str, addresses: Collection[str]) -> str:
    if not place.startswith(" "):
        return place
    some = "an address" if len(addresses) == 1 else f"{len(addresses)} addresses"
    return f"{some} in {place[1:]}"


def _order(row: Row) -> tuple[int, int, int, str, str, str]:
    places = (WEIGHTS.index(row.weight), STATES.index(row.state), -row.count)
    return (*places, row.source, row.destination, row.service)
