# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workflows and conduits from which exactly the seen flows follow.

A workflow is proposed only where every flow that derive() makes of it was seen; whatever no workflow explains becomes a
conduit with its protocol and port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._flows.derive import derive
from .._flows.ihe import Part
from .._flows.model import Flow
from .._site.model import Conduit, Management, Site, Workflow
from .._site.reader import MAXIMUM_TEXT
from .._site.remote_access import RemoteAccess
from .._site.vocabulary import SERVICES
from .looks import looks_like
from .services import Known
from .words import plural, times

Document = dict[str, Any]
#: Names of both ends, protocol, port.
Named = tuple[str, str, str, int]

_NOBODY = Management((), ())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recognised flow between two names: what must follow from the proposed site."""

    key: Named
    known: Known
    count: int


def follows(site: Site, *, workflow: Workflow | None = None, conduit: Conduit | None = None) -> tuple[Flow, ...]:
    """The flows that follow from one workflow or conduit alone; those of an intervention as if its window were open."""
    workflows, conduits = ((workflow,) if workflow else ()), ((conduit,) if conduit else ())
    alone = replace(site, workflows=workflows, conduits=conduits, management=_NOBODY, remote_access=RemoteAccess())
    derived = derive(alone)
    return (*derived.flows, *derived.interventions)


def named(flow: Flow) -> Named | None:
    """The key of a flow between devices and firewalls; None where an end is a zone, or it has no single port."""
    ends = (flow.source, flow.destination)
    if flow.ports is None or flow.ports.first != flow.ports.last or any(end.kind == "zone" for end in ends):
        return None
    return flow.source.name, flow.destination.name, flow.protocol, flow.ports.first


class Workflows:
    """Finds workflows of which every flow was seen. ``site``: with the proposed devices."""

    def __init__(self, site: Site, parts: Mapping[str, Collection[Part]], wanted: Collection[Named]) -> None:
        self._site = site
        self._parts = parts
        self._wanted = frozenset(wanted)
        self._contacts: dict[str, set[str]] = defaultdict(set)
        for source, destination, _protocol, _port in wanted:
            self._contacts[source].add(destination)

    def seen(self, workflow: Workflow) -> frozenset[Named] | None:
        """What follows from a workflow, if all of that was seen and there is any of it; else None."""
        devices = {name: self._site.devices[name] for name in cast_of(workflow) if name in self._site.devices}
        keys = {named(flow) for flow in follows(replace(self._site, devices=devices), workflow=workflow)}
        found = frozenset(key for key in keys if key is not None)
        return found if found and len(found) == len(keys) and found <= self._wanted else None

    def proposed(self) -> Iterator[tuple[Workflow, frozenset[Named]]]:
        """One workflow an archive and order filler, as large as what was seen allows."""
        for archive in sorted(name for name in self._site.devices if "archive" in self._parts.get(name, ())):
            yield from self._of(archive)

    def _of(self, archive: str) -> Iterator[tuple[Workflow, frozenset[Named]]]:
        base = Workflow((), archive, None, None, ())
        modalities = self._distinct(
            (archive,),
            (name for name in self._clients(archive, "modality") if self.seen(replace(base, modalities=(name,)))),
        )
        displays = self._distinct(
            (archive, *modalities),
            (name for name in self._clients(archive, "display") if self.seen(replace(base, displays=(name,)))),
        )
        left = list(modalities)
        for filler in sorted(name for name in self._site.devices if "order_filler" in self._parts.get(name, ())):
            mine = self._distinct(
                (filler,),
                (
                    name
                    for name in left
                    if filler in self._contacts[name]
                    and self.seen(replace(base, modalities=(name,), order_filler=filler))
                ),
            )
            if not mine:
                continue
            left = [name for name in left if name not in mine]
            workflow = replace(base, modalities=mine, order_filler=filler, displays=displays)
            placers = (replace(workflow, order_placer=name) for name in self._clients(filler, "order_placer"))
            yield from self._whole(next((whole for whole in placers if self.seen(whole)), workflow))
            displays = ()
        if left:
            yield from self._whole(replace(base, modalities=tuple(left), displays=displays))

    def _whole(self, workflow: Workflow) -> Iterator[tuple[Workflow, frozenset[Named]]]:
        found = self.seen(workflow)
        if found:
            yield workflow, found

    def _clients(self, server: str, part: Part) -> list[str]:
        return sorted(
            name
            for name in self._site.devices
            if part in self._parts.get(name, ()) and server in self._contacts[name] and name != server
        )

    def _distinct(self, known: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
        """Those whose AE titles differ: one peer must not know two devices by the same title."""
        titles = {title for name in known for title in self._titles(name)}
        kept = []
        for name in names:
            mine = self._titles(name)
            if not titles & mine:
                titles |= mine
                kept.append(name)
        return tuple(kept)

    def _titles(self, name: str) -> set[str]:
        return {entity.title for entity in self._site.devices[name].application_entities}


def cast_of(workflow: Workflow) -> Iterator[str]:
    """The names of all devices that take part."""
    others = (workflow.order_filler, workflow.order_placer)
    yield from (*workflow.modalities, workflow.archive, *workflow.displays, *(name for name in others if name))


def workflow_document(workflow: Workflow) -> Document:
    """A workflow as it is written in a site."""
    document: Document = {"modalities": list(workflow.modalities), "archive": workflow.archive}
    for key, name in (("order_filler", workflow.order_filler), ("order_placer", workflow.order_placer)):
        if name:
            document[key] = name
    if workflow.displays:
        document["displays"] = list(workflow.displays)
    return document


@dataclass(slots=True)
class _Group:
    sources: list[str] = field(default_factory=list)
    count: int = 0


def conduit_documents(
    wanted: Iterable[Wanted], parts: Mapping[str, Collection[Part]], reasons: Mapping[Named, str]
) -> list[Document]:
    """A conduit for each destination, service and reason. ``reasons``: what the site so far gives for a flow."""
    groups: dict[tuple[str, str, int, str, str, bool], _Group] = defaultdict(_Group)
    for one in wanted:
        source, destination, protocol, port = one.key
        given = reasons.get(one.key)
        what = given or looks_like(parts, source, destination, one.known)
        group = groups[destination, protocol, port, one.known.service, what, given is not None]
        group.sources.append(source)
        group.count += one.count
    return [
        {
            "from": group.sources[0] if len(group.sources) == 1 else sorted(group.sources),
            "to": destination,
            **_service(service, protocol, port),
            "reason": what if given else _reason(what, group),
        }
        for (destination, protocol, port, service, what, given), group in sorted(groups.items())
    ]


def _service(service: str, protocol: str, port: int) -> Document:
    """By name where the name means this protocol and port and nothing else."""
    if service and SERVICES[service].protocols == (protocol,) and SERVICES[service].ports == (port,):
        return {"service": service}
    return {"protocol": protocol, "ports": [port]}


def _reason(what: str, group: _Group) -> str:
    many = len(group.sources)
    sources = f" from {plural(many, 'device')}" if many > 1 else ""
    seen = f"; seen {times(group.count)}{sources}"
    return what[: MAXIMUM_TEXT - len(seen)] + seen
