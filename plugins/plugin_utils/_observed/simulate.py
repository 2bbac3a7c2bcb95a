# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a changed site would cut of what was seen, before anything is applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .._flows.model import Endpoint, Flow
from .._policy.paths import Paths
from .._policy.site import Compiled
from .cut import cut_flows
from .decision import Decision
from .documents import FORMAT, Rows
from .evidence import Evidence, as_opened, gather
from .files import SeenFile
from .looks import Parts, parts_of
from .model import FirewallView, FlowKey, SeenFlow
from .names import End
from .roles import Contact, infer_parts
from .uses import UsedRange, covered, used_flows, used_ranges

_SAFE, _CUTS, _UNKNOWN = "safe", "cuts", "unknown"


@dataclass(slots=True)
class _Seen:
    """What one firewall saw. ``declared``: flows that its rules declare, so that cutting them takes something away."""

    flows: dict[FlowKey, SeenFlow] = field(default_factory=dict)
    declared: set[FlowKey] = field(default_factory=set)
    ranges: list[UsedRange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Threshold:
    """From how many attempts on a flow of a declared device counts (0: none does), and which devices may be cut."""

    attempts: int = 1
    despite: frozenset[str] = frozenset()


def simulate(
    compiled: Compiled,
    views: Mapping[str, FirewallView],
    files: Sequence[SeenFile],
    threshold: Threshold,
    now: datetime,
) -> dict[str, Any]:
    """The document of pacs.hardening.simulate. ``compiled`` is the changed site; ``views`` are of those of its
    firewalls that were asked.
    """
    evidence = gather(compiled.site, views, files)
    rows = Rows(compiled, _parts(compiled, evidence))
    recorded = _by_firewall(compiled, evidence, [flow for file in files for flow in file.flows])
    firewalls = [
        _firewall(compiled, rows, name, views.get(name), recorded.get(name, []), evidence)
        for name in compiled.policies
        if name in views or recorded.get(name)
    ]
    affected = _affected(firewalls, threshold)
    unread = [row["firewall"] for row in firewalls if row["asked"] and row["mode"] is None]
    nothing = not any(row["seen"] for row in firewalls)
    return {
        "format": FORMAT,
        "site": compiled.site.name,
        "written_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "firewalls": firewalls,
        "files": [{"name": file.name, "what": file.what, "notes": list(file.notes)} for file in files],
        "fail_from": threshold.attempts,
        "affected": affected,
        "unread": unread,
        "verdict": _CUTS if affected else _UNKNOWN if unread or nothing else _SAFE,
    }


def _firewall(
    compiled: Compiled,
    rows: Rows,
    name: str,
    view: FirewallView | None,
    recorded: Iterable[SeenFlow],
    evidence: Evidence,
) -> dict[str, Any]:
    policy = compiled.policies[name]
    known = view or FirewallView(None)
    seen = _seen(known, recorded, evidence)
    decision = Decision(policy)
    cut = [
        one
        for one in cut_flows(compiled.site, policy, known, seen.flows.values())
        if not (one.flow.turned and decision.passes(one.flow.turned))
    ]
    found = rows.cut(cut, seen.declared)
    lost = [one for one in seen.ranges if not covered(policy, one)]
    return {
        "firewall": name,
        "asked": view is not None,
        "mode": known.mode,
        "reason": known.reason,
        "not_remembered": known.not_remembered,
        "seen": len(seen.flows) + len(seen.ranges),
        "cut": found,
        "lost": [{"flow": one.note, "count": one.count} for one in lost],
    }


def _seen(view: FirewallView, recorded: Iterable[SeenFlow], evidence: Evidence) -> _Seen:
    found = _Seen(ranges=used_ranges(view))
    for flow in used_flows(view):
        found.flows[flow.key] = flow
        found.declared.add(flow.key)
    opened = (as_opened(flow, evidence) for flow in view.connections or ())
    for flow in (*view.undeclared, *opened, *recorded):
        known = found.flows.get(flow.key)
        if known is None or known.count < flow.count:
            found.flows[flow.key] = flow
    return found


def _by_firewall(compiled: Compiled, evidence: Evidence, flows: Iterable[SeenFlow]) -> dict[str, list[SeenFlow]]:
    """Which firewalls the flows of files meet; those that meet none are cut by none."""
    paths = Paths(compiled.site)
    found: dict[str, list[SeenFlow]] = {}
    for flow in flows:
        source, destination = evidence.names.of(flow.key.source), evidence.names.of(flow.key.destination)
        if "nowhere" in (source.kind, destination.kind):
            continue
        way = Flow(_endpoint(source), _endpoint(destination), "tcp", None, ())
        for name in paths.of(way):
            found.setdefault(name, []).append(flow)
    return found


def _endpoint(end: End) -> Endpoint:
    if end.kind == "firewall":
        return Endpoint("firewall", end.name, None, ())
    return Endpoint("zone", end.zone or "", end.zone, ())


def _parts(compiled: Compiled, evidence: Evidence) -> Parts:
    """The parts that devices play, by the site, and by what they do where it doesn't say."""
    site = compiled.site
    contacts = []
    for key in evidence.flows:
        source, destination = evidence.names.of(key.source), evidence.names.of(key.destination)
        known = evidence.services.of(key.destination, key.protocol, key.port)
        if known and known.listener and source.kind == destination.kind == "device":
            contacts.append(Contact(source.name, destination.name, known.listener))
    zones = {device.name: device.zone for device in site.devices.values()}
    inferred = infer_parts(site, zones, contacts)
    declared = parts_of(site)
    return {name: declared.get(name) or inferred.get(name, set()) for name in {*declared, *inferred}}


def _affected(firewalls: Iterable[Mapping[str, Any]], threshold: Threshold) -> list[str]:
    """The declared devices that lose something, and flows of whole zones that do. Who opens a connection can be given
    up; whoever is called can't be, by that.
    """
    names: dict[str, None] = {}
    for row in firewalls if threshold.attempts else ():
        for one in row["cut"]:
            opener = one["devices"][0] if one["devices"] else ""
            if one["count"] >= threshold.attempts and opener not in threshold.despite:
                ends = one["devices"] or ([one["source"]["address"]] if one["declared_so_far"] else [])
                names.update(dict.fromkeys(ends))
        names.update({one["flow"]: None for one in row["lost"] if one["count"] >= threshold.attempts})
    return list(names)
