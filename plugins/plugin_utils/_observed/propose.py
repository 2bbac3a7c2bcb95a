# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proposed site: from it follow exactly the flows that were seen and recognised, and administration.

What is proposed is proven before it is shown: it is loaded, its flows are derived, and they are compared with what was
seen. Where workflows would not stand that, the same flows are proposed as conduits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from .._flows.derive import derive
from .._flows.ihe import Part
from .._flows.model import Endpoint, Flow, format_ports
from .._site.faults import SiteError
from .._site.load import load_site
from .._site.model import Network, Site, Workflow
from .evidence import Evidence, gather
from .files import SeenFile
from .looks import PART_OF_ACTOR
from .model import FirewallView, FlowKey, ObservedError
from .names import End
from .proposed_devices import Document, ProposedDevices, propose_devices
from .proposed_flows import Named, Wanted, Workflows, cast_of, conduit_documents, follows, named, workflow_document
from .roles import Contact, infer_parts
from .sorting import Doubtful, Recognised, Sorted, sort_flows
from .uses import UsedRange

_ACTOR_OF: Mapping[Part, str] = {part: actor for actor, part in PART_OF_ACTOR.items()}
#: Comments in rulesets are no longer than this.
_CUT_SHORT = 99
SITE_KEYS = ("name", "management", "zones", "devices", "workflows", "conduits", "firewalls", "remote_access")
_KEPT = ("name", "management", "zones", "firewalls", "remote_access")
#: Origins of flows that somebody has decided upon: that nobody used them while the firewalls watched says nothing.
_DECIDED = frozenset({"management", "vpn", "telemetry"})


