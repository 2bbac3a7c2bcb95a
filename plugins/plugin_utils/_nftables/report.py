# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a verification, as values, as plain data, and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, Literal

from .._policy.model import Span
from .witness import Packet

Verdict = Literal["proven", "refuted", "not proven"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet to which the ruleset does something else than the policy says.

    ``flow`` is the note of the permit, or empty; ``where`` the table, chain and rule that decided; ``text`` a sentence.
    """

    packet: Packet
    flow: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a ruleset does what a policy says: what is declared but blocked, and allowed but undeclared.

    There is one witness for each pair of zones or interfaces and each IP version, not every packet. ``refuted`` needs a
    witness that is certain; ``not_understood`` says what stands in the way of a proof.
    """

    verdict: Verdict
    blocked: tuple[Witness, ...]
    undeclared: tuple[Witness, ...]
    not_understood: tuple[str, ...]


def verification_document(verification: Verification) -> dict[str, Any]:
    """Plain dicts, lists, strings and numbers."""
    return {
        "verdict": verification.verdict,
        "blocked": [asdict(witness) for witness in verification.blocked],
        "undeclared": [asdict(witness) for witness in verification.undeclared],
        "not_understood": list(verification.not_understood),
    }


class Sentences:
    """Speaks of packets with the names of zones; ``titles`` are those of interfaces that nobody named."""

    def __init__(self, zones: Mapping[str, tuple[Span, ...]], titles: Mapping[str, str]) -> None:
        self._zones = zones
        self._titles = titles

    def passes(self, packet: Packet) -> str:
        """What is allowed but undeclared."""
        return f"{self._packet(packet)} would pass"

    def stops(self, packet: Packet, flow: str) -> str:
        """What is declared but blocked."""
        return f"{self._packet(packet)} would be dropped ({flow})"

    def _packet(self, packet: Packet) -> str:
        kind = {"new": "a packet", "established": "a packet of a known connection"}.get(
            packet.ct_state, f"a packet of state {packet.ct_state}"
        )
        target = "the firewall itself"
        if packet.out_interface:
            target = self._end(packet.destination, packet.out_interface)
        return f"{kind} from {self._end(packet.source, packet.in_interface)} to {target} {_service(packet)}"

    def _end(self, address: str, interface: str) -> str:
        value = ip_address(address)
        zone = next(
            (
                name
                for name, spans in self._zones.items()
                if any(span.version == value.version and span.first <= int(value) <= span.last for span in spans)
            ),
            None,
        )
        shown = self._titles.get(interface, interface)
        return f"{address} ({zone}, {shown})" if zone else f"{address} ({shown})"


def _service(packet: Packet) -> str:
    if packet.icmp_type is not None:
        ping = packet.icmp_type == (8 if packet.family == 4 else 128)
        return f"{packet.protocol} {'ping' if ping else f'type {packet.icmp_type}'}"
    if packet.port is not None:
        return f"{packet.protocol} {packet.port}"
    return f"IP protocol {packet.protocol}"
