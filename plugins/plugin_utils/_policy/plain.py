# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy from plain variables, for those who have no site model: flows between addresses, and who administers."""

from __future__ import annotations

from .._site.faults import SiteError
from .._site.model import Network, Ports
from .._site.reader import Reader
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
    permits = [_permit(reader, item, path) for path, item in reader.items(flows, "flows")]
    admissions = _admissions(reader, management, "management")
    if reader.faults:
        raise SiteError(reader.faults)
    passage = Passage(EVERYWHERE, EVERYWHERE, (), tuple(permit for permit in permits if permit))
    return EnforcementPolicy(name, "", (), {}, None, (passage,), tuple(admissions))


def _permit(reader: Reader, value: object, path: str) -> Permit | None:
    fields = reader.fields(value, path, ("source", "destination", "protocol", "reason"), ("port",))
    protocol: Protocol | None = fields.choice("protocol", ("tcp", "udp", "icmp"))
    ports = fields.one("port", reader.ports)
    if protocol in ("tcp", "udp") and "port" not in fields:
        fields.fault(f"{protocol} needs a port", "Add port.")
    if protocol == "icmp" and "port" in fields:
        fields.fault("icmp has no ports", "Leave port out.", "port")
    source, destination, reason = fields.network("source"), fields.network("destination"), fields.text("reason")
    if source is None or destination is None or protocol is None:
        return None
    if source.version != destination.version:
        fields.fault("source and destination are of different IP versions", "Give both in IPv4, or both in IPv6.")
        return None
    return Permit(source, destination, protocol, ports, reason)


def _admissions(reader: Reader, value: object, path: str) -> list[Admission]:
    if not value:
        reader.fault(
            path, "nobody could administer this firewall", "Declare pacs_site, or give the management sources."
        )
        return []
    fields = reader.fields(value, path, ("sources",), ("ports",))
    sources: tuple[Network, ...] = fields.each(
        "sources", reader.network, empty="Name the networks from which the host is administered."
    )
    ports = fields.each("ports", reader.port) or (22,)
    return [Admission("", source, "tcp", Ports(port, port), "management") for source in sources for port in ports]
