# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves or refutes that a host's live rules do what a policy says: no more and no less.

Believes nothing about who wrote the rules. It reads all tables of the host, runs every base chain that a packet passes
on every packet at once (walk.py), and compares with the policy (expected.py) in both directions. Whatever it doesn't
understand leaves the packets that it may touch undecided.

Not judged: what the host itself sends (hook output), rules outside nftables (legacy iptables, tc, XDP), bridges, and
whether packets arrive here at all (routing).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._policy.model import EnforcementPolicy
from .expected import Demand, Expected, answers, expect_forward, expect_input
from .index import BoxIndex
from .interfaces import Interfaces, interface_names
from .listing import Ruleset, read_listing
from .packets import ESTABLISHED, IN, INVALID, NEW, OUT, RELATED, STATE, Box, Span, narrow, outside, without
from .program import Budget, Part, Path, Program, TooInvolved, uncovered
from .report import Sentences, Verdict, Verification, Witness, verification_document
from .walk import Entry, Outcome, execute
from .windows import open_ways
from .witness import Pointer, existing, likely_first

__all__ = ["Verification", "Witness", "verification_document", "verify"]

#: The hooks that a packet passes, in order. What leaves by postrouting may still be dropped there.
_HOOKS = {"forward": ("prerouting", "forward", "postrouting"), "input": ("prerouting", "input")}
_STEPS_A_QUESTION = 100_000
_STEPS_A_GLANCE = 500
_PASSING = (Outcome.ACCEPT, Outcome.PERHAPS_ACCEPT, Outcome.UNKNOWN)
_KNOWN_ADDRESSES = 8
_FIRST_THEN_OTHERS: tuple[Span, ...] = ((NEW, NEW), (INVALID, NEW - 1), (NEW + 1, RELATED))


def verify(listing: Mapping[str, Any], policy: EnforcementPolicy) -> Verification:
    """Judge the parsed JSON of ``nft -j list ruleset``; raise ListingError where it is something else."""
    ruleset = read_listing(listing)
    names = [*policy.interfaces, *_policy_interfaces(policy), *interface_names(ruleset)]
    interfaces = Interfaces(names)
    judge = _Judge(policy, interfaces)
    for family in (4, 6):
        windows = open_ways(ruleset, policy, family)
        for expected in (expect_forward(policy, interfaces, family, windows), expect_input(policy, interfaces, family)):
            judge.judge(expected, path_of(ruleset, expected, interfaces))
    return judge.result(ruleset.unfollowed)


def _policy_interfaces(policy: EnforcementPolicy) -> Iterator[str]:
    for passage in policy.passages:
        for way in passage.interfaces:
            yield from way
    yield from (admission.interface for admission in policy.admissions if admission.interface)


def path_of(ruleset: Ruleset, expected: Expected, interfaces: Interfaces) -> Path:
    """Every base chain on the way, executed on all packets of this IP version."""
    found = []
    families = ("inet", "ip" if expected.family == 4 else "ip6")
    for table in ruleset.tables:
        for chain in table.chains.values():
            if table.family in families and chain.hook in _HOOKS[expected.hook]:
                space = [expected.space]
                entries: list[Entry] = []
                if chain.kind == "nat":
                    # Only the first packet of a connection is shown to these chains.
                    first = narrow(expected.space, (STATE,), ((NEW, NEW),)) or expected.space
                    others = outside(expected.space, first)
                    entries = [Entry(box, Outcome.ACCEPT, f"{chain.place}, its policy", "") for box in others]
                    space = [first]
                entries += execute(table, chain, space, interfaces)
                # Where priorities are alike, one that may alter packets counts as the first.
                changes = not any(entry.outcome is Outcome.UNKNOWN for entry in entries)
                order = (_HOOKS[expected.hook].index(chain.hook), chain.priority, changes)
                found.append((order, Program(entries, table.doubt)))
    return Path([program for _order, program in sorted(found, key=lambda item: item[0])])


