# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interventions: connections that pass only while a window for them is open, and stop with it.

A zone pair has two sets for them: ``intervention4_from_A_to_B`` holds what is declared, and ``window4_from_A_to_B``
what is open now. An element of the latter ends by its timeout, in the kernel. The chain ``interventions`` is asked
before known connections pass, so that one that was made in a window ends with it, at the minute, in both directions.

Packets are told by addresses and ports and not by what conntrack knows of the connection: the hook forward sees the
same addresses in both directions, whatever NAT does around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._policy.interventions import Intervention, permits_on
from .._policy.model import EnforcementPolicy, Passage, Permit
from .listing import Ruleset
from .names import chain_name, comment
from .packets import DESTINATION, PORT, PROTOCOL, SOURCE, SOURCE_PORT, TCP, UDP, Span
from .spelling import FAMILIES, address_range, ends_of, flow_key, flow_type, port_range
from .words import PROTOCOLS, address_number

CHAIN = "interventions"
CLOSED = "closed_interventions"
_PROTOCOLS = {"tcp": TCP, "udp": UDP}


class Way(NamedTuple):
    """One connection that a window can open: addresses and protocol as numbers, the destination's port."""

    source: int
    destination: int
    protocol: int
    port: int

    def bounds(self) -> dict[int, Span]:
        """Its packets from the one who opens it."""
        return {
            SOURCE: (self.source, self.source),
            DESTINATION: (self.destination, self.destination),
            PROTOCOL: (self.protocol, self.protocol),
            PORT: (self.port, self.port),
        }

    def bounds_back(self) -> dict[int, Span]:
        """Its packets in the other direction."""
        return {
            SOURCE: (self.destination, self.destination),
            DESTINATION: (self.source, self.source),
            PROTOCOL: (self.protocol, self.protocol),
            SOURCE_PORT: (self.port, self.port),
        }


def ways_of(permits: Iterable[Permit], family: int) -> Iterator[tuple[Way, str]]:
    """The connections of an IP version that some interventions allow, each with its note."""
    for permit in permits:
        if permit.source.version == family and permit.ports is not None and permit.protocol != "icmp":
            source, destination = ends_of(permit.source)[0], ends_of(permit.destination)[0]
            for port in range(permit.ports.first, permit.ports.last + 1):
                yield Way(source, destination, _PROTOCOLS[permit.protocol], port), permit.note


def intervention_sets(passage: Passage) -> Iterator[str]:
    """The two sets of a zone pair, for each IP version that has interventions."""
    for version, _ip, address, _icmp in FAMILIES:
        elements = window_elements(passage, version, passage.interventions)
        if elements:
            yield f"set {_declared(passage, version)} {{"
            yield f"\ttype {flow_type(address)}"
            yield "\tcounter"
            yield "\telements = {"
            yield from (f'\t\t{key} comment "{comment(note)}",' for key, note in sorted(elements.items()))
            yield "\t}"
            yield "}"
            yield f"set {window_set(passage, version)} {{"
            yield f"\ttype {flow_type(address)}"
            yield "\tflags timeout"
            yield "\tcounter"
            yield "}"


def window_set(passage: Passage, version: int) -> str:
    """The name of the set of open windows of a zone pair."""
    return f"window{version}_{chain_name(passage.source_zone, passage.destination_zone)}"


def window_elements(passage: Passage, version: int, permits: Iterable[Permit]) -> dict[str, str]:
    """What nft calls the connections of some interventions, each with its note; those of one IP version."""
    found: dict[str, str] = {}
    for way, note in ways_of(permits, version):
        protocol = "tcp" if way.protocol == TCP else "udp"
        ends = (address_range(version, (end, end)) for end in (way.source, way.destination))
        found.setdefault(" . ".join((*ends, protocol, str(way.port))), note)
    return found


def accepting_rules(passage: Passage) -> Iterator[str]:
    """The rules of a zone pair's chain that let new connections pass while a window is open."""
    for version, ip, _address, _icmp in FAMILIES:
        if _any(passage, version):
            yield f"{flow_key(ip)} @{window_set(passage, version)} accept"


