"""The lab's networks and the host around them: no host address in the lab, no route from the host into it, nothing
left behind.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab import state
from lab.engine import podman
from lab.errors import LabError
from lab.topology import Network, Topology

_FORWARDING = {4: Path("/proc/sys/net/ipv4/ip_forward"), 6: Path("/proc/sys/net/ipv6/conf/all/forwarding")}
_BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
_ROUTE_PROTOCOL = "198"  # an unassigned protocol number: marks the routes that are ours


def overlapping(routes: Iterable[dict[str, Any]], ranges: Iterable[Network]) -> list[str]:
    """Destinations of host routes (rows of `ip -j route`) that share addresses with the lab's ranges.

    Our own routes (by their protocol number) and default routes don't count; the two halves that VPN clients install
    instead of a default route (0.0.0.0/1 and 128.0.0.0/1) don't either, because the blackhole routes are more
    specific.
    """
    found = []
    wanted = list(ranges)
    for row in routes:
        text = row.get("dst", "default")
        if text == "default" or str(row.get("protocol")) == _ROUTE_PROTOCOL:
            continue
        destination = ipaddress.ip_network(text, strict=False)
        if destination.prefixlen <= 1:
            continue
        if any(destination.version == mine.version and destination.overlaps(mine) for mine in wanted):
            found.append((destination, f"{text} dev {row.get('dev', '?')}"))
    # An address of the host brings three routes; the widest tells enough.
    return [
        text
        for mine, text in found
        if not any(other.prefixlen < mine.prefixlen and mine.network_address in other for other, _text in found)
    ]


def check_overlap(topology: Topology) -> None:
    """Raises LabError when the host already has a route into the lab's address ranges."""
    taken = [entry for family in (4, 6) for entry in overlapping(_host_routes(family), topology.ranges)]
    if taken:
        raise LabError(
            f"this machine already has routes inside the lab's address ranges ({', '.join(taken)}); the lab would be "
            "mixed up with that network. Take that interface or VPN down, or use another machine."
        )


def note_host() -> None:
    """Write down, at the first `up`, what `down` has to restore."""
    if state.HOST_NOTE.exists():
        return
    note = {
        "forwarding": {str(family): path.read_text().strip() for family, path in _FORWARDING.items()},
        "nft": sorted(_nft_tables()),
    }
    # In one step: half a note would keep `down` from restoring anything.
    partial = state.HOST_NOTE.with_suffix(".partial")
    partial.write_text(json.dumps(note), encoding="utf-8")
    partial.rename(state.HOST_NOTE)


def create(topology: Topology) -> None:
    """Create the networks that are missing, and the host's blackhole routes. Idempotent."""
    present = set(_networks(topology.prefix))
    for segment in topology.segments.values():
        name = topology.network_name(segment.name)
        if name not in present:
            # Internal and without a name server, a network has no gateway: the host gets no address in it.
            podman(
                "network", "create", "--internal", "--disable-dns", "--ipv6",
                "--subnet", str(segment.ipv4), "--subnet", str(segment.ipv6), name,
            )  # fmt: skip
    for network in topology.ranges:
        # A route into a range would be more specific than these and win; without one, a stray packet from the host
        # ends here.
        _ip(network.version, "route", "replace", "blackhole", str(network), "proto", _ROUTE_PROTOCOL)


def remove(topology: Topology) -> None:
    """Remove networks and blackhole routes, and restore what `note_host` found on the host."""
    for name in _networks(topology.prefix):
        podman("network", "rm", "--force", name)
    for network in topology.ranges:
        _ip(network.version, "route", "del", "blackhole", str(network), "proto", _ROUTE_PROTOCOL, check=False)
    _restore_host()


def host_addresses(topology: Topology) -> list[str]:
    """Addresses that the host has in the lab's ranges. There must be none."""
    rows = json.loads(_ip(None, "-j", "address", "show") or "[]")
    return [
        item["local"]
        for row in rows
        for item in row.get("addr_info", [])
        if any(ipaddress.ip_address(item["local"]) in mine for mine in topology.ranges)
    ]


def bridge_filter_hint() -> str:
    """Why packets might be lost between containers on this host, or an empty string."""
    if _BRIDGE_FILTER.exists() and _BRIDGE_FILTER.read_text().strip() == "1":
        return (
            "This host filters bridged packets (net.bridge.bridge-nf-call-iptables=1, usually because of Docker). "
            "If its FORWARD chain drops them: "
            "sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0"
        )
    return ""


def only_netavark(listing: Mapping[str, Any]) -> bool:
    """True if a table (as `nft -j list table` shows it) is netavark's, and nobody else has a rule in it."""
    rows = [json.dumps(row).lower() for row in listing.get("nftables", [])]
    rules = [row for row in rows if row.startswith('{"rule"')]
    return any("netavark" in row for row in rows) and all("netavark" in row for row in rules)


def _restore_host() -> None:
    if not state.HOST_NOTE.exists():
        return
    note = json.loads(state.HOST_NOTE.read_text(encoding="utf-8"))
    if not _networks(""):  # another lab of podman's may rely on both
        for family, path in _FORWARDING.items():
            wanted = note["forwarding"][str(family)]
            if path.read_text().strip() != wanted:
                path.write_text(wanted)
        for table in _nft_tables() - set(note["nft"]):
            if only_netavark(json.loads(_nft("-j", "list", "table", *table.split()) or "{}")):
                _nft("delete", "table", *table.split())
    state.HOST_NOTE.unlink()


def _networks(prefix: str) -> list[str]:
    names = podman("network", "ls", "--format", "{{.Name}}").stdout.decode().split()
    return [name for name in names if (name.startswith(f"{prefix}-") if prefix else name != "podman")]


def _host_routes(family: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_ip(family, "-j", "route", "show", "table", "all") or "[]")
    return rows


def _nft_tables() -> set[str]:
    return {
        line.removeprefix("table ").strip() for line in _nft("list", "tables").splitlines() if line.startswith("table ")
    }


def _nft(*arguments: str) -> str:
    """nft's output; empty where nft is missing, because then there is nothing of nft's to restore."""
    try:
        return subprocess.run(["nft", *arguments], capture_output=True, text=True, check=False, timeout=20).stdout
    except FileNotFoundError:
        return ""


def _ip(family: int | None, *arguments: str, check: bool = True) -> str:
    command = ["ip", *([f"-{family}"] if family else []), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout
