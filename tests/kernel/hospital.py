"""A hospital in namespaces: two routers in a row and the hosts around them. How it is wired, never what is allowed.

    ops, scanner, archive, reading + kiosk (one interface) | core | middle | edge | dmz, partner, outside

Every host owns whole blocks of addresses and answers on all of them, so that both sides of every declared prefix can be
tried. Only the two routers ever carry a ruleset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from ipaddress import ip_address, ip_network

from kernel.namespaces import Namespace

CORE, EDGE = "core", "edge"
#: Between the two routers: the interface of each.
BETWEEN = {CORE: "uplink0", EDGE: "downlink0"}
#: Interfaces with the hosts behind each.
LEGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    CORE: {
        "mgmt0": ("ops",),
        "modality0": ("scanner",),
        "pacs0": ("archive",),
        "shared0": ("reading", "kiosk"),
        "uplink0": ("middle",),
    },
    EDGE: {"dmz0": ("dmz",), "partner0": ("partner",), "external0": ("outside",), "downlink0": ("middle",)},
}
#: Blocks of dmz and outside lie between each other, so that a declared prefix of one ends where the other begins.
BLOCKS: Mapping[str, tuple[str, ...]] = {
    "ops": ("10.10.0.0/16", "fd00:10::/32"),
    "scanner": ("10.20.0.0/16", "fd00:20::/32"),
    "archive": ("10.30.0.0/16", "fd00:30::/32"),
    "reading": ("10.40.0.0/16", "fd00:40::/32"),
    "kiosk": ("10.41.0.0/16", "fd00:41::/32"),
    "middle": ("10.60.0.0/16", "fd00:60::/32"),
    "partner": ("10.97.0.0/16", "fd00:97::/32"),
    "dmz": ("10.98.0.0/24", "10.98.2.0/24", "fd00:98::/48", "fd00:98:2::/48"),
    "outside": ("10.98.1.0/24", "10.98.3.0/24", "203.0.113.0/24", "fd00:98:1::/48", "fd00:98:3::/48", "fd00:99::/32"),
}
#: The routers' own addresses. The first two of core lie in the block of ops, as those of a real firewall do.
OWN: Mapping[str, tuple[str, ...]] = {
    CORE: ("10.10.0.254", "fd00:10::fe", "10.250.0.1", "fd00:250::1"),
    EDGE: ("10.250.0.2", "fd00:250::2"),
}
# What a router let in and what came through, counted around its own ruleset: the difference is what that has dropped.
# Only the first packet of a probe counts, and no conntrack is asked for: that must be the ruleset's own doing.
_FIRST = (
    "tcp flags & (syn | ack) == syn counter name {0}",
    "meta l4proto udp counter name {0}",
    "icmp type echo-request counter name {0}",
    "icmpv6 type echo-request counter name {0}",
)


class Hospital:
    """The namespaces, wired. ``hosts`` and ``routers`` are namespaces by name."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self._switch = self._namespace(stack, "switch")
            self.routers = {name: self._namespace(stack, name) for name in LEGS}
            self.hosts = {name: self._namespace(stack, name) for name in BLOCKS}
            for namespace in self.routers.values():
                namespace.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, **_QUIET)
                namespace.run("nft", "-f", "-", text=_gauge())
            for namespace in self.hosts.values():
                namespace.sysctl(ipv4__ip_nonlocal_bind=1, ipv6__ip_nonlocal_bind=1, **_QUIET)
            self._wire()
            self.open()
            self._stack = stack.pop_all()

    @staticmethod
    def _namespace(stack: ExitStack, name: str) -> Namespace:
        namespace = Namespace(name)
        stack.callback(namespace.close)
        return namespace

    def close(self) -> None:
        """End everything."""
        self._stack.close()

    @property
    def places(self) -> Mapping[str, Namespace]:
        """Hosts and routers."""
        return {**self.hosts, **self.routers}

    def load(self, rulesets: Mapping[str, str]) -> None:
        """Put rulesets (``table inet pacs``) by router into force, each in one transaction."""
        for router, text in rulesets.items():
            self.routers[router].run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{text}")

    def open(self) -> None:
        """Remove every ruleset: everything passes."""
        self.load(dict.fromkeys(self.routers, ""))

    def dropped(self) -> int:
        """How many first packets both routers have swallowed since they exist."""
        found = [self.counters(router, "gauge") for router in self.routers]
        return sum(counters["entered"] - counters["passed"] for counters in found)

    def counters(self, router: str, table: str = "pacs") -> dict[str, int]:
        """Packets by named counter of one table."""
        listed = json.loads(self.routers[router].run("nft", "-j", "list", "counters", "table", "inet", table))
        found = (item["counter"] for item in listed["nftables"] if "counter" in item)
        return {counter["name"]: counter["packets"] for counter in found}

    def _wire(self) -> None:
        for number, (router, leg, hosts) in enumerate(_segments()):
            ends = [(self.routers[router], leg, 1)]
            ends += [(self.hosts[host], "lan0", part) for part, host in enumerate(hosts, 2)]
            if leg == BETWEEN[CORE]:
                ends.append((self.routers[EDGE], BETWEEN[EDGE], 9))
            if len(ends) == 2:
                ends[0][0].join(ends[0][1], ends[1][0], ends[1][1])
            else:
                self._switch.ip(f"link add lan{number} type bridge mcast_snooping 0", f"link set lan{number} up")
                for end, (namespace, interface, _host_part) in enumerate(ends):
                    self._switch.join(f"port{number}.{end}", namespace, interface)
                    self._switch.ip(f"link set port{number}.{end} master lan{number}")
            for namespace, interface, host_part in ends:
                namespace.ip(
                    f"addr add 172.31.{number}.{host_part}/28 dev {interface}",
                    f"addr add fe80::{host_part}/64 dev {interface} nodad",
                )
            self._route(number, router, leg, hosts)

    def _route(self, number: int, router: str, leg: str, hosts: tuple[str, ...]) -> None:
        """Blocks are reached through the host that owns them, everything else through the routers."""
        for host_part, host in enumerate(hosts, 2):
            for at, interface in ((router, leg), *(((EDGE, BETWEEN[EDGE]),) if leg == BETWEEN[CORE] else ())):
                self.routers[at].ip(*(_via(block, number, host_part, interface) for block in BLOCKS[host]))
            self.hosts[host].ip(
                *(f"route add local {block} dev lo" for block in BLOCKS[host]),
                *(_via(everything, number, 1, "lan0") for everything in ("0.0.0.0/0", "::/0")),
                # The routers' addresses in the midst of a block aren't the host's.
                *(f"{_via(own, number, 1, 'lan0')} table local" for own in OWN[router] if home_of_block(own) == host),
            )
        if leg == BETWEEN[CORE]:
            self.routers[CORE].ip(*(_via(everything, number, 9, leg) for everything in ("0.0.0.0/0", "::/0")))
            inner = (*OWN[CORE], *_blocks_behind(CORE))
            self.routers[EDGE].ip(*(_via(block, number, 1, BETWEEN[EDGE]) for block in inner))
            outer = (*OWN[EDGE], *_blocks_behind(EDGE))
            for host in hosts:
                self.hosts[host].ip(*(_via(block, number, 9, "lan0") for block in outer))
            for name, addresses in OWN.items():
                self.routers[name].ip(*(f"addr add {address} dev lo" for address in addresses))


