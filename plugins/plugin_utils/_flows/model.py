# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow: who opens which connection to whom, and why it is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._site.faults import Fault
from .._site.model import Network, Ports
from .._site.vocabulary import Protocol

EndpointKind = Literal["device", "zone", "firewall", "management", "peer"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a flow. A firewall stands between zones and therefore in none (``zone`` is None).

    A ``peer`` is another site's gateway, and its name the identity in its certificate.
    """

    kind: EndpointKind
    name: str
    zone: str | None
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a flow is allowed, and a few words.

    The origin is an IHE transaction, ``management``, ``vpn`` (what carries one), or the kind of a conduit:
    ``conduit`` (one that stands), ``telemetry`` or ``intervention``.
    """

    origin: str
    text: str

    def __str__(self) -> str:
        return f"{self.origin} {self.text}"


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection opened by ``source``. ``ports`` are the destination's; None for ICMP (echo request)."""

    source: Endpoint
    destination: Endpoint
    protocol: Protocol
    ports: Ports | None
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        port = "" if self.ports is None else f":{format_ports(self.ports)}"
        reasons = "; ".join(str(reason) for reason in self.reasons)
        return f"{self.source.name} -> {self.destination.name}{port} {self.protocol}, {reasons}"


@dataclass(frozen=True, slots=True)
class Derived:
    """All flows of a site, in a stable order, and what in their derivation deserves a second look.

    ``interventions`` aren't among the flows: each is allowed only while a window for it is open.
    """

    flows: tuple[Flow, ...]
    findings: tuple[Fault, ...]
    interventions: tuple[Flow, ...] = ()


def format_ports(ports: Ports) -> str:
    """``104``, or ``50000-50010``."""
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"