def closing_chain(passages: Sequence[Passage]) -> Iterator[str]:
    """The chain that stops what belongs to an intervention outside its window; nothing where there are none."""
    held = [(passage, family) for passage in passages for family in FAMILIES if _any(passage, family[0])]
    if not held:
        return
    yield f"chain {CHAIN} {{"
    for passage, (version, ip, _address, _icmp) in held:
        for key in (flow_key(ip), _key_back(ip)):
            yield f"\t{key} @{window_set(passage, version)} return"
    for passage, (version, ip, _address, _icmp) in held:
        for key in (flow_key(ip), _key_back(ip)):
            yield f"\t{key} @{_declared(passage, version)} counter name {CLOSED} drop"
    yield "}"


def closing_rules(passages: Iterable[Passage]) -> Iterator[str]:
    """The same in plain rules that need no set and no chain, and know no windows."""
    for passage in passages:
        for version, ip, _address, _icmp in FAMILIES:
            for permit in passage.interventions:
                if permit.source.version == version and permit.ports is not None:
                    ends = [address_range(version, ends_of(end)) for end in (permit.source, permit.destination)]
                    ports = port_range((permit.ports.first, permit.ports.last))
                    yield f"{ip} saddr {ends[0]} {ip} daddr {ends[1]} {permit.protocol} dport {ports} drop"
                    yield f"{ip} saddr {ends[1]} {ip} daddr {ends[0]} {permit.protocol} sport {ports} drop"


def intervention_documents(policy: EnforcementPolicy, known: Iterable[Intervention]) -> list[dict[str, Any]]:
    """The interventions that an enforcement point has a part in, as plain data for whoever opens windows on it.

    ``elements`` are what opens it here, by the name of the set; ``also`` are the other firewalls on its path.
    """
    found = []
    for one in known:
        here = permits_on(policy, one.permits)
        elements = {
            window_set(passage, version): sorted(keys)
            for passage in policy.passages
            for version, _ip, _address, _icmp in FAMILIES
            if (keys := window_elements(passage, version, here.intersection(passage.interventions)))
        }
        if elements:
            found.append(
                {
                    "name": one.name,
                    "from": one.source,
                    "to": one.destination,
                    "what": one.what,
                    "reason": one.reason,
                    "owner": one.owner,
                    "contract": one.contract,
                    "longest_minutes": one.longest,
                    "on_call": one.on_call,
                    "also": [name for name in one.enforcement_points if name != policy.enforcement_point],
                    "elements": elements,
                }
            )
    return found


def any_intervention(policy: EnforcementPolicy) -> bool:
    """Whether the policy knows interventions at all."""
    return any(passage.interventions for passage in policy.passages)


def open_ways(ruleset: Ruleset, policy: EnforcementPolicy, family: int) -> dict[Way, str]:
    """The connections for which a window is open in a live ruleset, each with the window's id where that is known.
    What isn't understood counts as closed.
    """
    sets = {
        name: known
        for table in ruleset.tables
        if (table.family, table.name) == ("inet", "pacs")
        for name, known in table.sets.items()
    }
    names = {window_set(passage, family) for passage in policy.passages if passage.interventions}
    elements = (item for name in names if name in sets for item in sets[name].elements)
    return {way: _id(item) for item in elements if (way := _way(item, family)) is not None}


def _id(element: Any) -> str:
    known = element.get("elem") if isinstance(element, Mapping) else None
    return str(known.get("comment", "")) if isinstance(known, Mapping) else ""


def _way(element: Any, family: int) -> Way | None:
    """An element as nft's JSON has it: alone, or with what is known of its time."""
    if isinstance(element, Mapping) and isinstance(element.get("elem"), Mapping):
        element = element["elem"].get("val")
    parts = element.get("concat") if isinstance(element, Mapping) else None
    try:
        source, destination, protocol, port = parts or [None] * 4
        number = protocol if isinstance(protocol, int) else PROTOCOLS[protocol]
        return Way(address_number(source, family), address_number(destination, family), number, int(port))
    except (KeyError, TypeError, ValueError):
        return None


def _declared(passage: Passage, version: int) -> str:
    return f"intervention{version}_{chain_name(passage.source_zone, passage.destination_zone)}"


def _any(passage: Passage, version: int) -> bool:
    return any(permit.source.version == version for permit in passage.interventions)


def _key_back(ip: str) -> str:
    """What of a packet in the other direction is looked up in a set of flows."""
    return f"{ip} daddr . {ip} saddr . meta l4proto . th sport"