#: Of every namespace: nothing is learnt from others, rulesets alone judge (the kernel takes any source), all may ping.
_QUIET: Mapping[str, int | str] = {
    "ipv4__conf__all__accept_local": 1,
    "ipv4__conf__all__rp_filter": 0,
    "ipv4__conf__default__rp_filter": 0,
    "ipv4__conf__all__send_redirects": 0,
    "ipv4__conf__default__send_redirects": 0,
    "ipv4__conf__all__accept_redirects": 0,
    "ipv4__conf__default__accept_redirects": 0,
    "ipv4__ping_group_range": "0 2147483647",
    "ipv6__conf__all__accept_redirects": 0,
    "ipv6__conf__default__accept_redirects": 0,
    "ipv6__conf__default__accept_ra": 0,
    "ipv6__conf__default__accept_dad": 0,
}


def _gauge() -> str:
    chains = (
        f"chain {name}_{hook} {{ type filter hook {hook} priority {priority}; policy accept; {'; '.join(rules)}; }}"
        for hook in ("forward", "input")
        for name, priority in (("entered", -10), ("passed", 10))
        for rules in [[rule.format(name) for rule in _FIRST]]
    )
    return "table inet gauge {\ncounter entered { }\ncounter passed { }\n" + "\n".join(chains) + "\n}\n"


def _segments() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for router, legs in LEGS.items():
        yield from ((router, leg, hosts) for leg, hosts in legs.items() if leg != BETWEEN[EDGE])


def _via(block: str, number: int, host_part: int, interface: str) -> str:
    if ip_network(block).version == 4:
        return f"route add {block} via 172.31.{number}.{host_part} dev {interface}"
    return f"route add {block} via fe80::{host_part} dev {interface}"


def _blocks_behind(router: str) -> Iterator[str]:
    for leg, hosts in LEGS[router].items():
        if leg != BETWEEN[router]:
            yield from (block for host in hosts for block in BLOCKS[host])


@lru_cache(maxsize=65536)
def home(address: str) -> str | None:
    """The host or router that owns an address."""
    value = ip_address(address)
    for router, addresses in OWN.items():
        if value in map(ip_address, addresses):
            return router
    return home_of_block(address)


def home_of_block(address: str) -> str | None:
    """The host in whose blocks an address lies, even if it is a router's."""
    value = ip_address(address)
    return next((host for host, blocks in BLOCKS.items() if any(value in ip_network(block) for block in blocks)), None)


def path(sender: str, receiver: str) -> list[tuple[str, str, str | None]]:
    """The routers that judge a packet on its way, each with the interfaces in and out; None means: to itself."""
    at, entry = (sender, None) if sender in LEGS else _first(sender, receiver)
    hops: list[tuple[str, str, str | None]] = []
    while True:
        last = receiver == at or _leg(at, receiver) is not None
        if entry is not None:
            hops.append((at, entry, None if receiver == at else _leg(at, receiver) or BETWEEN[at]))
        if last:
            return hops
        at = EDGE if at == CORE else CORE
        entry = BETWEEN[at]


def _first(sender: str, receiver: str) -> tuple[str, str | None]:
    """The router that a host sends to, and by which of its interfaces; the host between the two knows both."""
    inner = _leg(EDGE, sender) is None or receiver == CORE or _leg(CORE, receiver) is not None
    at = CORE if _leg(CORE, sender) and inner else EDGE
    return at, _leg(at, sender)


def _leg(router: str, host: str) -> str | None:
    return next((leg for leg, hosts in LEGS[router].items() if host in hosts), None)
