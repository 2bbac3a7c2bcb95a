# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts devices play in the imaging workflow, from who opens DICOM and HL7 connections to whom.

What the site says of a device (its actors) counts most; then the shape of the connections; then the name of its zone.
A guess here never opens anything: a workflow is proposed only if all that follows from it was seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .._flows.ihe import Listener, Part
from .._site.model import Site
from .looks import PART_OF_ACTOR, parts_of

#: Words in the names of zones that hint at the part of what stands there.
_ZONE_WORDS: Mapping[str, Part] = {
    **dict.fromkeys(("pacs", "archive", "vna"), "archive"),
    **dict.fromkeys(("modality", "modalities", "ct", "mr", "mri", "us", "xray", "scanner", "scanners"), "modality"),
    **dict.fromkeys(("reading", "viewer", "viewers", "viewing", "workstations", "diagnostic", "display"), "display"),
    **dict.fromkeys(("ris", "worklist"), "order_filler"),
    **dict.fromkeys(("his", "kis", "ehr", "emr"), "order_placer"),
}
_DECLARED, _HINT, _CALLS_BACK, _SERVES_MANY = 8, 2, 1, 2
#: From so many points on a device is taken for an archive: a hint and one more sign, or the clear shape of one.
_ARCHIVE = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """One device opens DICOM or HL7 connections to another."""

    source: str
    destination: str
    listener: Listener


def infer_parts(site: Site, zones: Mapping[str, str], contacts: Iterable[Contact]) -> dict[str, set[Part]]:
    """The parts of each device; ``zones``: the zone of each device by name, of those not yet declared too."""
    return _Inference(site, zones, contacts).parts()


class _Inference:
    def __init__(self, site: Site, zones: Mapping[str, str], contacts: Iterable[Contact]) -> None:
        self._declared: dict[str, set[Part]] = {
            device.name: {PART_OF_ACTOR[actor] for actor in device.actors if actor in PART_OF_ACTOR}
            for device in site.devices.values()
        }
        self._workflows = parts_of(site)
        self._zones = zones
        self._clients: dict[str, set[str]] = defaultdict(set)
        self._servers: dict[str, set[str]] = defaultdict(set)
        self._orders: dict[str, set[str]] = defaultdict(set)
        for contact in contacts:
            if contact.listener == "application_entities":
                self._clients[contact.destination].add(contact.source)
                self._servers[contact.source].add(contact.destination)
            else:
                self._orders[contact.destination].add(contact.source)

    def parts(self) -> dict[str, set[Part]]:
        """Archives first: everybody else is known by what they have to do with one."""
        parts: dict[str, set[Part]] = defaultdict(set)
        for name, declared in self._declared.items():
            parts[name] |= declared
        archives = {name for name in list(self._clients) if self._archive_points(name) >= _ARCHIVE}
        for archive in archives:
            parts[archive].add("archive")
        clients = {client for archive in archives for client in self._clients[archive]} - archives
        fillers = {
            server
            for client in clients
            for server in self._servers[client] - archives
            if self._may_be(server, "order_filler") and self._is_filler(server, clients)
        }
        for filler in fillers:
            parts[filler].add("order_filler")
            placers = [sender for sender in self._orders[filler] if self._may_be(sender, "order_placer")]
            hinted = [sender for sender in placers if self._hints(sender, "order_placer")]
            for placer in hinted or (placers if len(placers) == 1 else []):
                if "archive" not in parts[placer]:
                    parts[placer].add("order_placer")
        for client in clients - fillers:
            part = self._client_part(client, fillers)
            if part:
                parts[client].add(part)
        return {name: found for name, found in parts.items() if found}

    def _archive_points(self, name: str) -> int:
        if not self._may_be(name, "archive") or self._hints(name, "order_filler"):
            return 0
        clients = self._clients[name]
        mutual = clients & self._servers[name]
        # A modality that gets its storage commitments from one archive serves nobody else.
        many = len(clients) > 1 and all(len(clients) > len(self._clients[other]) for other in mutual)
        return (
            _DECLARED * ("archive" in self._declared.get(name, ()))
            + _HINT * self._hints(name, "archive")
            + _CALLS_BACK * bool(mutual)
            + _SERVES_MANY * many
        )

    def _is_filler(self, name: str, clients: set[str]) -> bool:
        """Whether it serves clients of an archive and calls none of them back; a hint, or orders that it gets."""
        if "order_filler" in self._declared.get(name, ()):
            return True
        calls_back = self._servers[name] & clients
        return not calls_back and (self._hints(name, "order_filler") or bool(self._orders[name]))

    def _client_part(self, name: str, fillers: set[str]) -> Part | None:
        for part in ("modality", "display"):
            if part in self._declared.get(name, ()):
                return None  # it is in already
        if self._declared.get(name):
            return None
        if self._servers[name] & fillers:
            return "modality"
        hinted: tuple[Part, ...] = ("modality", "display")
        return next((part for part in hinted if self._hints(name, part)), None)

    def _may_be(self, name: str, part: Part) -> bool:
        """Whether the site doesn't say that it is something else."""
        declared = self._declared.get(name)
        return not declared or part in declared

    def _hints(self, name: str, part: Part) -> bool:
        """Whether its actors, a workflow, or its zone's name say so."""
        if part in self._declared.get(name, ()) or part in self._workflows.get(name, ()):
            return True
        words = re.split(r"[^a-z]+", self._zones.get(name, "").lower())
        return any(_ZONE_WORDS.get(word) == part for word in words)
