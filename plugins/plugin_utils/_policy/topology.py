# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Through which interfaces of a firewall the zones and the other firewalls of a site are reached."""

from __future__ import annotations

from collections import deque

from .._site.model import Firewall, Leg, Site

_Node = tuple[str, str]


class Topology:
    """The graph of a site's zones and firewalls. A zone or firewall is a node, a firewall's leg an edge."""

    def __init__(self, site: Site) -> None:
        self._edges: dict[_Node, set[_Node]] = {}
        for firewall in site.firewalls.values():
            here = ("firewall", firewall.name)
            for leg in firewall.legs:
                self._edges.setdefault(here, set()).add(_target(leg))
                self._edges.setdefault(_target(leg), set()).add(here)

    def interfaces(self, firewall: Firewall) -> dict[_Node, tuple[Leg, ...]]:
        """For each zone and each other firewall the legs of ``firewall`` that lead to it by the shortest way."""
        best: dict[_Node, tuple[int, list[Leg]]] = {}
        for leg in firewall.legs:
            for node, distance in self._distances(_target(leg), ("firewall", firewall.name)).items():
                known = best.get(node)
                if known is None or distance < known[0]:
                    best[node] = (distance, [leg])
                elif distance == known[0]:
                    known[1].append(leg)
        return {node: tuple(legs) for node, (_distance, legs) in best.items()}

    def _distances(self, start: _Node, without: _Node) -> dict[_Node, int]:
        distances = {start: 0}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for neighbour in self._edges.get(node, ()):
                if neighbour != without and neighbour not in distances:
                    distances[neighbour] = distances[node] + 1
                    waiting.append(neighbour)
        return distances


def _target(leg: Leg) -> _Node:
    return ("firewall", leg.via) if leg.via else ("zone", leg.zone or "")