class _Judge:
    def __init__(self, policy: EnforcementPolicy, interfaces: Interfaces) -> None:
        self._interfaces = interfaces
        self._pointer = Pointer(interfaces, _known_addresses(policy, interfaces))
        self._declared = {interfaces.number(name): interfaces.number(name) for name in ("", "lo", *policy.interfaces)}
        numbers = range(interfaces.receiving[1] + 1)
        titles = {interfaces.name(number): interfaces.title(number) for number in numbers}
        self._sentences = Sentences(policy.zones, titles)
        self._blocked: list[Witness] = []
        self._undeclared: list[Witness] = []
        self._doubts: dict[str, None] = {}

    def result(self, unfollowed: Sequence[str]) -> Verification:
        """The verdict over everything that was judged."""
        doubts = (*unfollowed, *self._doubts)
        if unfollowed:
            # What isn't followed may change or drop any packet, so no witness is certain.
            return Verification("not proven", (), (), doubts)
        verdict: Verdict = "proven"
        if self._blocked or self._undeclared:
            verdict = "refuted"
        elif doubts:
            verdict = "not proven"
        return Verification(verdict, tuple(self._blocked), tuple(self._undeclared), doubts)

    def judge(self, expected: Expected, path: Path) -> None:
        """Compare one hook and IP version in both directions."""
        self._find_blocked(path, expected.demands)
        for state in (ESTABLISHED, RELATED):
            if not _all_pass(path, expected, state):
                self._find_blocked(
                    path,
                    (
                        answer
                        for demand in expected.demands
                        for answer in answers(expected, demand)
                        if answer.box[STATE][0] == state
                    ),
                )
        self._find_undeclared(path, expected)

    def _find_blocked(self, path: Path, demands: Iterable[Demand]) -> None:
        """Ask for every packet that must pass; one witness a group of them."""
        done: set[tuple[str, ...]] = set()
        for demand in demands:
            if demand.group in done or all(program.accepts_all(demand.box, demand.whole) for program in path.programs):
                continue
            try:
                for part in path.parts(demand.box, Budget(_STEPS_A_QUESTION)):
                    if part.doubts:
                        self._doubt(part)
                    elif part.outcome is Outcome.DROP:
                        packet = self._pointer.pick(part.box)
                        text = self._sentences.stops(packet, demand.flow)
                        self._blocked.append(Witness(packet, demand.flow, part.entry.place, text))
                        done.add(demand.group)
                        break
            except TooInvolved:
                self._doubts[f"too many overlapping rules for what is declared as {demand.flow}"] = None

    def _find_undeclared(self, path: Path, expected: Expected) -> None:
        """Look for packets that pass and aren't allowed; one witness a pair of interfaces.

        All interfaces that the site doesn't declare are one in this.
        """
        suspects = _suspects(path, expected)
        allowed = BoxIndex(expected.allowed)
        done: set[tuple[int, int]] = set()
        for way_in, way_out in _ways(suspects):
            group = (self._declared.get(way_in, -1), self._declared.get(way_out, -1))
            if group in done:
                continue
            budget = Budget(_STEPS_A_QUESTION)
            try:
                for box in _on_way(suspects, way_in, way_out):
                    if self._undeclared_in(path, expected, allowed, box, budget):
                        done.add(group)
                        break
            except TooInvolved:
                ends = (
                    f"{self._interfaces.title(way_in)} and {self._interfaces.title(way_out) or 'the firewall itself'}"
                )
                self._doubts[f"too many overlapping rules between {ends}"] = None

    def _undeclared_in(self, path: Path, expected: Expected, allowed: BoxIndex, box: Box, budget: Budget) -> bool:
        pieces = (piece for part in likely_first(box) for piece in uncovered(part, expected.allowed, allowed, budget))
        for piece in pieces:
            for real in existing(piece):
                for part in path.parts(real, budget):
                    if part.doubts:
                        self._doubt(part)
                    elif part.outcome is Outcome.ACCEPT:
                        packet = self._pointer.pick(part.box)
                        where = part.entry.place or "no chain judges it"
                        self._undeclared.append(Witness(packet, "", where, self._sentences.passes(packet)))
                        return True
        return False

    def _doubt(self, part: Part) -> None:
        for entry in part.doubts:
            self._doubts[f"{entry.place}: {entry.doubt}"] = None


