# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proposal as a file: what it rests on, the site, and what was seen and is not in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .files import SeenFile
from .model import FirewallView
from .propose import Proposal
from .site_text import comments, site_text
from .sorting import DOUBTS, Doubt, Doubtful
from .words import ago, moment, plural, times

#: Lines of one list; scans and the like are told by their sources. The JSON file has them all.
_MOST = 60
_ONE_BY_ONE = 12


def proposal_text(
    proposal: Proposal, views: Mapping[str, FirewallView], files: Sequence[SeenFile], now: datetime
) -> str:
    """The whole file."""
    head = [
        f"Proposed by pacs.hardening.propose on {moment(now)}, from what was seen:",
        *(f"  {line}" for line in sources(views, files)),
        *summary(proposal),
        "Look through it before you use it: the names of new devices, what is marked to be confirmed, the reasons.",
    ]
    if any(":" in address for name in proposal.new_devices for address in proposal.site["devices"][name]["addresses"]):
        head.append("An IPv4 and an IPv6 address of one machine are two devices here: give both to one where they are.")
    tail = [line for part in _parts(proposal) for line in ("", *part)]
    return "\n".join(
        ["---", *comments(head), "", site_text(proposal.site, proposal.remarks).rstrip(), *comments(tail), ""]
    )


def summary(proposal: Proposal) -> list[str]:
    """What came of it, in sentences."""
    lines = [f"It permits {plural(proposal.recognised, 'recognised flow')}, and administration; nothing else."]
    if proposal.new_devices:
        lines.append(f"It has {plural(len(proposal.new_devices), 'device')} that nobody had declared.")
    left_out = [
        f"{plural(len(flows), noun)} {why}"
        for flows, noun, why in (
            (proposal.doubtful, "flow", "that people must judge"),
            (proposal.unused, "declared flow", "that nobody used"),
        )
        if flows
    ]
    if left_out:
        lines.append(f"Not in it, but listed at its end: {' and '.join(left_out)}.")
    return [*lines, *proposal.notes]


def sources(views: Mapping[str, FirewallView], files: Sequence[SeenFile]) -> list[str]:
    """What it rests on, a line each."""
    lines = []
    for name, view in views.items():
        if view.mode is None:
            lines.append(f"{name}: wasn't read ({view.reason})")
        elif view.mode == "none":
            lines.append(f"{name}: has seen nothing ({view.reason})")
        else:
            verb = "watches" if view.mode == "watch" else "enforces"
            since = f" since {moment(view.since)}" if view.since else ""
            full = "; its memory was full, so this is not all" if view.not_remembered else ""
            seen = plural(len(view.undeclared) + len(view.declared), "flow")
            lines.append(f"{name}: {verb}{since}, {seen}{full}")
    for file in files:
        lines += [f"{file.name}: {file.what}, {plural(len(file.flows), 'flow')}", *(f"  {note}" for note in file.notes)]
    return lines


def _parts(proposal: Proposal) -> Iterable[list[str]]:
    by_doubt: dict[Doubt, list[Doubtful]] = defaultdict(list)
    for one in proposal.doubtful:
        by_doubt[one.doubt].append(one)
    if by_doubt:
        yield ["Seen, and not proposed:"]
    for doubt, text in DOUBTS.items():
        if by_doubt[doubt]:
            yield [f"{text[0].upper()}{text[1:]}:", *_listed(_doubtful(by_doubt[doubt]))]
    if proposal.unused:
        yield ["Declared so far, not seen, and so not proposed:", *_listed(proposal.unused)]
    if proposal.unstarted:
        ends = (f"{one}:{port} and {other}:{other_port}" for one, port, other, other_port in proposal.unstarted)
        yield ["Connections whose beginning was not captured, so that nobody can tell who opened them:", *_listed(ends)]


def _doubtful(flows: list[Doubtful]) -> list[str]:
    """One by one, the most frequent first; by their sources where one has very many."""
    by_source: dict[str, list[Doubtful]] = defaultdict(list)
    for flow in flows:
        by_source[str(flow.source)].append(flow)
    lines: list[tuple[int, str]] = []
    for source, many in by_source.items():
        count = sum(one.flow.count for one in many)
        if len(many) > _ONE_BY_ONE:
            targets = {one.flow.key.destination for one in many}
            ports = {(one.flow.key.protocol, one.flow.key.port) for one in many}
            where = f"{plural(len(targets), 'destination')}, {plural(len(ports), 'port')}"
            lines.append((count, f"{source}: {plural(len(many), 'flow')} to {where}, {times(count)} in all"))
        else:
            lines += [(one.flow.count, doubtful_line(one)) for one in many]
    return [line for _count, line in sorted(lines, key=lambda item: (-item[0], item[1]))]


def doubtful_line(one: Doubtful) -> str:
    """``10.1.20.77 (modality) -> pacs1:4444 tcp, 3 times, last 2 h ago``."""
    key = one.flow.key
    last = f", last {ago(one.flow.idle)}" if one.flow.idle is not None else ""
    return f"{one.source} -> {one.destination}:{key.port} {key.protocol}, {times(one.flow.count)}{last}"


def _listed(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    rest = [f"  and {len(every) - _MOST} more"] if len(every) > _MOST else []
    return [*(f"  {line}" for line in every[:_MOST]), *rest]


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    """All of it as plain data."""
    return {
        "format": 1,
        "site": proposal.site,
        "new_devices": proposal.new_devices,
        "recognised": proposal.recognised,
        "management": proposal.management,
        "not_proposed": [
            {
                "source": {"address": one.source.address, "name": one.source.name, "zone": one.source.zone},
                "destination": {
                    "address": one.destination.address,
                    "name": one.destination.name,
                    "zone": one.destination.zone,
                },
                "protocol": one.flow.key.protocol,
                "port": one.flow.key.port,
                "count": one.flow.count,
                "idle": one.flow.idle,
                "why": DOUBTS[one.doubt],
            }
            for one in proposal.doubtful
        ],
        "unused": proposal.unused,
        "unstarted": [list(one) for one in proposal.unstarted],
        "notes": proposal.notes,
    }
