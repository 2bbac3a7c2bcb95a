"""Probes: first packets of connections, sent for real, and what became of each.

A probe is seen twice, by a raw socket where it should arrive and by the answer that comes back, and the routers' gauges
say how many were swallowed. So nothing is ever judged by waiting: a probe has arrived and was answered, or it was
swallowed; anything else is an error of the bed.
"""

from __future__ import annotations

import errno
import itertools
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from kernel.hospital import Hospital, home, path

_IP_TRANSPARENT, _IPV6_TRANSPARENT, _IP_FREEBIND, _IPV6_FREEBIND = 19, 75, 15, 78
_ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_ICMP = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
#: Seconds after which TCP sends again (1, less a margin).
_FIRST_REPETITION = 0.8
#: Each probe has a source port (or ICMP identifier) that no other probe of the run has: conntrack knows none of them.
_NUMBERS = itertools.count(15000)
_LAST_NUMBER = 49000


class BedError(Exception):
    """The bed itself doesn't work; says nothing about the ruleset."""


@dataclass(frozen=True)
class Probe:
    """One new connection from ``source``, sent by ``host`` (another one than the owner of ``source``: spoofed)."""

    source: str
    destination: str
    protocol: str
    port: int = 0
    host: str = ""
    size: int = 4

    @property
    def sender(self) -> str:
        """Where it is sent from."""
        return self.host or self.owner or "nowhere"

    @property
    def owner(self) -> str | None:
        """Where answers go."""
        return home(self.source)

    @property
    def hops(self) -> list[tuple[str, str, str | None]]:
        """The routers on its way."""
        return path(self.sender, home(self.destination) or "nowhere")

    @property
    def family(self) -> socket.AddressFamily:
        """Its IP version."""
        return socket.AF_INET6 if ":" in self.source else socket.AF_INET

    @property
    def answerable(self) -> bool:
        """False where the answer would go to somebody else."""
        return self.owner == self.sender

    def __str__(self) -> str:
        by = "" if self.answerable else f" sent by {self.sender}"
        return f"{self.source} -> {self.destination} {self.protocol}/{self.port}{by}"


@dataclass
class Outcome:
    """What became of a probe."""

    probe: Probe
    arrived: bool = False
    answered: bool = False

    @property
    def complete(self) -> bool:
        """All that can be seen of a probe that passes was seen."""
        return self.arrived and (self.answered or not self.probe.answerable)


@dataclass
class _Run:
    hospital: Hospital
    stack: ExitStack
    outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    handlers: dict[int, Callable[[], None]] = field(default_factory=dict)
    poll: select.epoll = field(default_factory=select.epoll)

    def watch(self, sock: socket.socket, handler: Callable[[], None]) -> None:
        self.handlers[sock.fileno()] = handler
        self.poll.register(sock.fileno(), select.EPOLLIN)

    def make(self, place: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        made = self.stack.enter_context(self.hospital.places[place].socket(family, kind, protocol))
        if kind != socket.SOCK_RAW:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if kind == socket.SOCK_STREAM:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            six = family == socket.AF_INET6
            level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
            made.setsockopt(level, _IPV6_FREEBIND if six else _IP_FREEBIND, 1)
            made.setsockopt(level, _IPV6_TRANSPARENT if six else _IP_TRANSPARENT, 1)
        return made


def send(hospital: Hospital, probes: Sequence[Probe], patience: float = 4.0) -> list[Outcome]:
    """Send all probes at once and wait until the fate of each is known; BedError if it isn't after some seconds."""
    with ExitStack() as stack:
        run = _Run(hospital, stack)
        stack.callback(run.poll.close)
        before = hospital.dropped()
        _listen(run, probes)
        outcomes = [Outcome(probe) for probe in probes]
        started = last_event = time.monotonic()
        for outcome in outcomes:
            _launch(run, outcome)
        while not all(outcome.complete for outcome in outcomes):
            events = run.poll.poll(0.005)
            now = time.monotonic()
            for number, _event in events:
                run.handlers[number]()
                last_event = now
            if events:
                continue
            lost = hospital.dropped() - before
            if lost and lost + sum(outcome.complete for outcome in outcomes) >= len(outcomes):
                # On a very slow machine a SYN may be counted twice: then it must have become quiet as well.
                if now - started < _FIRST_REPETITION or now - last_event > _FIRST_REPETITION:
                    break
            elif now - started > patience:
                missing = "\n  ".join(str(item) for item in outcomes if not item.complete)
                raise BedError(f"{lost} probes were swallowed; neither answered nor swallowed:\n  {missing}")
        return outcomes


def _listen(run: _Run, probes: Iterable[Probe]) -> None:
    """What the probes go to: a raw socket a place, IP version and protocol, and a service a destination and port."""
    taps: set[tuple[str, socket.AddressFamily, str]] = set()
    services: set[tuple[str, socket.AddressFamily, str, str, int]] = set()
    for probe in probes:
        place = home(probe.destination)
        if place is None:
            raise BedError(f"nobody owns {probe.destination}")
        taps.add((place, probe.family, probe.protocol))
        if probe.protocol != "icmp":
            services.add((place, probe.family, probe.protocol, probe.destination, probe.port))
    for place, family, protocol in sorted(taps):
        number = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "icmp": _ICMP[family]}[protocol]
        tap = run.make(place, family, socket.SOCK_RAW, number)
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        run.watch(tap, partial(_heard, run, tap, place, family, protocol))
    for place, family, protocol, address, port in sorted(services):
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        service = run.make(place, family, kind)
        service.bind((address, port))
        if protocol == "tcp":
            service.listen(64)
        run.watch(service, partial(_welcome if protocol == "tcp" else _reply, run, service, place))


