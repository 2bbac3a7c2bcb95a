# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a policy permits a seen flow: would the ruleset that is compiled from it accept the connection.

A firewall's memory doesn't hold interfaces. So the question is asked of a packet that comes and goes by the interfaces
where the site expects its zones; one that comes by another way is refused whatever its addresses are (came_another_way
in cut.py finds that out).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from .._policy.model import Admission, EnforcementPolicy, Permit, Span
from .._site.model import Network, Ports
from .model import FlowKey

_WIDTH = {4: 32, 6: 128}
_Ranges = list[tuple[int, int]]
#: IP version, protocol, bits that aren't compared of source and destination, whether these must be outside addresses.
_Shape = tuple[int, str, int, int, bool, bool]


class Decision:
    """Answers for one policy. Building it is linear in its permits; a question costs one look-up a shape of permits
    (pairs of prefix lengths), of which real policies have few.
    """

    def __init__(self, policy: EnforcementPolicy) -> None:
        self._outside = _Spans(policy.zones.get(policy.outside or "", ()))
        self._through: dict[_Shape, dict[tuple[int, int], _Ranges]] = {}
        self._into: dict[_Shape, dict[tuple[int, int], _Ranges]] = {}
        for passage in policy.passages:
            guards = (passage.source_zone == policy.outside, passage.destination_zone == policy.outside)
            if policy.outside is None:
                guards = (False, False)
            for permit in passage.permits:
                if permit.ports is not None:
                    self._add_permit(permit, permit.ports, guards)
        # A source of everything stands for the outside zone, where the policy knows its addresses.
        versions = {span.version for span in policy.zones.get(policy.outside or "", ())}
        for admission in policy.admissions:
            if admission.ports is not None:
                outside = admission.source.prefixlen == 0 and admission.source.version in versions
                self._add_admission(admission, admission.ports, outside)
        for index in (self._through, self._into):
            for entries in index.values():
                for ends, ranges in entries.items():
                    entries[ends] = _merged(ranges)

    def passes(self, flow: FlowKey) -> bool:
        """Whether the firewall lets it through, from one zone to another."""
        version, source = number(flow.source)
        _version, destination = number(flow.destination)
        return self._found(self._through, version, source, destination, flow)

    def admits(self, flow: FlowKey) -> bool:
        """Whether the firewall takes it, addressed to itself."""
        version, source = number(flow.source)
        return self._found(self._into, version, source, 0, flow)

    def _add_permit(self, permit: Permit, ports: Ports, guards: tuple[bool, bool]) -> None:
        version = permit.source.version
        lost = (_host_bits(permit.source), _host_bits(permit.destination))
        ends = (_start(permit.source) >> lost[0], _start(permit.destination) >> lost[1])
        shape = (version, permit.protocol, *lost, *guards)
        self._through.setdefault(shape, {}).setdefault(ends, []).append((ports.first, ports.last))

    def _add_admission(self, admission: Admission, ports: Ports, outside: bool) -> None:
        lost = _host_bits(admission.source)
        shape = (admission.source.version, admission.protocol, lost, 0, outside, False)
        ends = (_start(admission.source) >> lost, 0)
        self._into.setdefault(shape, {}).setdefault(ends, []).append((ports.first, ports.last))

    def _found(
        self,
        index: dict[_Shape, dict[tuple[int, int], _Ranges]],
        version: int,
        source: int,
        destination: int,
        flow: FlowKey,
    ) -> bool:
        port, protocol = flow.port, flow.protocol
        for (of, name, source_bits, destination_bits, source_out, destination_out), entries in index.items():
            if of != version or name != protocol:
                continue
            ranges = entries.get((source >> source_bits, destination >> destination_bits))
            if ranges is None or not _holds(ranges, port):
                continue
            if source_out and not self._outside.hold(version, source):
                continue
            if destination_out and not self._outside.hold(version, destination):
                continue
            return True
        return False


class _Spans:
    """Addresses of a zone, by IP version."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._ranges: dict[int, _Ranges] = {4: [], 6: []}
        for span in spans:
            self._ranges[span.version].append((span.first, span.last))
        for ranges in self._ranges.values():
            ranges.sort()

    def hold(self, version: int, address: int) -> bool:
        return _holds(self._ranges[version], address)


def _holds(ranges: _Ranges, value: int) -> bool:
    """Whether one of the sorted, disjoint ranges holds the value."""
    place = bisect_right(ranges, (value, 1 << 128)) - 1
    return place >= 0 and ranges[place][1] >= value


def _merged(ranges: _Ranges) -> _Ranges:
    merged: _Ranges = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


@lru_cache(maxsize=65536)
def _start(network: Network) -> int:
    return int(network.network_address)


def _host_bits(network: Network) -> int:
    return _WIDTH[network.version] - network.prefixlen


@lru_cache(maxsize=262144)
def number(address: str) -> tuple[int, int]:
    """IP version and value of an address."""
    parsed = ip_address(address)
    return parsed.version, int(parsed)
