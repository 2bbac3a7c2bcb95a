# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall itself saw of a change: which flows it refuses now, and which it hasn't seen again yet.

Nobody logs in to an unmanaged device, so the firewall's own counters are the only proof that it still works. Silence
proves nothing: a scanner that sends every 40 minutes is silent most of the time. So silence never speaks against a
change; it is told, with the person to ask and the test to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

from .._observed.cut import cut_flows
from .._observed.decision import Decision
from .._observed.model import DeclaredUse, FirewallView, FlowKey, SeenFlow
from .._observed.names import End, Names
from .._observed.words import span, times
from .._policy.model import EnforcementPolicy
from .._site.model import Device, Site
from .enforce import seen_text

_THROUGH = ("exact4_", "exact6_", "range4_", "range6_")


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A declared flow that was used before the change and is silent since. ``often``: how it was used before."""

    flow: str
    often: str
    contact: str
    test: str

    def __str__(self) -> str:
        return f"{self.flow}, {self.often}. Ask {self.contact} for a test {self.test}"


@dataclass(frozen=True, slots=True)
class Since:
    """What one firewall says. ``refused`` speaks against the change: declared, accepted before, and refused now."""

    refused: tuple[str, ...] = ()
    now_refused: tuple[str, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()

    def document(self) -> dict[str, object]:
        """As plain data."""
        return {
            "refused": list(self.refused),
            "now_refused": list(self.now_refused),
            "unconfirmed": [{**asdict(one), "text": str(one)} for one in self.unconfirmed],
        }


def since_change(
    site: Site, policy: EnforcementPolicy, before: FirewallView, after: FirewallView, despite: Collection[str] = ()
) -> Since:
    """Hold what a firewall saw since its new rules are in force against what it saw before. I(despite): devices that
    may be cut.
    """
    refused, now_refused = _refusals(site, policy, before, after, despite)
    silent = sorted(_silent(site, policy, before, after), key=lambda found: found[0])
    return Since(tuple(refused), tuple(now_refused), tuple(one for _interval, one in silent))


def _refusals(
    site: Site, policy: EnforcementPolicy, before: FirewallView, after: FirewallView, despite: Collection[str]
) -> tuple[list[str], list[str]]:
    if after.mode != "enforce":
        return [], []
    earlier = {flow.key for flow in before.undeclared} if before.mode == "enforce" else set()
    fresh = [flow for flow in after.undeclared if flow.key not in earlier and _is_since(after, flow)]
    refused, now_refused = [], []
    for cut in cut_flows(site, policy, after, fresh):
        if cut.another_way and not set(cut.devices[:1]).issubset(despite):
            refused.append(seen_text(cut))
        elif before.mode != "enforce" or _was_used(before, cut.flow.key):
            now_refused.append(seen_text(cut))
    return refused, now_refused


def _is_since(view: FirewallView, flow: SeenFlow) -> bool:
    """Whether it was seen under the rules that are in force now. Both times are rounded to seconds."""
    if view.read_at is None or view.since is None or flow.idle is None:
        return False
    return view.read_at - timedelta(seconds=flow.idle) > view.since + timedelta(seconds=2)


def _was_used(before: FirewallView, key: FlowKey) -> bool:
    wanted = (key.source, key.destination, key.protocol, str(key.port))
    return any(use.key == wanted for use in before.declared)


def _silent(
    site: Site, policy: EnforcementPolicy, before: FirewallView, after: FirewallView
) -> Iterator[tuple[float, Unconfirmed]]:
    """Each with its usual interval in seconds, by which the most telling comes first."""
    names = Names(site, policy.enforcement_point, after.own_addresses)
    decision = Decision(policy)
    seen_again = {use.key for use in after.declared}
    for use in before.declared:
        if use.key in seen_again or not use.set_name.startswith(_THROUGH) or len(use.key) != 4:
            continue
        source, destination = _end(names, use.key[0]), _end(names, use.key[1])
        if not _needs_a_person(site, source, destination) or not _still_declared(decision, after, use):
            continue
        interval, often = _how_often(before, use.count)
        yield interval, _unconfirmed(site, use, source, destination, often)


def _end(names: Names, field: str) -> End | None:
    """The end of a field of a key; None for a prefix or a range, which is nobody in particular."""
    return None if "/" in field or "-" in field else names.of(field)


def _device(site: Site, end: End | None) -> Device | None:
    return site.devices.get(end.name) if end is not None and end.kind == "device" else None


def _needs_a_person(site: Site, source: End | None, destination: End | None) -> bool:
    """Whether no probe shows it: one end is a device that nobody logs in to, or that isn't spoken to."""
    opens, takes = _device(site, source), _device(site, destination)
    if opens is not None and not opens.managed:
        return True
    return takes is not None and (not takes.managed or takes.probe != "echo")


def _still_declared(decision: Decision, after: FirewallView, use: DeclaredUse) -> bool:
    source, destination, protocol, port = use.key
    try:
        return decision.passes(FlowKey(source, destination, protocol, int(port)))
    except ValueError:  # a prefix, or a range of ports: then its name tells
        return use.note in after.unused


def _how_often(before: FirewallView, count: int) -> tuple[float, str]:
    if before.read_at is None or before.since is None:
        return float("inf"), f"used {times(count)} before"
    seconds = max(1.0, (before.read_at - before.since).total_seconds())
    if count == 1:
        return seconds, f"used once in the {span(seconds)} before"
    return seconds / count, f"used about every {span(seconds / count)} before"


def _unconfirmed(site: Site, use: DeclaredUse, source: End | None, destination: End | None, often: str) -> Unconfirmed:
    opens, takes = _device(site, source), _device(site, destination)
    # The name of the flow starts with those of its ends, whatever else stands there.
    by_note = use.note.partition(": ")[0].partition(" -> ")
    who = str(source) if source else by_note[0] or use.key[0]
    whom = str(destination) if destination else by_note[2] or use.key[1]
    asked = opens if opens is not None and not opens.managed else takes or opens
    contact = next((device.contact for device in (asked, opens, takes) if device and device.contact), None)
    return Unconfirmed(
        flow=f"{who} -> {whom}:{use.key[3]} {use.key[2]}",
        often=often,
        contact=contact or f"whoever looks after {asked.name if asked else who}",
        test=_test(opens, takes, who, whom, use.key[3]),
    )


def _test(opens: Device | None, takes: Device | None, who: str, whom: str, port: str) -> str:
    """What to do at which console."""
    title = opens.application_entities[0].title if opens and opens.application_entities else who
    where = f"at {title}'s console" if opens is None or not opens.managed else f"from {title}"
    for entity in takes.application_entities if takes else ():
        if any(str(connection.port) == port for connection in entity.connections):
            return f"{where}: DICOM echo (C-ECHO) to {entity.title}, or send a test image"
    for application in takes.hl7_applications if takes else ():
        if any(str(connection.port) == port for connection in application.connections):
            return f"{where}: send a test message (HL7) to {application.name}"
    return f"{where}: use {whom}, port {port}, once"
