"""A gateway with users outside and devices inside, in namespaces: real OpenVPN, real PAM, real packets.

    reader, vendor, leaver ... | outside | gateway | archive, scanner

The gateway has a mount namespace of its own too: the real paths are used, and nothing of the machine's is touched.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from kernel.namespaces import Namespace, enter_mounts
from vpn_ca import Authority
from vpn_example import TODAY

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import end_sessions
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_keys import KeyPlaces
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_server import (
    Outcome,
    Server,
    WantedFile,
    apply,
    put_in_place,
    to_settle,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.settled import settle
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn import GatewayFile, gateway_files, places
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import TlsGateway

_Result = TypeVar("_Result")

OUTSIDE = ("198.19.0.254", "fd00:19::fe")
ARCHIVE = ("198.18.30.10", "fd00:18:30::10")
SCANNER = ("198.18.20.11", "fd00:18:20::11")
CLIENTS = ("reader", "vendor", "leaver", "stranger")
LISTENING = (22, 104, 11112)
NEEDED = ("openvpn", "oathtool", "nft", "ip", "openssl")
#: Directories of the gateway that are its own. PAM's keeps what others have in it.
_OWN = ("/etc/openvpn", "/etc/pam.d", "/run", "/var/lib")
_PAM_MODULES = "/usr/lib/x86_64-linux-gnu/security/pam_google_authenticator.so"


def missing() -> str | None:
    """Why this can't be tried here."""
    if os.geteuid() != 0:
        return "needs root: it makes namespaces"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    absent += [path for path in ("/dev/net/tun", _PAM_MODULES) if not Path(path).exists()]
    return (
        f"needs {', '.join(absent)} (packages openvpn, oathtool, libpam-google-authenticator, nftables)"
        if absent
        else None
    )


