# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy from plain variables, for those who have no site model: flows between addresses, and who administers."""

from __future__ import annotations

from .._site.faults import SiteError
from .._site.model import Network, Ports
from .._site.reader import Fields, Reader
from .._site.vocabulary import Protocol
from .model import Admission, EnforcementPolicy, Passage, Permit

#: The one zone of a policy that knows no zones.
EVERYWHERE = "everywhere"


def policy_from_flows(name: str, flows: object, management: object) -> EnforcementPolicy:
    """Make a policy for the enforcement point ``name``.

    ``flows`` is a list of mappings with source, destination (networks or addresses), protocol (tcp, udp, icmp), port
    (a number or a range like 50000-50010) and reason; ``management`` has sources and optionally ports. Without
    management sources nothing is compiled: a ruleset that shuts everybody out must not exist. Raises SiteError.
    """
    reader = Reader()
    permits: list[Permit] = []
    for path, item in reader.items(flows, "flows"):
        permits.extend(_permits(reader, item, path))
    admissions = _admissions(reader, management, "management")
    if reader.faults:
        raise SiteError(reader.faults)
    passage = Passage(EVERYWHERE, EVERYWHERE, (), tuple(permits))
    return EnforcementPolicy(name, "", {}, None, (passage,), tuple(admissions))


def _permits(reader: Reader, value: object, path: str) -> list[Permit]:
    fields = reader.fields(value, path, ("source", "destination", "protocol", "reason"), ("port",))
    protocol: Protocol | None = fields.choice("protocol", ("tcp", "udp", "icmp"))
    ports = fields.one("port", reader.ports)
    if protocol in ("tcp", "udp") and "port" not in fields:
        fields.fault(f"{protocol} needs a port", "Add port.")
    if protocol == "icmp" and "port" in fields:
        fields.fault("icmp has no ports", "Leave port out.", "port")
    sources, destinations = _networks(reader, fields, "source"), _networks(reader, fields, "destination")
    permits = [
        Permit(source, destination, protocol, ports, fields.text("reason"))
        for source in sources
        for destination in destinations
        if protocol and source.version == destination.version
    ]
    if sources and destinations and protocol and not permits:
        fields.fault("source and destination share no IP version", "Give both in IPv4, or both in IPv6.")
    return permits


def _networks(reader: Reader, fields: Fields, key: str) -> tuple[Network, ...]:
    network = fields.one(key, reader.network)
    return () if network is None else (network,)


def _admissions(reader: Reader, value: object, path: str) -> list[Admission]:
    fields = reader.fields(value or {}, path, ("sources",), ("ports",))
    sources = fields.each("sources", reader.network, empty="Name the networks from which the host is administered.")
    ports = fields.each("ports", reader.port) or (22,)
    return [Admission("", source, "tcp", Ports(port, port), "management") for source in sources for port in ports]
