"""What a site document says of one packet, read straight from the document and as simply as can be.

It shares no code and no idea with the compiler: no flows, no passages, no sets, one packet at a time. A packet passes a
router if the router is no firewall of the site, or if something declared names its two ends and its service, and it
came by the interface behind which the document puts the one end and leaves by that of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

Document = Mapping[str, Any]
_SERVICES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "dns": (("tcp", 53), ("udp", 53)),
    "https": (("tcp", 443),),
    "ntp": (("udp", 123),),
    "ping": (("icmp", 0),),
}


def allowed(
    site: Document, hops: list[tuple[str, str, str | None]], source: str, target: str, protocol: str, port: int
) -> bool:
    """True if every router on the way has to let a new connection pass."""
    return all(
        router not in site.get("firewalls", {})
        or any(
            _is(site, start, source)
            and entry in _towards(site, router, start)
            # What a firewall admits it takes at any of its addresses; those declared say how others forward to it.
            and (end == router if leg is None else _is(site, end, target) and leg in _towards(site, router, end))
            and _zone(site, start) != _zone(site, end)
            for start, end in _declared(site, protocol, port)
        )
        for router, entry, leg in hops
    )


def _declared(site: Document, protocol: str, port: int) -> Iterator[tuple[str, str]]:
    """Pairs of ends between which a service is declared. An end is a name, or ``@`` and a network (administration)."""
    for conduit in site.get("conduits", ()):
        if _serves(conduit, protocol, port):
            yield from ((start, end) for start in _many(conduit["from"]) for end in _many(conduit["to"]))
    management = site["management"]
    if protocol == "tcp" and port in management.get("ports", [22]):
        managed = [name for name, device in site.get("devices", {}).items() if device.get("managed")]
        yield from (
            (f"@{network}", end) for network in management["sources"] for end in (*site.get("firewalls", {}), *managed)
        )


def _serves(conduit: Document, protocol: str, port: int) -> bool:
    if "service" in conduit:
        return (protocol, port) in _SERVICES[conduit["service"]]
    ranges = [str(ports).split("-") for ports in conduit["ports"]]
    return protocol == conduit["protocol"] and any(int(ends[0]) <= port <= int(ends[-1]) for ends in ranges)


def _is(site: Document, end: str, address: str) -> bool:
    """True if an address is one of an end's."""
    if end.startswith("@"):
        return ip_address(address) in ip_network(end[1:])
    for kind in ("devices", "firewalls"):
        if end in site.get(kind, {}):
            return ip_address(address) in map(ip_address, site[kind][end].get("addresses", ()))
    return zone_of(site, address) == end


def zone_of(site: Document, address: str) -> str | None:
    """The zone that declares an address; that of all undeclared ones; None where nobody declares it."""
    outside = None
    for name, zone in site["zones"].items():
        if zone["networks"] == ["any"]:
            outside = name
        elif any(ip_address(address) in ip_network(network) for network in zone["networks"]):
            return str(name)
    return outside


def _zone(site: Document, end: str) -> str | None:
    """The zone where an end stands; a firewall stands in none, and is its own."""
    if end.startswith("@"):
        return zone_of(site, str(ip_network(end[1:])[0]))
    return str(site["devices"][end]["zone"]) if end in site.get("devices", {}) else end


def _towards(site: Document, router: str, end: str) -> set[str]:
    """The interfaces of a router behind which an end stands, by the document. There are two routers at most."""
    place = _zone(site, end)
    legs = site["firewalls"][router]["interfaces"]
    if isinstance(legs.get(place), str):
        return {legs[place]}
    found = set()
    for other, firewall in site["firewalls"].items():
        if other != router and (other == place or isinstance(firewall["interfaces"].get(place), str)):
            # A leg leads to the other firewall, or both have one in the same zone.
            found |= {leg["interface"] for leg in legs.values() if isinstance(leg, dict) and leg["via"] == other}
            found |= {leg for zone, leg in legs.items() if isinstance(leg, str) and zone in firewall["interfaces"]}
    return found


def _many(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names
