# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one enforcement point must do, in no firewall's dialect. Whatever is not permitted here is denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .._site.model import Network, Ports
from .._site.vocabulary import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from ``first`` to ``last``, both included, as integers of one IP version."""

    version: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Permit:
    """New connections from a source to a destination network. ``ports`` is None for ICMP (echo request)."""

    source: Network
    destination: Network
    protocol: Protocol
    ports: Ports | None
    note: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Traffic between two zones through a pair of interfaces; None for both interfaces means any.

    ``interventions`` pass only while a window for them is open, and end with it; each is between single addresses.
    """

    source_zone: str
    destination_zone: str
    interfaces: tuple[tuple[str, str], ...]
    permits: tuple[Permit, ...]
    interventions: tuple[Permit, ...] = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """Connections to the enforcement point itself: its own protection. An empty interface means any.

    A source of everything (prefix length 0) stands for the outside zone where the policy has addresses for it.
    """

    interface: str
    source: Network
    protocol: Protocol
    ports: Ports | None
    note: str


@dataclass(frozen=True, slots=True)
class EnforcementPolicy:
    """The whole policy of one enforcement point.

    ``zones`` gives the addresses of each zone that stands in a passage, so that zones behind one interface can be told
    apart by prefix. ``interfaces`` are all that the site declares, those without a passage too: there nothing may pass;
    none means that any may be there. ``outside`` names the zone that holds every address no other zone declares.
    """

    enforcement_point: str
    site: str
    interfaces: tuple[str, ...]
    zones: Mapping[str, tuple[Span, ...]]
    outside: str | None
    passages: tuple[Passage, ...]
    admissions: tuple[Admission, ...]
