"""Fifty at once on each VPN gateway: how long until the last is in, and what one costs the gateway in memory.

The others' side runs on the same cores: most of the time is theirs. In each round the gateway's daemon is a new one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import vpn_ipsec_bed, vpn_tls_bed
from benchmarks.bed import BedError
from benchmarks.measure import Line, NotMeasured, Sample, interleaved, missing, ratio
from benchmarks.pump import Way, resident
from kernel import ipsec_gateway, vpn_place

_MANY = 50
_WITHIN = 600  # seconds after which no round begins, for each gateway


def lines() -> Iterator[Line]:
    """Less is better."""
    for name, measured in (("OpenVPN", _openvpn), ("strongSwan", _strongswan)):
        try:
            yield from measured()
        except NotMeasured as error:
            yield missing(f"{_MANY} at once, {name}", error)


def _openvpn() -> Iterator[Line]:
    reason = vpn_place.missing()
    if reason:
        raise NotMeasured(reason)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-vpn-")))
        beds: dict[str, vpn_tls_bed.Bed] = {
            "ours": stack.enter_context(vpn_tls_bed.ours(root / "ours", _MANY)),
            "defaults": stack.enter_context(vpn_tls_bed.sample(root / "defaults", _MANY)),
        }
        yield from _compared(
            f"{_MANY} users, OpenVPN with certificates and codes",
            "a client",
            {name: partial(_users, bed) for name, bed in beds.items()},
            "Debian's sample server.conf, certificates alone",
        )


def _strongswan() -> Iterator[Line]:
    if not ipsec_gateway.installed():
        raise NotMeasured("needs charon-systemd, strongswan-swanctl and libcharon-extra-plugins")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-vpn-")))
        ours = stack.enter_context(vpn_ipsec_bed.hub(root, "ours", _MANY))
        defaults = stack.enter_context(vpn_ipsec_bed.hub(root, "defaults", _MANY))
        yield from _compared(
            f"{_MANY} tunnels, strongSwan with ESP in user space",
            "a tunnel",
            {"ours": partial(_tunnels, ours), "defaults": partial(_tunnels, defaults)},
            "swanctl.conf without proposals",
        )


def _compared(
    what: str, each: str, works: dict[str, Callable[[], tuple[float, float]]], defaults: str
) -> Iterator[Line]:
    memory: dict[str, list[float]] = {name: [] for name in works}

    def run(name: str) -> float:
        took, held = works[name]()
        memory[name].append(held)
        return took

    found = interleaved({name: partial(run, name) for name in works}, within=_WITHIN)
    held = {name: Sample(tuple(values)) for name, values in memory.items()}
    yield ratio(f"{what}: until the last is in", found["ours"], defaults, found["defaults"], None)
    yield ratio(f"  memory of the gateway's daemon, {each}", held["ours"], defaults, held["defaults"], None, " kB")


def _users(bed: vpn_tls_bed.Bed) -> tuple[float, float]:
    """Seconds until the last is in, and kB a client."""
    bed.start()
    assert bed.place.server is not None
    pid = bed.place.server.pid
    ways = [vpn_tls_bed.way(bed, name) for name in bed.place.clients]
    _none_answers(ways)
    before = resident(pid)
    logins = bed.ready()
    start = time.perf_counter()
    clients = vpn_tls_bed.connect(bed, logins)
    took = time.perf_counter() - start
    try:
        bed.place.wait(lambda: bed.seen() == len(clients), f"the gateway lists {bed.seen()}, not {len(clients)}")
        _all_answer(ways)
        return took, (resident(pid) - before) / len(clients)
    finally:
        for client in clients:
            client.stop()
        bed.place.stop_server(hard=True)


def _tunnels(made: vpn_ipsec_bed.Hub) -> tuple[float, float]:
    """Seconds from the loading of their configuration until the last tunnel is up, and kB a tunnel with it."""
    made.start()
    try:
        _none_answers(made.ways())
        before = resident(made.gateway.pid)
        start = time.perf_counter()
        made.up()
        took = time.perf_counter() - start
        if made.seen() != len(made.peers):
            raise BedError(f"the gateway lists {made.seen()} tunnels, not {len(made.peers)}")
        _all_answer(made.ways())
        return took, (resident(made.gateway.pid) - before) / len(made.peers)
    finally:
        made.gateway.stop()


def _none_answers(ways: list[Way]) -> None:
    if any(way.answers() for way in ways):
        raise BedError("the archive answers without a tunnel")


def _all_answer(ways: list[Way]) -> None:
    silent = [way.sink.name for way in ways if not way.answers()]
    if silent:
        raise BedError(f"no packet comes through to {', '.join(silent)}")
