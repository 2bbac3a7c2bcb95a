"""A client, a router with a ruleset, and a server, in namespaces; what traffic through them costs in CPU time.

One thread stands at both ends, so that the kernel does all work for a packet (both ends, both directions, the
router) in this process's time: packets over veth are handled where they are sent. That time is what is counted, because
a busy machine hardly changes it.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import ip_address

from kernel.namespaces import Namespace

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closed by a reset, so that no connection lingers
_BACKLOG = 64
_PATIENCE = 5.0
_PAYLOAD = bytes(18)


class BedError(Exception):
    """Traffic that must pass didn't: the number would mean nothing."""


class Bed:
    """The namespaces, wired: the client behind the router's ``zone0``, the server behind ``zone1``.

    ``client`` and ``server`` are addresses, any that lie in the networks of these zones.
    """

    def __init__(self, ruleset: str, client: str, server: str) -> None:
        self.client, self.server = client, server
        self._family = socket.AF_INET if ip_address(client).version == 4 else socket.AF_INET6
        self.ends = {name: Namespace(name) for name in ("client", "router", "server")}
        self.router = self.ends["router"]
        six = self._family == socket.AF_INET6
        whole = 128 if six else 32
        self.router.sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, ipv6__conf__default__accept_dad=0)
        for name, leg, own, link in (
            ("client", "zone0", client, "fe80::" if six else "172.31.1."),
            ("server", "zone1", server, "fe80::" if six else "172.31.2."),
        ):
            end = self.ends[name]
            end.sysctl(ipv6__conf__default__accept_dad=0, ipv4__ip_local_port_range="1024 65535")
            end.join("lan0", self.router, leg)
            near, far, bits = f"{link}2", f"{link}1", 64 if six else 30
            nodad = " nodad" if six else ""
            self.router.ip(f"addr add {far}/{bits} dev {leg}{nodad}", f"route add {own}/{whole} via {near} dev {leg}")
            end.ip(
                f"addr add {near}/{bits} dev lan0{nodad}",
                f"addr add {own}/{whole} dev lo{nodad}",
                f"route add default via {far} dev lan0 src {own}",
            )
        if ruleset:
            self.router.run("nft", "-f", "-", text=ruleset)

    def connections(self, port: int, count: int) -> float:
        """CPU microseconds a new TCP connection: opened, accepted and closed."""
        with self._listener(port) as listener, self.ends["client"].inside():
            self._open_and_close(listener, port)
            start = time.process_time()
            for _number in range(count):
                self._open_and_close(listener, port)
            return (time.process_time() - start) / count * 1e6

    def _listener(self, port: int) -> socket.socket:
        found = self._socket("server", socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((self.server, port))
        found.listen(_BACKLOG)
        return found

    def _open_and_close(self, listener: socket.socket, port: int) -> None:
        client, server = self._connect(listener, port)
        client.close()
        server.close()

    def _connect(self, listener: socket.socket, port: int) -> tuple[socket.socket, socket.socket]:
        client = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        client.connect_ex((self.server, port))
        for _attempt in range(1000):
            try:
                server = listener.accept()[0]
            except BlockingIOError:
                time.sleep(0.001)
            else:
                return client, server
        client.close()
        raise BedError(f"{self.client} can't connect to {self.server} port {port}")

    def packets(self, port: int, count: int) -> float:
        """CPU microseconds a small packet of an established TCP connection, sent and received."""
        with self._listener(port) as listener, self.ends["client"].inside():
            client, server = self._connect(listener, port)
        with client, server:
            server.settimeout(_PATIENCE)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start = time.process_time()
            for _number in range(count):
                # One by one, or TCP would put several into one packet.
                client.send(_PAYLOAD)
                if len(server.recv(2 * len(_PAYLOAD))) != len(_PAYLOAD):
                    raise BedError("packets were joined or lost on the way")
            return (time.process_time() - start) / count * 1e6

    def receiver(self, port: int) -> socket.socket:
        """A UDP socket of the server."""
        found = self._socket("server", socket.SOCK_DGRAM)
        found.bind((self.server, port))
        return found

    def senders(self, port: int, count: int) -> Sequence[socket.socket]:
        """UDP sockets of the client, connected to a port of the server."""
        found = []
        for _number in range(count):
            sender = self._socket("client", socket.SOCK_DGRAM)
            sender.bind((self.client, 0))
            sender.connect((self.server, port))
            found.append(sender)
        return found

    def _socket(self, end: str, kind: socket.SocketKind) -> socket.socket:
        return self.ends[end].socket(self._family, kind)

    def soon(self, receiver: socket.socket) -> tuple[bytes, tuple[str, int]]:
        """The next datagram of a socket, and from where."""
        for _attempt in range(1000):
            try:
                data, source = receiver.recvfrom(2048)
                return data, source[:2]
            except BlockingIOError:
                time.sleep(0.001)
        raise BedError(f"a datagram between {self.client} and {self.server} didn't arrive")

    def close(self) -> None:
        """End everything."""
        for namespace in self.ends.values():
            namespace.close()
