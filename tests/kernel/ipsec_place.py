"""Two sites joined by a tunnel, in network namespaces, each with a real strongSwan and the product's configuration.

    pacs 10.1.0.10 -- hospital 10.1.0.1 = 203.0.113.1 -- 203.0.113.2 = branch 10.2.0.1 -- ct 10.2.0.11

Both gateways know a route in clear to the other site: without IPsec and without its guard, everything would leave in
clear. The kernel may lack ESP, so it is strongSwan's own; its selectors must hold an address of the gateway itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from kernel.ipsec_gateway import Gateway
from kernel.ipsec_pki import Authority
from kernel.namespaces import Namespace
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec import Outcome, Places, Wanted, apply, live
from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec_revocation import Peers
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import Sa
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import FOLDER
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import Form, interface_form, render_guard
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn import swanctl
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import Tunnel, plain_tunnels

PACS, CT = ("10.1.0.10", "fd00:1::10"), ("10.2.0.11", "fd00:2::11")
HOSPITAL, BRANCH = "gw-a.hospital.example", "gw-b.branch.example"
CONNECTION, CHILD = "pacs-branch", "pacs-branch-1"
GUARD = "inet pacs_vpn_guard"
USERSPACE = interface_form("ipsec0")
CERTIFICATE = "pacs-gateway.crt"
CRL = "x509crl/pacs-peers.crl"
_TODAY = date(2026, 11, 27)
_SIDES: Mapping[str, tuple[str, tuple[str, str]]] = {
    HOSPITAL: ("203.0.113.1", ("10.1.0.0/24", "fd00:1::/64")),
    BRANCH: ("203.0.113.2", ("10.2.0.0/24", "fd00:2::/64")),
}
#: Left over from the time before certificates; both sides still have it.
_SECRET = f'secrets {{ ike-old {{ id = "{HOSPITAL}" \n secret = "left over from before" }} }}\n'
_SO_RCVBUFFORCE, _ETH_P_ALL = 33, 3


def tunnel(here: str, there: str, **more: Any) -> Tunnel:
    """The one tunnel, from one side."""
    ends = {key: {"addresses": [_SIDES[name][0]], "identity": name} for key, name in (("local", here), ("peer", there))}
    pairs = zip(_SIDES[here][1], _SIDES[there][1], strict=True)
    selectors = [{"local": local, "remote": remote} for local, remote in pairs]
    item = {"name": "branch", "profile": "cnsa", "selectors": selectors, **ends, **more}
    return plain_tunnels([item], profiles(), _TODAY)[0]


class Place:
    """The two sites. The tunnel is up when this exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority("Example CA")
        self._number = 0
        self.pacs, self.ct = Namespace("pacs"), Namespace("ct")
        sides = {HOSPITAL: Namespace("hospital"), BRANCH: Namespace("branch")}
        _wire(self.pacs, sides[HOSPITAL], sides[BRANCH], self.ct)
        settings = swanctl.strongswan_conf("userspace")
        self.hospital, self.branch = (Gateway(sides[name], folder / name, settings) for name in _SIDES)
        self.serials: dict[str, int] = {}
        for gateway, name in ((self.hospital, HOSPITAL), (self.branch, BRANCH)):
            self.certify(gateway, name)
            gateway.write({f"x509ca/{swanctl.AUTHORITY}": self.authority.certificate, "conf.d/old.conf": _SECRET})
        self.guard()
        self.branch.write({CRL: self.revocations(), "conf.d/pacs-hardening.conf": self.branch_conf()})
        for gateway in (self.hospital, self.branch):
            gateway.start()
        self.branch.load()
        self.run(self.revocations())
        self.wait()

    def certify(self, gateway: Gateway, name: str, **validity: Any) -> None:
        """Give a gateway a certificate."""
        certificate, key, self.serials[name] = self.authority.issue(name, **validity)
        gateway.write({f"x509/{CERTIFICATE}": certificate, "private/pacs-gateway.key": key})

    def revocations(self, *names: str, serials: Iterable[int] = ()) -> bytes:
        """A newer list of revocations."""
        self._number += 1
        return self.authority.revocations([*(self.serials[name] for name in names), *serials], self._number)

    def run(self, revocations: bytes) -> Outcome:
        """Do on the hospital's gateway what the product's module does."""
        wanted = Wanted(
            files={"conf.d/pacs-hardening.conf": swanctl.swanctl_conf([tunnel(HOSPITAL, BRANCH)], "userspace")},
            settings=swanctl.strongswan_conf("userspace"),
            revocations=revocations,
            peers=Peers({CONNECTION: BRANCH}, {CONNECTION: CHILD}),
            needs=(),
        )
        with self.inside():
            return apply(wanted, self.at, check=False, service=False)

    @property
    def at(self) -> Places:
        """Where the hospital's gateway has its files."""
        folder = self.hospital.folder
        return Places(str(folder), str(folder / "pacs.conf"), f"{self.root}{FOLDER}")

    def sas(self) -> tuple[Sa, ...]:
        """What lives on the hospital's gateway."""
        with self.inside():
            return live(self.at)

    @property
    def up(self) -> bool:
        """Whether the tunnel carries both IP versions."""
        return any(len(set(sa.children)) == 2 for sa in self.sas())

    def wait(self, up: bool = True) -> None:
        """Wait until the tunnel is up, or until nothing of it is."""
        wait_for(lambda: self.up if up else not self.sas(), f"the tunnel to be {'up' if up else 'down'}", self.hospital)

    def guard(self, form: Form = USERSPACE) -> None:
        """Put both guards in force."""
        for gateway, there in ((self.hospital, BRANCH), (self.branch, HOSPITAL)):
            here = HOSPITAL if there == BRANCH else BRANCH
            text = render_guard(tunnel(here, there).networks, form)
            gateway.namespace.run("nft", "-f", "-", text=f"table {GUARD}\ndelete table {GUARD}\n{text}")

    def branch_conf(self, *changes: tuple[str, str]) -> str:
        """What the other side has configured: as it should be, but for what is replaced. It never begins by itself."""
        text = swanctl.swanctl_conf([tunnel(BRANCH, HOSPITAL)], "userspace")
        quiet = (("start_action = start", "start_action = none"), ("close_action = start", "close_action = none"))
        for old, new in (*quiet, *changes):
            assert old in text, old
            text = text.replace(old, new)
        return text

    def close(self) -> None:
        """End both daemons and all namespaces."""
        for gateway in (self.hospital, self.branch):
            gateway.stop()
        for namespace in (self.pacs, self.hospital.namespace, self.branch.namespace, self.ct):
            namespace.close()

    @property
    def root(self) -> str:
        """What stands before the paths of the hospital's gateway where it keeps state."""
        return str(self.folder / "root")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """As on the gateway of the hospital: in its network, with its daemon."""
        before = dict(os.environ)
        os.environ.update({key: text for key, text in self.hospital.environment.items() if key != "PATH"})
        try:
            with self.hospital.namespace.inside():
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)