@dataclass
class Client:
    """A running OpenVPN client and what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def up(self) -> bool:
        return "Initialization Sequence Completed" in self.said

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """End it without a word to the server."""
        self.process.kill()
        self.process.wait()


@dataclass
class Place:
    """The wired namespaces, and everything that was started in them."""

    root: Path
    stack: ExitStack
    gateway: Namespace
    clients: Mapping[str, Namespace]
    inside: Mapping[str, Namespace]
    holder: subprocess.Popen[bytes]
    authority: Authority = field(default_factory=Authority)
    server: subprocess.Popen[bytes] | None = None
    _number: int = 0

    # the gateway's files and programs

    def apply(self, gateway: TlsGateway, *more: GatewayFile) -> Outcome:
        """What the module openvpn_server does, on the gateway; only systemd is left out."""
        at = places(gateway.name)
        files = [
            WantedFile(one.path, one.text, int(one.mode, 8), one.restarts)
            for one in (*gateway_files(gateway, TODAY), *more)
        ]
        users = [user.name for user in gateway.users_on(TODAY)]
        server = Server(
            at.unit,
            (at.users,),
            at.management,
            at.certificate,
            at.private_key,
            at.authority,
            at.revocations,
            at.settled,
        )
        return self.there(_apply, files, users, server)

    def there(self, function: Callable[..., _Result], *arguments: object) -> _Result:
        """Call a function on the gateway, in a process of its own; what it raises is raised here."""
        receiver, sender = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=self._go, args=(sender, function, arguments))
        child.start()
        sender.close()
        result = receiver.recv()
        child.join()
        if isinstance(result, BaseException):
            raise result
        made: _Result = result
        return made

    def _go(self, sender: Connection, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        with self.gateway.inside():
            enter_mounts(self.holder.pid)
            try:
                sender.send(function(*arguments))
            except Exception as error:  # raised again where it was called
                sender.send(error)

    def on_gateway(self, path: str) -> Path:
        """A path of the gateway as seen from here."""
        return Path(f"/proc/{self.holder.pid}/root{path}")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a file on the gateway."""
        target = self.on_gateway(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)

    def enter(self, *command: str) -> list[str]:
        """The command, run in the gateway's mount namespace."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--", *command]

    def run(self, *command: str) -> str:
        """Run a program on the gateway."""
        return self.gateway.run(*self.enter(*command))

    def start_server(self, configuration: str, log: str = "server.log") -> Path:
        """Start OpenVPN as its unit does, and wait until it listens."""
        path = self.root / log
        with self.gateway.inside(), path.open("wb") as file:
            command = ["openvpn", "--cd", "/etc/openvpn/server", "--config", configuration]
            self.server = subprocess.Popen(
                self.enter(*command), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.stack.callback(self.stop_server)
        server = self.server
        self.wait(
            lambda: (
                "Initialization Sequence Completed" in path.read_text("utf-8", "replace") or server.poll() is not None
            ),
            "the server doesn't start",
        )
        assert server.poll() is None, path.read_text("utf-8", "replace")
        return path

    def stop_server(self, *, hard: bool = False) -> None:
        """End it, with a last word to its clients or without."""
        if self.server is not None and self.server.poll() is None:
            self.server.kill() if hard else self.server.terminate()
            self.server.wait(10)
            # What asks PAM outlives a server that had no last word; systemd would end it with the unit.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.server.pid, signal.SIGKILL)

    # the clients

    def connect(self, where: str, profile: str, login: tuple[str, str] | None = None) -> Client:
        """Start a client, which has no terminal: name and code come from a file."""
        self._number += 1
        home = self.root / f"client-{self._number}"
        home.mkdir(mode=0o700)
        if login is not None:
            (home / "login").write_text("\n".join(login) + "\n", encoding="utf-8")
            (home / "login").chmod(0o600)
            profile = re.sub(r"^auth-user-pass$", f"auth-user-pass {home}/login", profile, flags=re.M)
        (home / "profile.ovpn").write_text(profile, encoding="utf-8")
        (home / "profile.ovpn").chmod(0o600)
        log = home / "log"
        with self.clients[where].inside(), log.open("wb") as file:
            process = subprocess.Popen(
                [
                    "openvpn",
                    "--config",
                    str(home / "profile.ovpn"),
                    "--connect-timeout",
                    "4",
                    "--connect-retry",
                    "1",
                    "1",
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        client = Client(process, log)
        self.stack.callback(client.stop)
        return client

    def wait_up(self, client: Client, patience: float = 10) -> Client:
        """Wait for the tunnel."""
        self.wait(lambda: client.up or client.ended, "the client neither connects nor ends", patience)
        assert client.up and not client.ended, client.said
        return client

    def wait(self, met: Callable[[], bool], complaint: str, patience: float = 10) -> float:
        """Wait until something is so; returns the seconds that it took."""
        begin = time.monotonic()
        while not met():
            assert time.monotonic() - begin < patience, complaint
            time.sleep(0.02)
        return time.monotonic() - begin

    def reaches(self, where: str, address: str, port: int, patience: float = 1.0, source: str | None = None) -> bool:
        """Whether a TCP connection from there is answered, with a byte."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.clients[where].inside():
            attempt = socket.socket(family, socket.SOCK_STREAM)
        with attempt:
            attempt.settimeout(patience)
            try:
                if source is not None:
                    attempt.bind((source, 0))
                attempt.connect((address, port))
                return attempt.recv(1) == b"."
            except OSError:
                return False

    def load(self, ruleset: str) -> None:
        """Put a ruleset (``table inet pacs``, or none) into force on the gateway."""
        self.gateway.run("nft", "-f", "-", text=f"table inet pacs\ndelete table inet pacs\n{ruleset}")


def _apply(files: list[WantedFile], users: list[str], server: Server) -> Outcome:
    """As the module does; here a test starts the server, systemd doesn't."""
    outcome = apply(files, users, server, check=True)
    put_in_place(outcome.changes)
    end_sessions(server.management, outcome.ended, outcome.again)
    settle(server.settled, to_settle(files, server))
    return outcome


def key_places(name: str) -> KeyPlaces:
    """Where the keys of that server stand."""
    at = places(name)
    return KeyPlaces(at.private_key, at.tls_crypt, at.token_key, at.codes)