def _all_pass(path: Path, expected: Expected, state: int) -> bool:
    """True if all packets of a state that may pass do, as can be seen at a glance; False says nothing."""
    box = narrow(expected.space, (STATE,), ((state, state),))
    budget = Budget(_STEPS_A_GLANCE * (1 + len(expected.closed)))
    try:
        return box is None or all(
            part.outcome is Outcome.ACCEPT and not part.doubts
            for piece in without([box], expected.closed)
            for part in path.parts(piece, budget)
        )
    except TooInvolved:
        return False


def _suspects(path: Path, expected: Expected) -> list[Box]:
    """Boxes that hold every packet that passes and isn't allowed: of the chain that leaves the fewest.

    What passes must pass every chain, so each of them gives such boxes, and one that lets through nothing but what is
    allowed settles it.
    """
    allowed = set(expected.allowed)
    index = BoxIndex(expected.allowed)
    best: list[Box] = [expected.space]
    for program in path.programs:
        if program.doubt:
            continue
        let_through = dict.fromkeys(
            entry.box for entry in program.entries if entry.outcome in _PASSING and entry.box not in allowed
        )
        suspects = _sticking_out(let_through, expected.allowed, index)
        if program is path.programs[0] or len(suspects) < len(best) or best == [expected.space]:
            best = suspects
    return best


def _sticking_out(boxes: Iterable[Box], allowed: Sequence[Box], index: BoxIndex) -> list[Box]:
    """Those of some boxes that hold more than what is allowed; where one of a way does, all others of it as well."""
    ways: set[tuple[Span, Span]] = set()
    found = []
    for box in boxes:
        way = (box[IN], box[OUT])
        if way in ways or _sticks_out(box, allowed, index):
            ways.add(way)
            found.append(box)
    return found


def _sticks_out(box: Box, allowed: Sequence[Box], index: BoxIndex) -> bool:
    try:
        return any(
            True for piece in uncovered(box, allowed, index, Budget(_STEPS_A_QUESTION)) for _real in existing(piece)
        )
    except TooInvolved:
        return True


def _ways(boxes: Iterable[Box]) -> list[tuple[int, int]]:
    """The pairs of interfaces of some boxes."""
    spans = dict.fromkeys((box[IN], box[OUT]) for box in boxes)
    return sorted(
        {
            (way_in, way_out)
            for ways_in, ways_out in spans
            for way_in in range(ways_in[0], ways_in[1] + 1)
            for way_out in range(ways_out[0], ways_out[1] + 1)
        }
    )


def _on_way(boxes: Sequence[Box], way_in: int, way_out: int) -> Iterator[Box]:
    """The boxes as far as they take a way; first packets of connections come first, for they tell people most."""
    for states in _FIRST_THEN_OTHERS:
        bounds: tuple[Span, ...] = ((way_in, way_in), (way_out, way_out), states)
        yield from (part for box in boxes if (part := narrow(box, (IN, OUT, STATE), bounds)) is not None)


def _known_addresses(policy: EnforcementPolicy, interfaces: Interfaces) -> Mapping[tuple[int, int], list[int]]:
    """Some declared addresses by IP version and the interface behind which they stand."""
    found: dict[tuple[int, int], list[int]] = {}
    ends = [
        end
        for passage in policy.passages
        for permit in passage.permits[:_KNOWN_ADDRESSES]
        for entry, leg in passage.interfaces
        for end in ((entry, permit.source), (leg, permit.destination))
    ]
    ends += [(admission.interface, admission.source) for admission in policy.admissions if admission.interface]
    for name, network in ends:
        if network.prefixlen == 0:
            continue  # the outside: any address, and so none that people know
        behind = found.setdefault((network.version, interfaces.number(name)), [])
        address = int(network[0]) if network.num_addresses == 1 else int(network[1])
        if address not in behind and len(behind) < _KNOWN_ADDRESSES:
            behind.append(address)
    return found
