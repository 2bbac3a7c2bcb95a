"""Random sites that fit the hospital in namespaces, and probes at the edges of what they declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

from kernel import oracle
from kernel.hospital import BETWEEN, BLOCKS, CORE, EDGE, LEGS, OWN, home, path
from kernel.probes import Probe

#: Two firewalls with a leg to each other, or with one each in a zone between them; or one firewall in all.
JOINS = ("via", "shared", "core alone", "edge alone")
_HOST_OF_ZONE = {"management": "ops", "modality": "scanner", "pacs": "archive", "reading": "reading", "kiosk": "kiosk"}
_OUTER = {"dmz": "dmz", "partner": "partner"}
_PORTS: tuple[int | str, ...] = (22, 104, 443, 2575, 11112, "8000-8010", "8005-8020", "50000-50010", "1-65535")
_SERVICES = ("ping", "ping", "dns", "https", "ntp")
_STRAY_PORTS = (22, 53, 80, 104, 105, 123, 443, 2575, 7999, 8000, 8005, 8010, 8011, 8020, 8021, 11112, 50000, 50011)


def random_site(random: Random, join: str) -> dict[str, Any]:
    """A site: zones carved out of the hosts' blocks, devices, conduits, and firewalls joined in one of the ways."""
    middle = join == "shared" or random.random() < 0.5
    hosts = {**_HOST_OF_ZONE, **_OUTER, **({"middle": "middle"} if middle else {})}
    zones: dict[str, Any] = {zone: {"networks": list(_networks(random, host))} for zone, host in hosts.items()}
    for number in range(random.randrange(3)):
        # A second zone behind the interface of another.
        base = random.choice([zone for zone in hosts if zone in ("pacs", "dmz", "partner", "modality")])
        taken = [ip_network(text) for zone in zones.values() for text in zone["networks"]]
        free = [text for text in _networks(random, hosts[base]) if not any(_overlap(text, other) for other in taken)]
        if free:
            zones[f"{base}{number}"] = {"networks": free}
            hosts[f"{base}{number}"] = hosts[base]
    if random.random() < 0.85:
        zones["external"] = {"networks": ["any"]}
    site: dict[str, Any] = {
        "name": "random",
        "management": {"sources": random.sample(zones["management"]["networks"], 1), "ports": [22, 8443]},
        "zones": zones,
        "devices": _devices(random, zones),
        "firewalls": _firewalls(random, zones, hosts, join),
    }
    site["conduits"] = list(_conduits(random, site))
    return site


def _networks(random: Random, host: str) -> Iterator[str]:
    found: list[str] = []
    for block in random.sample(BLOCKS[host], random.randint(1, len(BLOCKS[host]))):
        network = ip_network(block)
        longest = 32 if network.version == 4 else 128
        for _number in range(random.randint(1, 2)):
            bits = random.choice([network.prefixlen, network.prefixlen + 4, network.prefixlen + 7, longest - 4])
            inner = ip_network((random.randrange(int(network[0]), int(network[-1]) + 1), bits), strict=False)
            if not any(_overlap(str(inner), ip_network(other)) for other in found):
                found.append(str(inner))
    yield from found


def _overlap(text: str, other: Any) -> bool:
    network = ip_network(text)
    return network.version == other.version and bool(network.overlaps(other))


def _devices(random: Random, zones: Mapping[str, Any]) -> dict[str, Any]:
    devices: dict[str, Any] = {}
    taken: set[str] = set()
    for number in range(random.randint(3, 9)):
        zone = random.choice(list(zones))
        blocks = BLOCKS["outside"] if zone == "external" else zones[zone]["networks"]
        wanted = {_inside(random, block) for block in random.sample(blocks, min(len(blocks), random.randint(1, 2)))}
        outside = {address for address in wanted if home(address) not in OWN} - taken
        addresses = [it for it in sorted(outside) if zone != "external" or oracle.zone_of({"zones": zones}, it) == zone]
        if addresses:
            taken.update(addresses)
            devices[f"device{number}"] = {"zone": zone, "addresses": addresses, "managed": random.random() < 0.4}
    return devices


def _firewalls(random: Random, zones: Mapping[str, Any], hosts: Mapping[str, str], join: str) -> dict[str, Any]:
    where = {**hosts, "external": "outside"}
    legs: dict[str, dict[str, Any]] = {
        router: {
            zone: leg
            for zone in zones
            for leg, behind in LEGS[router].items()
            if where[zone] in behind and where[zone] != "middle"
        }
        for router in (CORE, EDGE)
    }
    if join == "shared":
        for router in (CORE, EDGE):
            legs[router]["middle"] = BETWEEN[router]
    elif join.endswith("alone"):
        alone = join.split()[0]
        other = EDGE if alone == CORE else CORE
        # To the one firewall everything beyond is on one interface.
        legs = {alone: {**legs[alone], **dict.fromkeys((*legs[other], *(["middle"] if "middle" in zones else [])), "")}}
        legs[alone] = {zone: leg or BETWEEN[alone] for zone, leg in legs[alone].items()}
    else:
        if "middle" in zones:
            legs[CORE]["middle"] = BETWEEN[CORE]
        for router, other in ((CORE, EDGE), (EDGE, CORE)):
            legs[router]["link"] = {"interface": BETWEEN[router], "via": other}
    return {
        router: {"kind": "internal", "addresses": _own(random, router), "interfaces": interfaces}
        for router, interfaces in legs.items()
    }


