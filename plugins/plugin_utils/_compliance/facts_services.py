# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on a host, less what the site declares to listen there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from ...module_utils._evidence.sockets import plain_name
from .._flows.model import Flow
from .._site.model import Device, Ports, Site

#: Clients that hold an open UDP port by the design of their protocol: DHCP (RFC 2131), DHCPv6 (RFC 8415).
CLIENTS: frozenset[tuple[str, int]] = frozenset({("udp", 68), ("udp", 546)})


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that others can reach."""

    protocol: str
    family: int
    address: str
    port: int
    process: str

    @property
    def text(self) -> str:
        """``tcp 8042 on every IPv4 address (Orthanc)``."""
        everywhere = ip_address(self.address).is_unspecified
        where = f"every IPv{self.family} address" if everywhere else self.address
        return f"{self.protocol} {self.port} on {where}{f' ({self.process})' if self.process else ''}"


@dataclass(frozen=True, slots=True)
class Service:
    """What may listen: a protocol and a range of ports."""

    protocol: str
    ports: Ports


def declared_services(site: Site, flows: Iterable[Flow], device: Device) -> tuple[Service, ...]:
    """What the site says to listen on a device: its applications, its administration, and what flows end there."""
    connections = [connection for entity in device.application_entities for connection in entity.connections]
    connections += [connection for hl7 in device.hl7_applications for connection in hl7.connections]
    found = [Service("tcp", Ports(connection.port, connection.port)) for connection in connections]
    found += [Service("tcp", Ports(port, port)) for port in site.management.ports]
    found += [
        Service(flow.protocol, flow.ports)
        for flow in flows
        if flow.ports is not None and flow.destination.name in (device.name, device.zone)
    ]
    return tuple(dict.fromkeys(found))


def firewall_services(site: Site, flows: Iterable[Flow], name: str) -> tuple[Service, ...]:
    """What may listen on a firewall: its administration, and what flows end there."""
    found = [Service("tcp", Ports(port, port)) for port in site.management.ports]
    found += [
        Service(flow.protocol, flow.ports)
        for flow in flows
        if flow.ports is not None and flow.destination.kind == "firewall" and flow.destination.name == name
    ]
    return tuple(dict.fromkeys(found))


def undeclared_listeners(value: Mapping[str, Any], services: Iterable[Service]) -> tuple[str, ...] | str:
    """Texts of the listeners that nothing declares; a reason instead where the evidence can't be relied on.

    Listeners on loopback don't count, nor do the clients in CLIENTS.
    """
    listed = value.get("listeners")
    if not isinstance(listed, list):
        return "the evidence doesn't say who listens"
    if not listed:
        return "no listening socket was seen at all, which isn't believed of a host that is administered from afar"
    known = tuple(services)
    found = []
    for item in listed:
        listener = _listener(item)
        if listener is None:
            return "an entry of the listening sockets can't be understood"
        if not _is_loopback(listener) and not _is_declared(listener, known):
            found.append(listener)
    return tuple(
        dict.fromkeys(one.text for one in sorted(found, key=lambda one: (one.protocol, one.port, one.address)))
    )


def listens(value: Mapping[str, Any], family: int, port: int) -> bool:
    """Whether something on the host takes TCP connections from others on a port, in an IP version."""
    listed = value.get("listeners")
    for item in listed if isinstance(listed, list) else ():
        listener = _listener(item)
        if listener is None or listener.protocol != "tcp" or listener.port != port or _is_loopback(listener):
            continue
        # A socket of IPv6 on every address usually takes IPv4, too.
        if listener.family == family or listener.address == "::":
            return True
    return False


def _listener(item: object) -> Listener | None:
    if not isinstance(item, Mapping):
        return None
    protocol, family, port, process = (item.get(key) for key in ("protocol", "family", "port", "process"))
    try:
        address = ip_address(item.get("address", ""))
    except ValueError:
        return None
    if protocol not in ("tcp", "udp") or address.version != family or isinstance(port, bool):
        return None
    if not isinstance(port, int) or not 0 < port < 65536:
        return None
    name = plain_name(process) if isinstance(process, str) else None
    return Listener(str(protocol), address.version, str(address), port, name or "")


def _is_loopback(listener: Listener) -> bool:
    address = ip_address(listener.address)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_declared(listener: Listener, services: tuple[Service, ...]) -> bool:
    if (listener.protocol, listener.port) in CLIENTS:
        return True
    return any(
        service.protocol == listener.protocol and service.ports.first <= listener.port <= service.ports.last
        for service in services
    )