class Capture:
    """Every frame on an interface, from now on."""

    def __init__(self, namespace: Namespace, interface: str) -> None:
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._socket.bind((interface, _ETH_P_ALL))

    def frames(self) -> list[bytes]:
        """All that were seen so far, and the end of it."""
        found = []
        while select.select([self._socket], [], [], 0.1)[0]:
            found.append(self._socket.recv(1 << 17))
        # PACKET_STATISTICS: packets, drops. What was dropped could have been anything.
        _seen, dropped = struct.unpack("II", self._socket.getsockopt(263, 6, 8))
        assert dropped == 0
        self._socket.close()
        return found


def carries(frame: bytes) -> str:
    """What a frame on the outer link is, in a word."""
    kind = struct.unpack(">H", frame[12:14])[0]
    packet = frame[14:]
    if kind == 0x0806:
        return "arp"
    if kind == 0x86DD:
        # Behind a hop-by-hop header stand the reports of multicast listeners.
        kinds = {58: packet[40], 0: packet[48]}
        return "neighbours" if kinds.get(packet[6]) in (131, 132, *range(133, 138), 143) else f"ipv6 {packet[6]}"
    if kind == 0x0800 and packet[9] == 17:
        head = (packet[0] & 15) * 4
        ports = struct.unpack(">HH", packet[head : head + 4])
        return {(500, 500): "ike", (4500, 4500): "esp in udp"}.get(ports, f"udp {ports}")
    if kind == 0x0800:
        return "igmp" if packet[9] == 2 else f"ipv4 {packet[9]}"
    return f"frame {kind:04x}"


