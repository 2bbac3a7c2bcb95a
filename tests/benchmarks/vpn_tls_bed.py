"""One OpenVPN gateway with many users, each in a namespace of its own: as the role makes it, and as Debian's sample is.

Users hold certificates of the same kind in both; with ours they need codes too, and the site's firewall is in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.measure import NotMeasured
from benchmarks.pump import PORT, Way
from kernel.vpn_gateway import Running
from kernel.vpn_place import ARCHIVE, Client, Place, place
from vpn_example import vpn_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_site import server_document

_EXAMPLES = Path("/usr/share/doc/openvpn/examples")
_SAMPLES = _EXAMPLES / "sample-config-files"
_HOME = "/etc/openvpn/server"
_FIRST = 10  # last number of the first user's address
#: Seconds for all to be in.
_PATIENCE = 120.0


#: A profile, and name and code where those are asked for.
Login = tuple[str, tuple[str, str] | None]


class Bed(Protocol):
    """A gateway and its users, each with a login that ``ready`` makes."""

    @property
    def place(self) -> Place: ...

    def ready(self) -> Mapping[str, Login]: ...

    def start(self) -> None: ...

    def seen(self) -> int: ...


@dataclass
class Ours:
    """The gateway as the role makes it."""

    running: Running

    @property
    def place(self) -> Place:
        return self.running.place

    def ready(self) -> Mapping[str, Login]:
        """Profiles, and codes that are good for a minute and a half."""
        names = [user.name for user in self.running.gateway.users]
        return {name: (self.running.profile(name), (name, self.running.code(name))) for name in names}

    def start(self) -> None:
        self.running.start()

    def seen(self) -> int:
        """How many sessions the gateway lists."""
        return len(self.running.names())


@dataclass
class Sample:
    """The gateway as Debian's sample has it: nothing but paths, the peer's address and a route is changed."""

    place: Place
    _profiles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ca, server = self.place.authority, self.place.authority.issue("server", "server")
        run = "/run/sample"
        self.place.on_gateway(run).mkdir()
        changes = {
            "ifconfig-pool-persist /var/log/openvpn/ipp.txt": f"ifconfig-pool-persist {run}/ipp.txt",
            "status /var/log/openvpn/openvpn-status.log": f"status {run}/status 1",
        }
        text = _sample("server.conf", changes) + f'push "route {ARCHIVE[0]} 255.255.255.255"\n'
        for name, content in (
            ("sample.conf", text),
            ("ca.crt", ca.certificate),
            ("server.crt", server.certificate),
            ("server.key", server.private_key),
            ("dh2048.pem", (_EXAMPLES / "sample-keys" / "dh2048.pem").read_text(encoding="utf-8")),
        ):
            self.place.write(f"{_HOME}/{name}", content)
        for name in self.place.clients:
            issued = ca.issue(name)
            blocks = {"ca ca.crt": ca.certificate, "cert client.crt": issued.certificate}
            blocks["key client.key"] = issued.private_key
            inline = {line: f"<{line.split()[0]}>\n{pem.strip()}\n</{line.split()[0]}>" for line, pem in blocks.items()}
            self._profiles[name] = _sample("client.conf", {"my-server-1": "198.19.0.254", **inline})

    def ready(self) -> Mapping[str, Login]:
        return {name: (profile, None) for name, profile in self._profiles.items()}

    def start(self) -> None:
        self.place.start_server("sample.conf")

    def seen(self) -> int:
        """How many clients stand in its status file, which is written every second."""
        text = self.place.on_gateway("/run/sample/status").read_text(encoding="utf-8")
        return sum(line.split(",")[0] in self.place.clients for line in text.partition("ROUTING TABLE")[0].splitlines())


@contextmanager
def ours(root: Path, count: int) -> Iterator[Ours]:
    """The role's gateway, prepared, not started; its users are those of the site."""
    document = _site(count)
    site = load_site(document).site
    gateway = load_gateway({**server_document(site, derive(site), "people"), "identity": "vpn.hospital.example"})
    root.mkdir()
    with place(root, names(count)) as wired:
        running = Running(wired, gateway)
        wired.load(render(compile_site(document).policies["edge"]))
        running.prepare()
        yield Ours(running)


@contextmanager
def sample(root: Path, count: int) -> Iterator[Sample]:
    """Debian's sample, prepared, not started. Raises NotMeasured."""
    if not _SAMPLES.is_dir():
        raise NotMeasured(f"the package's samples aren't here: {_SAMPLES}")
    root.mkdir()
    with place(root, names(count)) as wired:
        yield Sample(wired)


@contextmanager
def clear(root: Path) -> Iterator[Way]:
    """The same path without a VPN, and without rules."""
    root.mkdir()
    with place(root, names(1)) as wired:
        (client,) = wired.clients.values()
        client.ip(f"route add {ARCHIVE[0]} via 198.19.0.254")
        yield Way(wired.inside["archive"], ARCHIVE[0], client, "lan0")


def connect(bed: Bed, logins: Mapping[str, Login]) -> list[Client]:
    """Start every user's client at once, and wait until all are in."""
    clients = [bed.place.connect(name, *login) for name, login in logins.items()]
    waiting = list(clients)

    def all_in() -> bool:
        waiting[:] = [client for client in waiting if not client.up]
        return not waiting or any(client.ended for client in waiting)

    bed.place.wait(all_in, f"{len(waiting)} clients aren't in", _PATIENCE)
    assert not waiting, waiting[0].said
    return clients


def way(bed: Bed, name: str) -> Way:
    """From the archive to a user, through the tunnel."""
    return Way(bed.place.inside["archive"], ARCHIVE[0], bed.place.clients[name], "tun0")


def data_cipher(client: Client) -> str:
    """What the tunnel is encrypted with."""
    return str(re.findall(r"Data Channel: cipher '([^']+)'", client.said)[-1])


def names(count: int) -> list[str]:
    """Of that many users."""
    return [f"user{number}" for number in range(1, count + 1)]


def _sample(name: str, changes: Mapping[str, str]) -> str:
    """A sample's lines without its comments; raises NotMeasured where it isn't the one that is known."""
    lines = (_SAMPLES / name).read_text(encoding="utf-8").splitlines()
    text = "".join(f"{line}\n" for line in lines if line and line[0] not in "#;")
    for old, new in changes.items():
        if old not in text:
            raise NotMeasured(f"{_SAMPLES / name} has no {old!r}")
        text = text.replace(old, new)
    return text


def _site(count: int) -> dict[str, Any]:
    """The tests' site with that many users, who all reach the archive, and no other server."""
    document = vpn_site()
    readers = {f"reader{number}": _FIRST + number for number in range(1, count + 1)}
    document["devices"] = {
        "pacs1": document["devices"]["pacs1"],
        **{
            name: {"zone": "remote", "addresses": [f"198.18.80.{host}", f"fd00:18:80::{host}"]}
            for name, host in readers.items()
        },
    }
    document["conduits"] = [
        {"from": "remote", "to": "pacs1", "protocol": "tcp", "ports": [PORT], "reason": "teleradiology"}
    ]
    server = document["remote_access"]["tls"]["people"]
    server["users"] = {
        name: {"device": reader, "kind": "person", "owner": "Radiology"}
        for name, reader in zip(names(count), readers, strict=True)
    }
    document["remote_access"] = {"tls": {"people": server}}
    del document["zones"]["old"], document["firewalls"]["edge"]["interfaces"]["old"]
    return document