def _launch(run: _Run, outcome: Outcome) -> None:
    probe = outcome.probe
    number = next(_NUMBERS)
    if number > _LAST_NUMBER:
        raise BedError("the run has more probes than there are numbers for")
    run.outcomes[probe.protocol, number] = outcome
    protocol = _ICMP[probe.family] if probe.protocol == "icmp" else 0
    kind = socket.SOCK_STREAM if probe.protocol == "tcp" else socket.SOCK_DGRAM
    client = run.make(probe.sender, probe.family, kind, protocol)
    client.bind((probe.source, number))
    run.watch(client, partial(_answer, outcome, client))
    if probe.protocol == "tcp":
        problem = client.connect_ex((probe.destination, probe.port))
        if problem not in (0, errno.EINPROGRESS):
            raise OSError(problem, f"{probe}: {errno.errorcode[problem]}")
        return
    payload = bytes(probe.size)
    if probe.protocol == "icmp":
        payload = struct.pack("!BBHHH", _ECHO_REQUEST[probe.family], 0, 0, number, 1) + payload
    client.sendto(payload, (probe.destination, probe.port))


def _heard(run: _Run, tap: socket.socket, place: str, family: socket.AddressFamily, protocol: str) -> None:
    """Something arrived at a place: a first packet of one of the probes?"""
    for packet, sender in _received(tap):
        start = (packet[0] & 15) * 4 if family == socket.AF_INET else 0  # IPv6 comes without its header
        body = packet[start:]
        if protocol == "icmp":
            number, port = struct.unpack("!H", body[4:6])[0], 0
            first = body[0] == _ECHO_REQUEST[family]
        else:
            number, port = struct.unpack("!HH", body[:4])
            first = protocol == "udp" or body[13] & 0x12 == 2
        outcome = run.outcomes.get((protocol, number))
        if first and outcome and outcome.probe.port == port and outcome.probe.source == sender[0]:
            outcome.arrived = home(outcome.probe.destination) == place


def _welcome(run: _Run, service: socket.socket, place: str) -> None:
    connection = run.stack.enter_context(service.accept()[0])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sendall(place.encode())


def _reply(run: _Run, service: socket.socket, place: str) -> None:
    for _packet, sender in _received(service):
        outcome = run.outcomes.get(("udp", sender[1]))
        # An answer to a spoofed source would be a probe that nobody has sent.
        if outcome and outcome.probe.answerable:
            service.sendto(place.encode(), sender)


def _answer(outcome: Outcome, client: socket.socket) -> None:
    try:
        data = client.recv(65536)
    except BlockingIOError:
        return
    except OSError as error:
        raise BedError(f"{outcome.probe}: {error}") from error
    if outcome.probe.protocol == "icmp" or data == (home(outcome.probe.destination) or "").encode():
        outcome.answered = True


def _received(sock: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
    while True:
        try:
            packet, sender = sock.recvfrom(65536)
        except BlockingIOError:
            return
        yield packet, sender


def expect(hospital: Hospital, rulesets: Mapping[str, str], expected: Mapping[Probe, bool]) -> list[str]:
    """Send the probes without any ruleset, where all must pass, then with; return how the verdicts differ."""
    probes = list(expected)
    hospital.open()
    blind = [str(outcome.probe) for outcome in send(hospital, probes) if not outcome.complete]
    if blind:
        raise BedError("without a ruleset these don't pass:\n  " + "\n  ".join(blind))
    hospital.load(rulesets)
    return judge(send(hospital, probes), expected)


def judge(outcomes: Iterable[Outcome], expected: Mapping[Probe, bool]) -> list[str]:
    """How outcomes differ from what is expected, a line each."""
    faults = []
    for outcome in outcomes:
        if expected[outcome.probe] and not outcome.complete:
            faults.append(f"{outcome.probe} should pass; arrived: {outcome.arrived}, answered: {outcome.answered}")
        elif not expected[outcome.probe] and (outcome.arrived or outcome.answered):
            faults.append(f"{outcome.probe} should be dropped; arrived: {outcome.arrived}")
    return faults