def in_clear(frame: bytes) -> bool:
    """Whether a frame is from or to the inside of a site, as everybody can see."""
    kind, packet = struct.unpack(">H", frame[12:14])[0], frame[14:]
    if kind not in (0x0800, 0x86DD):
        return False
    ends = (packet[12:16], packet[16:20]) if kind == 0x0800 else (packet[8:24], packet[24:40])
    inside = [ip_network(text) for _address, networks in _SIDES.values() for text in networks]
    return any(ip_address(end) in network for end in ends for network in inside)


def reaches(source: Namespace, listener: Namespace, address: str, port: int = 7000, patience: float = 1.0) -> bool:
    """Whether a new connection can be opened."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with listener.socket(family, socket.SOCK_STREAM) as server, source.socket(family, socket.SOCK_STREAM) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(1)
        if client.connect_ex((address, port)) != errno.EINPROGRESS:
            return False
        ready = select.select([], [client], [], patience)[1]
        return bool(ready) and client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def load_branch(place: Place, text: str) -> None:
    """Let the other side have that configuration."""
    place.branch.write({"conf.d/pacs-hardening.conf": text})
    place.branch.tool("--load-creds", "--clear", "--noprompt")
    place.branch.load()


def back(place: Place) -> None:
    """The tunnel up again. Where both sides have begun at once, what is left may carry nothing: anew then."""
    for _attempt in range(5):
        with contextlib.suppress(AssertionError):
            wait_for(lambda: place.up, "the tunnel to come up by itself", place.hospital, patience=1)
        if place.up and all(reaches(place.ct, place.pacs, address, patience=3) for address in PACS):
            return
        place.branch.tool("--terminate", "--ike", CONNECTION, "--force")
        for number in (1, 2):
            place.branch.initiate(f"{CONNECTION}-{number}")
    raise AssertionError(f"the tunnel doesn't come back:\n{place.hospital.log()[-3000:]}")


def wait_for(true: Callable[[], bool], what: str, gateway: Gateway, patience: float = 10) -> None:
    """Wait for something, or say what the gateway has logged."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited for {what}:\n{gateway.log()[-3000:]}")
        time.sleep(0.05)


def _wire(pacs: Namespace, hospital: Namespace, branch: Namespace, ct: Namespace) -> None:
    hospital.join("outer0", branch, "outer0")
    for side, router, host, other in ((1, hospital, pacs, 2), (2, branch, ct, 1)):
        host.join("eth0", router, "inner0")
        last = {1: "10", 2: "11"}[side]
        host.ip(
            f"addr add 10.{side}.0.{last}/24 dev eth0",
            f"addr add fd00:{side}::{last}/64 dev eth0 nodad",
            f"route add default via 10.{side}.0.1",
            f"route add default via fd00:{side}::1",
        )
        router.ip(
            f"addr add 10.{side}.0.1/24 dev inner0",
            f"addr add fd00:{side}::1/64 dev inner0 nodad",
            f"addr add fe80::{side}/64 dev inner0 nodad",
            f"addr add 203.0.113.{side}/24 dev outer0",
            f"addr add fd00:9::{side}/64 dev outer0 nodad",
            f"addr add fe80::{side}/64 dev outer0 nodad",
            f"route add 10.{other}.0.0/24 via 203.0.113.{other}",
            f"route add fd00:{other}::/64 via fd00:9::{other}",
        )
        router.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