@dataclass(slots=True)
class Proposal:
    """``site`` is the document; ``remarks`` by device and key. ``unused``: flows that the site so far declares and
    nobody used, so that they are no part of this. ``notes``: sentences about what stood in the way.
    """

    site: Document
    remarks: Mapping[tuple[str, str], str]
    new_devices: list[str]
    recognised: int
    management: int
    doubtful: list[Doubtful]
    unused: list[str]
    unstarted: list[tuple[str, int, str, int]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Usable:
    """The site so far, as far as it can be used, and its document."""

    site: Site
    document: Document
    notes: tuple[str, ...] = ()


def usable_site(document: object) -> Usable:
    """Load the site so far. Faults of its workflows and conduits are no hindrance, as both are made anew; raises
    SiteError with all others.
    """
    usable: Document = dict(document) if isinstance(document, Mapping) else {}
    try:
        return Usable(load_site(document).site, usable)
    except SiteError as error:
        for key in ("workflows", "conduits"):
            usable.pop(key, None)
        try:
            site = load_site(usable).site
        except SiteError:
            raise error from None
        faults = "; ".join(str(fault) for fault in error.faults)
        return Usable(site, usable, (f"The workflows and conduits so far have faults and weren't used: {faults}",))


def propose(
    usable: Usable,
    views: Mapping[str, FirewallView],
    files: Iterable[SeenFile],
    tries: Collection[FlowKey] = (),
) -> Proposal:
    """Propose a site. I(tries): what a compliance report tries itself, and nobody needs. Raises SiteError where a
    device so far can't be completed, and ObservedError where what was seen can't be put into a site.
    """
    site = usable.site
    evidence = gather(site, views, files)
    notes = [*usable.notes, *_without(evidence, tries)]
    if not evidence.flows and not evidence.ranges:
        raise ObservedError(
            "Nothing was seen yet, so there is nothing to propose. Let the firewalls watch for a while (firewall_mode: "
            "watch), or give captures or listings in pacs_seen_files"
        )
    found = sort_flows(site, evidence)
    taken = (*site.zones, *site.firewalls)
    devices = propose_devices(usable.document.get("devices") or {}, taken, found.recognised, evidence)
    return _Proposing(site, usable.document, evidence, found, devices, notes).proposal()


def _without(evidence: Evidence, tries: Collection[FlowKey]) -> list[str]:
    """Take what a report tried itself out of what was seen, and say so."""
    own = [key for key in evidence.flows if key in tries]
    for key in own:
        del evidence.flows[key]
    if not own:
        return []
    one = own[0]
    ends = f"{evidence.names.of(one.source)} -> {evidence.names.of(one.destination)}:{one.port} {one.protocol}"
    many = f", and {len(own) - 1} more like it" if len(own) > 1 else ""
    return [f"Left out, being what the compliance report tries itself: {ends}{many}. Declare it if somebody needs it."]


class _Proposing:
    def __init__(
        self,
        site: Site,
        document: Document,
        evidence: Evidence,
        found: Sorted,
        devices: ProposedDevices,
        notes: list[str],
    ) -> None:
        self._so_far = site
        self._document = document
        self._evidence = evidence
        self._found = found
        self._devices = devices
        self._notes = notes
        self._base = {key: document[key] for key in _KEPT if key in document}
        self._wanted: dict[Named, Wanted] = {}
        self._singles: dict[Named, list[Recognised]] = {}
        for one in found.recognised:
            ends = devices.name_of(one.source), devices.name_of(one.destination)
            key: Named = (*ends, one.flow.key.protocol, one.flow.key.port)
            known = self._wanted.get(key)
            self._wanted[key] = Wanted(key, one.known, max(one.flow.count, known.count if known else 0))
            self._singles.setdefault(key, []).append(one)

    def proposal(self) -> Proposal:
        """The proposal, proven."""
        self._site = load_site({**self._base, "devices": self._devices.documents}).site
        self._parts = self._inferred()
        self._kept: list[Document] = []
        self._explained: set[Named] = set()
        self._wide: set[Wide] = set()
        self._keep_conduits()
        document = self._with_workflows()
        if self._inexact(document):
            self._notes.append("Workflows would have opened more than was seen: everything is proposed as conduits.")
            document = self._finished([], set())
            wrong = self._inexact(document)
            if wrong:
                raise ObservedError(f"What was seen can't be put into a site that permits exactly that: {wrong}")
        new = self._without_idle_devices(document)
        return Proposal(
            site=document,
            remarks=self._devices.remarks,
            new_devices=new,
            recognised=len(self._found.recognised),
            management=len(self._found.management),
            doubtful=self._found.doubtful,
            unused=self._unused(document),
            unstarted=self._evidence.unstarted,
            notes=self._notes,
        )

    def _inferred(self) -> dict[str, set[Part]]:
        zones = {device.name: device.zone for device in self._site.devices.values()}
        contacts = (
            Contact(one.key[0], one.key[1], one.known.listener) for one in self._wanted.values() if one.known.listener
        )
        return infer_parts(self._so_far, zones, contacts)

    def _keep_conduits(self) -> None:
        """Keep the conduits so far of which all was seen; of the others, what of zones and ranges was used. The rest of
        them is made anew, with their reasons. Those of a vendor stay as they are, and what he did while the firewalls
        watched makes no standing conduit of them.
        """
        for number, conduit in enumerate(self._so_far.conduits):
            flows = follows(self._site, conduit=conduit)
            if conduit.kind != "standing":
                self._kept.append(self._document["conduits"][number])
                for key in {key for flow in flows for key in self._inside(flow)}:
                    del self._wanted[key], self._singles[key]
                continue
            used = [flow for flow in flows if self._used(flow)]
            wide = [flow for flow in used if named(flow) is None]
            if flows and len(used) == len(flows):
                self._kept.append(self._document["conduits"][number])
                self._explained |= {key for key in map(named, flows) if key is not None}
            else:
                self._kept += [_wide_conduit(flow, conduit.reason) for flow in wide]
            for flow in wide:
                self._wide.add(_wide(flow))
                self._explained |= self._inside(flow)

    def _used(self, flow: Flow) -> bool:
        key = named(flow)
        if key is not None:
            return key in self._wanted
        return bool(self._inside(flow)) or any(_used_by(used, flow) for used in self._evidence.ranges)

    def _inside(self, flow: Flow) -> set[Named]:
        """The wanted flows that a flow of a zone or a range permits."""
        return {key for key, singles in self._singles.items() if all(_permits(flow, one) for one in singles)}

    def _with_workflows(self) -> Document:
        finder = Workflows(self._site, self._parts, self._wanted)
        documents: list[Document] = []
        explained: set[Named] = set()
        for number, workflow in enumerate(self._so_far.workflows):
            seen = finder.seen(workflow)
            if seen:
                documents.append(self._document["workflows"][number])
                explained |= seen
        for workflow, seen in finder.proposed():
            if not seen <= explained:
                documents.append(workflow_document(workflow))
                explained |= seen
                self._add_actors(workflow)
        return self._finished(documents, explained)

    def _add_actors(self, workflow: Workflow) -> None:
        """What a new device is, as far as its place in a workflow shows it."""
        for name in cast_of(workflow):
            if name in self._devices.new:
                actors = [_ACTOR_OF[part] for part in sorted(self._parts.get(name, ()))]
                self._devices.documents[name]["actors"] = actors

    def _finished(self, workflows: list[Document], explained: set[Named]) -> Document:
        """The whole document; what neither a workflow nor a kept conduit explains becomes conduits."""
        rest = (one for key, one in self._wanted.items() if key not in explained and key not in self._explained)
        reasons = {
            key: flow.reasons[0].text
            for flow in derive(self._so_far).flows
            for key in [named(flow)]
            if key is not None and flow.reasons[0].origin == "conduit"
        }
        conduits = [*self._kept, *conduit_documents(rest, self._parts, reasons)]
        made = {"devices": self._devices.documents, "workflows": workflows, "conduits": conduits}
        document = {**self._base, **{key: value for key, value in made.items() if value}}
        return {key: document[key] for key in SITE_KEYS if key in document}

    def _inexact(self, document: Document) -> str:
        """Where what follows from the document isn't what was seen, no more and no less; empty where it is."""
        try:
            site = load_site(document).site
        except SiteError as error:
            return str(error)
        permitted: set[Named] = set()
        for flow in derive(site).flows:
            if _decided(flow):
                continue
            key = named(flow)
            if key is not None:
                permitted.add(key)
            elif _wide(flow) in self._wide:
                permitted |= self._inside(flow)
            else:
                return f"it would permit {flow}"
        wanted = set(self._wanted)
        return ", ".join(
            [f"it would permit {key}" for key in sorted(permitted - wanted)[:3]]
            + [f"it would not permit {key}" for key in sorted(wanted - permitted)[:3]]
        )

    def _without_idle_devices(self, document: Document) -> list[str]:
        """Take out new devices that nothing names, because what they do is declared for their zone; return the rest."""
        named_there = {end.name for flow in _flows(document) for end in (flow.source, flow.destination)}
        kept = [name for name in self._devices.new if name in named_there]
        for name in set(self._devices.new) - set(kept):
            del self._devices.documents[name]
        return kept

    def _unused(self, document: Document) -> list[str]:
        """The flows that the site so far declares and that are no part of the proposal."""
        proposed = {(str(flow.source.name), str(flow.destination.name), *_what(flow)) for flow in _flows(document)}
        return [
            str(flow)
            for flow in derive(self._so_far).flows
            if not _decided(flow) and (str(flow.source.name), str(flow.destination.name), *_what(flow)) not in proposed
        ]


#: Names of both ends, protocol and ports of a flow for a zone, a range of ports, or ICMP.
Wide = tuple[str, str, str, str]


def _decided(flow: Flow) -> bool:
    return all(reason.origin in _DECIDED for reason in flow.reasons)


def _wide(flow: Flow) -> Wide:
    return flow.source.name, flow.destination.name, *_what(flow)


def _what(flow: Flow) -> tuple[str, str]:
    return flow.protocol, format_ports(flow.ports) if flow.ports else ""


def _flows(document: Document) -> Iterable[Flow]:
    return derive(load_site(document).site).flows


def _wide_conduit(flow: Flow, reason: str) -> Document:
    what: Document = {"service": "ping"}
    if flow.ports is not None:
        single = flow.ports.first == flow.ports.last
        what = {"protocol": flow.protocol, "ports": [flow.ports.first if single else format_ports(flow.ports)]}
    return {"from": flow.source.name, "to": flow.destination.name, **what, "reason": reason}


def _permits(flow: Flow, one: Recognised) -> bool:
    """Whether a seen flow is one of those that a declared one stands for."""
    key = one.flow.key
    if flow.protocol != key.protocol or flow.ports is None or not flow.ports.first <= key.port <= flow.ports.last:
        return False
    return _stands_for(flow.source, one.source) and _stands_for(flow.destination, one.destination)


def _stands_for(endpoint: Endpoint, end: End) -> bool:
    return end.zone == endpoint.name if endpoint.kind == "zone" else end.name == endpoint.name


def _used_by(used: UsedRange, flow: Flow) -> bool:
    """Whether a range that was used lies within a declared flow, and bears its name."""
    pair = f"{flow.source.name} -> {flow.destination.name}:"
    # A long name is cut short in the ruleset.
    if pair not in used.note and len(used.note) < _CUT_SHORT:
        return False
    destinations: tuple[Network | None, ...] = flow.destination.networks
    if flow.destination.kind == "firewall" and used.destination is None:
        destinations = (None,)
    return any(
        used.within(source, destination, flow.protocol, flow.ports)
        for source in flow.source.networks
        for destination in destinations
    )