@contextmanager
def place(root: Path, clients: Sequence[str] = CLIENTS) -> Iterator[Place]:
    """The namespaces, wired, with listeners inside and nothing running on the gateway yet."""
    with ExitStack() as stack:
        names = ("switch", "gateway", *clients, "archive", "scanner")
        spaces = {name: Namespace(name) for name in names}
        for space in spaces.values():
            stack.callback(space.close)
            space.sysctl(ipv6__conf__default__accept_dad=0, ipv6__conf__all__accept_dad=0)
        gateway = spaces["gateway"]
        gateway.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        _outside(spaces, clients)
        _inside(gateway, spaces["archive"], "pacs0", "198.18.30", "fd00:18:30", ARCHIVE)
        _inside(gateway, spaces["scanner"], "modality0", "198.18.20", "fd00:18:20", SCANNER)
        with gateway.inside():
            holder = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "bash", "-c", _mounts(root)],
                stdout=subprocess.PIPE,
            )
        stack.callback(holder.wait)
        stack.callback(holder.kill)
        assert holder.stdout is not None and holder.stdout.readline() == b"ready\n"
        for name in ("archive", "scanner"):
            for port in LISTENING:
                for family in (socket.AF_INET, socket.AF_INET6):
                    listen(stack, spaces[name], family, port)
        yield Place(
            root,
            stack,
            gateway,
            {name: spaces[name] for name in clients},
            {name: spaces[name] for name in ("archive", "scanner")},
            holder,
        )


def _outside(spaces: Mapping[str, Namespace], clients: Sequence[str]) -> None:
    switch = spaces["switch"]
    switch.ip("link add lan type bridge mcast_snooping 0", "link set lan up")
    ends = [("gateway", "external0", 254, OUTSIDE[1])]
    ends += [(name, "lan0", 10 + number, f"fd00:19::{10 + number}") for number, name in enumerate(clients)]
    for number, (name, interface, host, six) in enumerate(ends):
        switch.join(f"port{number}", spaces[name], interface)
        switch.ip(f"link set port{number} master lan")
        spaces[name].ip(f"addr add 198.19.0.{host}/24 dev {interface}", f"addr add {six}/64 dev {interface} nodad")


def _inside(gateway: Namespace, device: Namespace, leg: str, four: str, six: str, own: tuple[str, str]) -> None:
    gateway.join(leg, device, "lan0")
    # Without an address of the link a router asks for no neighbour.
    gateway.ip(
        f"addr add {four}.1/24 dev {leg}",
        f"addr add {six}::1/64 dev {leg} nodad",
        f"addr add fe80::1/64 dev {leg} nodad",
    )
    device.ip(
        "addr add fe80::2/64 dev lan0 nodad",
        f"addr add {own[0]}/24 dev lan0",
        f"addr add {own[1]}/64 dev lan0 nodad",
        f"route add default via {four}.1",
        f"route add ::/0 via {six}::1",
    )


def _mounts(root: Path) -> str:
    lines = ["set -e"]
    for path in _OWN:
        copy = root / path.strip("/").replace("/", "-")
        copy.mkdir(mode=0o755)
        lines.append(f"mount --bind {copy} {path}")
    # The server's account, which the machine that runs the tests needn't have.
    for name, line in (("passwd", "pacs-vpn:x:64999:64999::/:/bin/false"), ("group", "pacs-vpn:x:64999:")):
        (root / name).write_text(f"{Path('/etc', name).read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
        lines.append(f"mount --bind {root / name} /etc/{name}")
    return "\n".join([*lines, "mkdir /etc/openvpn/server", "echo ready", "exec sleep infinity"])


def listen(stack: ExitStack, space: Namespace, family: socket.AddressFamily, port: int) -> None:
    """Answer every connection with a byte, in a thread that ends with the socket."""
    with space.inside():
        listener = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", port))
    listener.listen(16)
    kept: list[socket.socket] = []

    def answer() -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            connection.send(b".")
            kept.append(connection)

    threading.Thread(target=answer, daemon=True).start()

    def close() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()

    stack.callback(close)
