"""The verifier's own reading of a ruleset, asked about single packets.

It knows how full the sets are that packets fill, and whether a TCP packet starts a connection, no better than a listing
does: where its answer hangs on that alone, there are two of them.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from packet_interpreter import Sent

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables import packets as dimension
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.expected import expect_forward, expect_input
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.interfaces import Interfaces, interface_names
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import read_listing
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.program import Budget, Path
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import path_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.walk import Outcome
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy

_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58}


class VerifiersView:
    """What the verifier makes of one listing."""

    def __init__(self, listing: Any, policy: EnforcementPolicy) -> None:
        ruleset = read_listing(listing)
        ways = [name for passage in policy.passages for way in passage.interfaces for name in way]
        admitting = [admission.interface for admission in policy.admissions if admission.interface]
        self._known = {"lo", *policy.interfaces, *ways, *admitting, *interface_names(ruleset)}
        self._interfaces = Interfaces([*self._known, "stranger0"])
        self._paths: dict[tuple[int, bool], Path] = {}
        for family in (4, 6):
            for forward, expect in ((True, expect_forward), (False, expect_input)):
                expected = expect(policy, self._interfaces, family)
                self._paths[family, forward] = path_of(ruleset, expected, self._interfaces)

    def passes(self, packet: Sent, full: bool = False) -> bool:
        """True if no chain drops it. The verifier must be sure of it."""
        (fate,) = self.fates(packet, full)
        return fate

    def fates(self, packet: Sent, full: bool = False) -> set[bool]:
        """Whether it passes while the sets have room, or are ``full``; both, where that hangs on flags of TCP."""
        point = [(0, 0)] * dimension.DIMENSIONS
        icmp = packet.protocol in ("icmp", "ipv6-icmp")
        facts = {
            dimension.FAMILY: packet.version,
            dimension.STATE: dimension.STATES.index(packet.state),
            dimension.IN: self._number(packet.enters),
            dimension.OUT: self._number(packet.leaves) if packet.leaves else 0,
            dimension.PROTOCOL: _NUMBERS.get(packet.protocol) or int(packet.protocol),
            dimension.SOURCE: int(ip_address(packet.source)),
            dimension.DESTINATION: int(ip_address(packet.destination)),
            dimension.SOURCE_PORT: 0 if icmp else packet.source_port,
            dimension.PORT: packet.kind if icmp else packet.port,
            dimension.HOPS: packet.hops,
        }
        for place, value in facts.items():
            point[place] = (value, value)
        parts = list(self._paths[packet.version, bool(packet.leaves)].parts(tuple(point), Budget(100_000)))
        part = parts[-1] if full else parts[0]
        doubts = {doubt.doubt for doubt in part.doubts if not (full and doubt.usual)}
        if doubts:
            assert doubts == {"tcp flags"}, doubts
            return {True, False}
        return {part.outcome is Outcome.ACCEPT}

    def _number(self, name: str) -> int:
        return self._interfaces.number(name if name in self._known else "stranger0")
