# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewalls a flow meets on its way: those whose policy decides about it."""

from __future__ import annotations

from .._flows.model import Endpoint, Flow
from .._site.model import Site
from .compile import node_of, ways_through
from .topology import Topology


class Paths:
    """The ways of one site. A question costs two look-ups a firewall; the answers for pairs of ends are kept."""

    def __init__(self, site: Site) -> None:
        topology = Topology(site)
        self._legs = {firewall.name: topology.interfaces(firewall) for firewall in site.firewalls.values()}
        self._known: dict[tuple[tuple[str, str], tuple[str, str]], tuple[str, ...]] = {}

    def of(self, flow: Flow) -> tuple[str, ...]:
        """The names of the firewalls that it passes, or that it is addressed to."""
        ends = (node_of(flow.source), node_of(flow.destination))
        if ends not in self._known:
            self._known[ends] = tuple(name for name in self._legs if self._decides(name, flow.source, flow.destination))
        return self._known[ends]

    def _decides(self, firewall: str, source: Endpoint, destination: Endpoint) -> bool:
        if source.kind == "firewall" and source.name == firewall:
            return False  # what a firewall opens itself, it doesn't filter
        if destination.kind == "firewall" and destination.name == firewall:
            return True
        return bool(ways_through(self._legs[firewall], node_of(source), node_of(destination)))
