# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen on the network: connections with their counts, and what one firewall says of itself.

A flow is a connection from one address to a port of another; the source's port is of no interest. Counts are attempts:
one that is refused, or that nobody answers, is tried several times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Mode = Literal["none", "watch", "enforce"]


class ObservedError(ValueError):
    """What was given isn't what it should be; the text says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class FlowKey:
    """Who opened a connection to which port of whom. Addresses in their canonical text; tcp or udp."""

    source: str
    destination: str
    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination}:{self.port} {self.protocol}"


@dataclass(frozen=True, slots=True)
class SeenFlow:
    """A flow, how often it was seen, and how many seconds ago last; None where that isn't known.

    ``answered``: whether the other side ever answered; None where nobody could tell. ``declared``: the firewall found
    it undeclared although its rules declare its addresses and port. ``source_port`` is known of open connections only:
    of one that began unseen, the source may be the end that was called.
    """

    key: FlowKey
    count: int
    idle: int | None = None
    answered: bool | None = None
    declared: bool = False
    source_port: int | None = None

    @property
    def turned(self) -> FlowKey | None:
        """The flow if the source is the end that was called."""
        if self.source_port is None:
            return None
        return FlowKey(self.key.destination, self.key.source, self.key.protocol, self.source_port)


@dataclass(frozen=True, slots=True)
class DeclaredUse:
    """The use of one element of a firewall's sets: ``key`` as nft lists it, ``note`` is the name of the flow."""

    set_name: str
    key: tuple[str, ...]
    note: str
    count: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What somebody opened from the console of a firewall, and for how many seconds more."""

    protocols: tuple[str, ...]
    seconds_left: int | None
    by: str = ""
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class FirewallView:
    """What the module firewall_flows_info returned on one firewall, typed.

    ``mode`` is None where nobody could look; ``reason`` says why, and why it is none. ``connections`` is None where
    they can't be read. ``since`` is when the counters of declared flows began; the memory may reach further back.
    """

    mode: Mode | None
    reason: str = ""
    read_at: datetime | None = None
    since: datetime | None = None
    memory: bool = False
    full: bool = False
    not_remembered: int = 0
    undeclared: tuple[SeenFlow, ...] = ()
    declared: tuple[DeclaredUse, ...] = ()
    unused: tuple[str, ...] = ()
    opening: Opening | None = None
    connections: tuple[SeenFlow, ...] | None = None
    connections_reason: str = ""
    own_addresses: frozenset[str] = frozenset()