def _own(random: Random, router: str) -> list[str]:
    return list(OWN[router] if random.random() < 0.5 else OWN[router][:2])


def _conduits(random: Random, site: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    # Firewalls, and the zones in which their addresses lie, are the ends that most easily get into each other's way.
    special = [*site["firewalls"], *(zone for zone in ("external", "management") if zone in site["zones"])]
    names = [*site["zones"], *site["devices"], *site["devices"], *special, *special]
    for _number in range(random.randint(4, 14)):
        ends = {"from": random.sample(names, random.randint(1, 2)), "to": random.sample(names, random.randint(1, 2))}
        if random.random() < 0.4:
            yield {**ends, "service": random.choice(_SERVICES), "reason": "random"}
        else:
            ports = random.sample(_PORTS[:-1] if random.random() < 0.9 else _PORTS, random.randint(1, 3))
            yield {**ends, "protocol": random.choice(["tcp", "udp"]), "ports": ports, "reason": "random"}


def random_probes(random: Random, site: Mapping[str, Any], count: int) -> dict[Probe, bool]:
    """Probes with what the oracle says of them; about half of them pass, where the site lets that be found."""
    addresses = {name: _interesting(random, site, name) for name in _ends(site)}
    everything = sorted({address for many in addresses.values() for address in many})
    hosts = [*BLOCKS, *OWN]
    verdicts: dict[bool, dict[Probe, bool]] = {True: {}, False: {}}
    for _attempt in range(count * 60):
        conduit = random.choice(site["conduits"]) if random.random() < 0.85 else None
        if conduit:
            # Now and then somebody else instead: what is open to one zone, to outside above all, another may not use.
            source, target = (
                random.choice((addresses[random.choice(conduit[end])] if random.random() < 0.85 else []) or everything)
                for end in ("from", "to")
            )
            protocol, port = _service(random, conduit)
        else:
            source, target = random.choice(everything), random.choice(everything)
            protocol, port = random.choice(["tcp", "udp", "icmp"]), random.choice(_STRAY_PORTS)
        if random.random() < 0.1:
            source, target = target, source
        host = home(source) if random.random() < 0.75 else random.choice([*hosts, *["outside"] * 4])
        receiver = home(target)
        usable = host and receiver and host != receiver and (":" in source) == (":" in target)
        if not usable or host is None or receiver is None or (host in OWN and home(source) != host):
            continue
        probe = Probe(source, target, protocol, 0 if protocol == "icmp" else port, host)
        verdict = oracle.allowed(site, path(host, receiver), source, target, protocol, probe.port)
        if len(verdicts[verdict]) < count // 2:
            verdicts[verdict][probe] = verdict
    return {**verdicts[True], **verdicts[False]}


def _ends(site: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("zones", "devices", "firewalls"):
        yield from site[kind]


def _interesting(random: Random, site: Mapping[str, Any], name: str) -> list[str]:
    """Addresses of an end, of its first and last, and of what lies just beyond; only those that somebody owns."""
    if name in site["zones"]:
        networks = site["zones"][name]["networks"]
        blocks = BLOCKS["outside"] if networks == ["any"] else networks
        found = {_inside(random, block) for block in blocks for _number in range(2)}
        steps = ((0, 0), (0, -1), (-1, 0), (-1, 1))
        edges = [int(ip_network(block)[end]) + step for block in blocks for end, step in steps]
        versions = [ip_network(block).version for block in blocks for _number in range(4)]
    else:
        found = set(site["devices"].get(name, site["firewalls"].get(name))["addresses"])
        edges = [int(ip_address(address)) + step for address in found for step in (-1, 1)]
        versions = [ip_address(address).version for address in found for _number in range(2)]
    for number, version in zip(edges, versions, strict=True):
        found.add(str(ip_address(number.to_bytes(4 if version == 4 else 16, "big"))))
    return sorted(address for address in found if home(address))


def _service(random: Random, conduit: Mapping[str, Any]) -> tuple[str, int]:
    """A service of a conduit, or one just beside it."""
    if random.random() < 0.1:
        return random.choice(["tcp", "udp", "icmp"]), random.choice(_STRAY_PORTS)
    if "service" in conduit:
        return random.choice(
            {"ping": [("icmp", 0)], "dns": [("tcp", 53), ("udp", 53)]}.get(
                conduit["service"], [("tcp", 443), ("udp", 123)]
            )
        )
    first, *rest = (int(text) for text in str(random.choice(conduit["ports"])).split("-"))
    last = rest[0] if rest else first
    port = random.choice([first, last, random.randint(first, last), first - 1, last + 1])
    return conduit["protocol"], min(max(port, 1), 65535)


def _inside(random: Random, block: str) -> str:
    network = ip_network(block)
    return str(network[random.randrange(min(network.num_addresses, 1 << 60))])
