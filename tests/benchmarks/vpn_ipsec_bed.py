"""One strongSwan gateway and many peers, each a daemon in a namespace: with the role's configuration, and defaults.

    archive 10.1.0.10 -- gateway 10.1.0.1 = 203.0.113.1 -- switch -- 203.0.113.(100+n) = peer n, 10.2.n.1

ESP is strongSwan's own, in user space, on both sides of every tunnel.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from benchmarks.bed import BedError
from benchmarks.pump import Way
from kernel.ipsec_gateway import Gateway
from kernel.ipsec_pki import Authority
from kernel.ipsec_place import CERTIFICATE, CRL, USERSPACE
from kernel.namespaces import Namespace
from vpn_example import TODAY
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import agreed, sas_in
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.vici import events
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import render_guard
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn import swanctl
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import Tunnel, plain_tunnels

Kind = Literal["ours", "defaults"]

ARCHIVE = "10.1.0.10"
_HUB, _OUTER, _INSIDE = "gateway.hospital.example", "203.0.113.1", "10.1.0.0/24"
_CONF = "conf.d/pacs-hardening.conf"
_UP = re.compile(r"CHILD_SA \S+ established")
_PATIENCE = 120.0


class Hub:
    """The gateway and its peers, whose daemons run and wait; the gateway's own doesn't yet."""

    def __init__(self, kind: Kind, gateway: Gateway, peers: list[Gateway], archive: Namespace) -> None:
        self.kind, self.gateway, self.peers, self.archive = kind, gateway, peers, archive

    def start(self) -> None:
        """Start the gateway's daemon; it knows of no tunnel."""
        (self.gateway.folder / "log").unlink(missing_ok=True)
        self.gateway.write({_CONF: ""})
        self.gateway.start()

    def up(self) -> None:
        """Load all tunnels, which begin by themselves, and wait until the last carries ESP."""
        count = len(self.peers)
        ends = [(_HUB, _OUTER, _INSIDE, _peer(n), _address(n), _network(n)) for n in range(1, count + 1)]
        if self.kind == "ours":
            text = swanctl.swanctl_conf([_tunnel(*one) for one in ends], "userspace")
        else:
            text = _plain([_connection(*one, begins=True) for one in ends])
        self.gateway.write({_CONF: text})
        self.gateway.load()
        end = time.monotonic() + _PATIENCE
        while len(_UP.findall(self.gateway.log())) < count:
            if time.monotonic() > end:
                raise BedError(f"{self.seen()} of {count} tunnels came up:\n{self.gateway.log()[-2000:]}")
            time.sleep(0.02)

    def seen(self) -> int:
        """How many tunnels that carry ESP the gateway lists."""
        listed = self.gateway.tool("--list-sas", "--raw", "--pretty").stdout
        return sum(bool(sa.established and sa.children) for sa in sas_in(listed))

    def ways(self) -> list[Way]:
        """From the archive to each peer, through its tunnel."""
        return [Way(self.archive, ARCHIVE, peer.namespace, "ipsec0") for peer in self.peers]

    def algorithms(self) -> str:
        """What the ESP of the first tunnel is."""
        listed = self.gateway.tool("--list-sas", "--raw", "--pretty").stdout
        (sa,) = events(listed, "list-sa")[0].values()
        (child,) = sa["child-sas"].values()
        return " ".join(f"{name}-{bits}" if bits else name for name, bits in agreed(child))


@contextmanager
def hub(root: Path, kind: Kind, count: int) -> Iterator[Hub]:
    """The gateway with that many peers."""
    with ExitStack() as stack:
        authority = Authority("Example CA")
        switch, archive, own = (stack.enter_context(_space(name)) for name in ("switch", "archive", "gateway"))
        switch.ip("link add lan type bridge mcast_snooping 0", "link set lan up")
        _wire(switch, own, 0, _OUTER)
        _archive(own, archive)
        revocations = authority.revocations([], 1)
        made = Gateway(own, root / kind / "gateway", swanctl.strongswan_conf("userspace"))
        _certify(made, authority, _HUB, revocations)
        stack.callback(made.stop)
        if kind == "ours":
            networks = [network for n in range(1, count + 1) for network in _tunnel_of(n).networks]
            own.run("nft", "-f", "-", text=render_guard(networks, USERSPACE))
        peers = []
        for number in range(1, count + 1):
            space = stack.enter_context(_space(_peer(number)))
            _wire(switch, space, number, _address(number))
            space.ip(f"addr add 10.2.{number}.1/32 dev lo")
            peer = Gateway(space, root / kind / str(number), swanctl.strongswan_conf("userspace"))
            _certify(peer, authority, _peer(number), revocations)
            peer.write({_CONF: _waiting(kind, number)})
            peer.start()
            stack.callback(peer.stop)
            peer.load()
            peers.append(peer)
        yield Hub(kind, made, peers, archive)


