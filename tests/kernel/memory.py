"""What a router in the hospital remembers, read with nft."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from kernel import oracle
from kernel.hospital import Hospital
from kernel.probes import Probe

#: Source, destination, protocol, port.
Key = tuple[str, str, str, int]


def remembered(hospital: Hospital, router: str) -> dict[Key, int]:
    """The connections in the memory of a router, both IP versions, with the packets of each."""
    found = {}
    for version in (4, 6):
        for element in elements(hospital, router, f"undeclared{version}"):
            source, destination, protocol, port = element["val"]["concat"]
            found[source, destination, protocol, port] = element["counter"]["packets"]
    return found


def used(hospital: Hospital, router: str, name: str) -> dict[str, int]:
    """The notes of a set of declared flows, with the new connections that each has seen."""
    return {element["comment"]: element["counter"]["packets"] for element in elements(hospital, router, name)}


def elements(hospital: Hospital, router: str, name: str) -> list[dict[str, Any]]:
    """The elements of a set of ours."""
    listed = json.loads(hospital.routers[router].run("nft", "-j", "list", "set", "inet", "pacs", name))
    (found,) = (item["set"] for item in listed["nftables"] if "set" in item)
    return [item["elem"] for item in found.get("elem", ())]


def undeclared(site: Mapping[str, Any], router: str, probes: Iterable[Probe], dropping: bool) -> dict[Key, int]:
    """What a router should remember of some probes, with how many of them, where routers drop what isn't declared."""
    found: dict[Key, int] = {}
    for probe in probes:
        ends = probe.source, probe.destination, probe.protocol, probe.port
        passed = [oracle.allowed(site, [hop], *ends) for hop in probe.hops]
        for place, hop in enumerate(probe.hops):
            arrives = all(passed[:place]) or not dropping
            if hop[0] == router and arrives and not passed[place] and probe.protocol != "icmp":
                key = str(ip_address(probe.source)), str(ip_address(probe.destination)), *ends[2:]
                found[key] = found.get(key, 0) + 1
    return found
