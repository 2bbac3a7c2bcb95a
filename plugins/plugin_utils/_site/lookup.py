# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which zone an address or network lies in."""

from __future__ import annotations

from bisect import bisect_right

from .model import Network, Site


class ZoneLookup:
    """Finds the zone of a network in logarithmic time. The zones' networks must not overlap."""

    def __init__(self, site: Site) -> None:
        outside = site.outside
        self._outside = outside.name if outside else None
        self._spans: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
        for zone in site.zones.values():
            for network in zone.networks:
                span = (int(network.network_address), int(network.broadcast_address), zone.name)
                self._spans[network.version].append(span)
        for spans in self._spans.values():
            spans.sort()

    def zone_of(self, network: Network) -> str | None:
        """The zone that holds all of ``network``; the outside zone where none holds any of it; else None."""
        first, last = int(network.network_address), int(network.broadcast_address)
        spans = self._spans[network.version]
        position = bisect_right(spans, (last, 1 << 128, "")) - 1
        if position >= 0 and spans[position][1] >= first:
            low, high, name = spans[position]
            return name if low <= first and last <= high else None
        return self._outside