@contextmanager
def clear() -> Iterator[Way]:
    """The same path without a VPN, and without a guard."""
    with ExitStack() as stack:
        names = ("switch", "archive", "gateway", "peer")
        switch, archive, own, peer = (stack.enter_context(_space(name)) for name in names)
        switch.ip("link add lan type bridge mcast_snooping 0", "link set lan up")
        _wire(switch, own, 0, _OUTER)
        _archive(own, archive)
        _wire(switch, peer, 1, _address(1))
        peer.ip("addr add 10.2.1.1/32 dev lo", f"route add {_INSIDE} via {_OUTER} src 10.2.1.1")
        own.ip(f"route add {_network(1)} via {_address(1)}")
        yield Way(archive, ARCHIVE, peer, "outer0")


@contextmanager
def _space(name: str) -> Iterator[Namespace]:
    space = Namespace(name)
    try:
        yield space
    finally:
        space.close()


def _wire(switch: Namespace, space: Namespace, number: int, address: str) -> None:
    switch.join(f"port{number}", space, "outer0")
    switch.ip(f"link set port{number} master lan")
    space.ip(f"addr add {address}/24 dev outer0")


def _archive(gateway: Namespace, archive: Namespace) -> None:
    gateway.join("inner0", archive, "eth0")
    gateway.ip("addr add 10.1.0.1/24 dev inner0")
    gateway.sysctl(ipv4__ip_forward=1)
    archive.ip(f"addr add {ARCHIVE}/24 dev eth0", "route add default via 10.1.0.1")


def _certify(gateway: Gateway, authority: Authority, name: str, revocations: bytes) -> None:
    certificate, key, _serial = authority.issue(name)
    gateway.write({f"x509/{CERTIFICATE}": certificate, "private/pacs-gateway.key": key, CRL: revocations})
    gateway.write({f"x509ca/{swanctl.AUTHORITY}": authority.certificate})


def _peer(number: int) -> str:
    return f"peer{number}.example"


def _address(number: int) -> str:
    return f"203.0.113.{100 + number}"


def _network(number: int) -> str:
    return f"10.2.{number}.0/24"


def _tunnel(here: str, own: str, local: str, there: str, other: str, remote: str) -> Tunnel:
    """As the role knows it, with the profile ``cnsa``."""
    item = {
        "name": there,
        "profile": "cnsa",
        "local": {"addresses": [own], "identity": here},
        "peer": {"addresses": [other], "identity": there},
        "selectors": [{"local": local, "remote": remote}],
    }
    return plain_tunnels([item], profiles(), TODAY)[0]


def _tunnel_of(number: int) -> Tunnel:
    return _tunnel(_HUB, _OUTER, _INSIDE, _peer(number), _address(number), _network(number))


def _waiting(kind: Kind, number: int) -> str:
    """What a peer has: the same, but it never begins by itself."""
    ends = (_peer(number), _address(number), _network(number), _HUB, _OUTER, _INSIDE)
    if kind == "defaults":
        return _plain([_connection(*ends, begins=False)])
    return swanctl.swanctl_conf([_tunnel(*ends)], "userspace").replace("_action = start", "_action = none")


def _plain(connections: list[str]) -> str:
    return "connections {\n" + "".join(connections) + "}\n"


def _connection(here: str, own: str, local: str, there: str, other: str, remote: str, *, begins: bool) -> str:
    """Only what can't be left out: who, where, and for what. The userspace ESP needs ``encap``."""
    return f"""\
  {there.replace(".", "-")} {{
    local_addrs = {own}
    remote_addrs = {other}
    encap = yes
    local {{
      auth = pubkey
      id = {here}
    }}
    remote {{
      auth = pubkey
      id = {there}
    }}
    children {{
      net-{there.replace(".", "-")} {{
        local_ts = {local}
        remote_ts = {remote}
        start_action = {"start" if begins else "none"}
      }}
    }}
  }}
"""
