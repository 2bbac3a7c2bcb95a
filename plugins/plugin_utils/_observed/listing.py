# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows from listings of tracked connections: ``conntrack -L``, ``conntrack -E``, ``/proc/net/nf_conntrack``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from ...module_utils._observed.conntrack import Tracked, parse_line
from .model import FlowKey, SeenFlow

#: Events of one connection; it is counted once, at its beginning where that is listed.
_EVENTS = ("[NEW]", "[DESTROY]", "[UPDATE]")


@dataclass(slots=True)
class Listing:
    """What a listing holds: flows, and how many of its lines are about connections."""

    lines: int = 0
    flows: list[SeenFlow] = field(default_factory=list)


def read_listing(lines: Iterable[str]) -> Listing:
    """Read a listing. Lines about other protocols, and any other lines, are passed over."""
    by_event: dict[str, list[Tracked]] = {}
    count = 0
    for line in lines:
        tracked = parse_line(line)
        if tracked is not None:
            count += 1
            event = next((name for name in _EVENTS if name in line), "")
            by_event.setdefault(event, []).append(tracked)
    chosen = [*by_event.get("", ()), *(by_event.get("[NEW]") or by_event.get("[DESTROY]") or ())]
    if not chosen:
        chosen = by_event.get("[UPDATE]", [])
    return Listing(count, list(_flows(chosen, told="[NEW]" not in by_event)))


def _flows(connections: Iterable[Tracked], told: bool) -> Iterable[SeenFlow]:
    """``told``: whether the lines say of each connection if it was answered; at its beginning none is."""
    counts: Counter[FlowKey] = Counter()
    answered: set[FlowKey] = set()
    for one in connections:
        if ip_address(one.source).is_loopback or ip_address(one.destination).is_multicast:
            continue
        key = FlowKey(one.source, one.destination, one.protocol, one.port)
        counts[key] += 1
        if one.answered:
            answered.add(key)
    return (SeenFlow(key, count, answered=(key in answered) if told else None) for key, count in counts.items())
