"""TCP throughput through both VPN gateways: beside the same path in clear, and the same daemons with their defaults.

Everything runs on one machine, both ends and both sides of the encryption included: ratios say something, rates little.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import vpn_ipsec_bed, vpn_tls_bed
from benchmarks.measure import Line, NotMeasured, interleaved, missing, ratio
from benchmarks.pump import Way
from kernel import ipsec_gateway, vpn_place

_UNIT = " Mbit/s"


def lines() -> Iterator[Line]:
    """From the archive outward, as images are read from afar; more is better."""
    for name, measured in (("OpenVPN", _openvpn), ("strongSwan", _strongswan)):
        try:
            yield from measured()
        except NotMeasured as error:
            yield missing(f"throughput, {name}", error)


def _openvpn() -> Iterator[Line]:
    reason = vpn_place.missing()
    if reason:
        raise NotMeasured(reason)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-vpn-")))
        ways = {"clear": stack.enter_context(vpn_tls_bed.clear(root / "clear"))}
        beds: dict[str, vpn_tls_bed.Bed] = {
            "ours": stack.enter_context(vpn_tls_bed.ours(root / "ours", 1)),
            "defaults": stack.enter_context(vpn_tls_bed.sample(root / "defaults", 1)),
        }
        ciphers = {}
        for name, bed in beds.items():
            bed.start()
            (client,) = vpn_tls_bed.connect(bed, bed.ready())
            ciphers[name] = vpn_tls_bed.data_cipher(client)
            (user,) = bed.place.clients
            ways[name] = vpn_tls_bed.way(bed, user)
        yield from _compared(
            f"OpenVPN, ours ({ciphers['ours']})", ways, f"Debian's sample server.conf ({ciphers['defaults']})"
        )


def _strongswan() -> Iterator[Line]:
    if not ipsec_gateway.installed():
        raise NotMeasured("needs charon-systemd, strongswan-swanctl and libcharon-extra-plugins")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-vpn-")))
        ways = {"clear": stack.enter_context(vpn_ipsec_bed.clear())}
        said = {}
        kinds: tuple[vpn_ipsec_bed.Kind, ...] = ("ours", "defaults")
        for kind in kinds:
            made = stack.enter_context(vpn_ipsec_bed.hub(root, kind, 1))
            made.start()
            made.up()
            (ways[kind],) = made.ways()
            said[kind] = made.algorithms()
        yield from _compared(
            f"strongSwan, ESP in user space, ours ({said['ours']})",
            ways,
            f"swanctl.conf without proposals ({said['defaults']})",
        )


def _compared(what: str, ways: dict[str, Way], defaults: str) -> Iterator[Line]:
    found = interleaved({name: way.rate for name, way in ways.items()})
    yield ratio(f"throughput, {what}", found["ours"], "the same path in clear", found["clear"], None, _UNIT)
    yield ratio("  beside the distribution's defaults", found["ours"], defaults, found["defaults"], None, _UNIT)
