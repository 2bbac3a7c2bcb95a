"""How long a proof takes, beside the reading of what is proven: ``PYTHONPATH=tests python tests/benchmarks/verify.py``.

Needs root and nft. All numbers of a line are of one run on one machine; the ratios are what may be compared.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".cache" / "collections"))

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import (
    Admission,
    EnforcementPolicy,
    Passage,
    Permit,
    Span,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Network, Ports

ZONES = 9
SIZES = (1_000, 10_000, 50_000)


def policy(flows: int, wide: float) -> EnforcementPolicy:
    """Nine zones, flows spread over all pairs, a quarter of them IPv6; a share ``wide`` has prefixes and ranges."""
    random = Random(flows)
    pairs = [(one, other) for one in range(ZONES) for other in range(ZONES) if one != other]
    permits: dict[tuple[int, int], list[Permit]] = {pair: [] for pair in pairs}
    for number in range(flows):
        pair = pairs[number % len(pairs)]
        version = 6 if number // len(pairs) % 4 == 3 else 4
        broad = random.random() < wide
        port = random.randrange(1, 60000)
        ends = (_network(random, pair[0], version, broad), _network(random, pair[1], version, False))
        ports = Ports(port, port + 3 if broad else port)
        permits[pair].append(Permit(*ends, "tcp", ports, f"F{number}"))
    return EnforcementPolicy(
        enforcement_point="firewall",
        site="benchmark",
        interfaces=tuple(f"zone{zone}" for zone in range(ZONES)),
        zones={f"z{zone}": tuple(_span(zone, version) for version in (4, 6)) for zone in range(ZONES)},
        outside=None,
        passages=tuple(
            Passage(f"z{one}", f"z{other}", ((f"zone{one}", f"zone{other}"),), tuple(found))
            for (one, other), found in permits.items()
        ),
        admissions=(Admission("zone0", ip_network("10.1.0.0/28"), "tcp", Ports(22, 22), "administration"),),
    )


def _network(random: Random, zone: int, version: int, broad: bool) -> Network:
    span, size = _span(zone, version), 16 if broad else 1
    address = span.first + random.randrange(1, 4000) * size
    bits = (32 if version == 4 else 128) - (4 if broad else 0)
    return ip_network((address, bits)) if version == 4 else ip_network((address.to_bytes(16, "big"), bits))


def _span(zone: int, version: int) -> Span:
    network = ip_network(f"10.{zone + 1}.0.0/16" if version == 4 else f"fd00:{zone + 1}::/64")
    return Span(version, int(network[0]), int(network[-1]))


def _listing(ruleset: str) -> tuple[str, float]:
    """The listing, and the seconds that nft takes to write it."""
    script = "nft -f - && date +%s.%N >&2 && nft -j list ruleset && date +%s.%N >&2"
    command = ["unshare", "--net", "sh", "-c", script]
    done = subprocess.run(command, input=ruleset, capture_output=True, text=True, check=True)
    before, after = (float(line) for line in done.stderr.split())
    return done.stdout, after - before


def _seconds(work: Any, times: int = 3) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _time in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    """Print one line a size and share of wide flows."""
    for size in SIZES:
        for wide in (0.0, 0.5):
            made = policy(size, wide)
            text, listing_seconds = _listing(render(made))
            json_seconds, listing = _seconds(lambda text=text: json.loads(text))
            verify_seconds, result = _seconds(lambda listing=listing, made=made: verify(listing, made))
            assert result.verdict == "proven", result
            opened = json.loads(text.replace('"policy": "drop"', '"policy": "accept"'))
            open_seconds, refuted = _seconds(lambda opened=opened, made=made: verify(opened, made), 1)
            assert refuted.verdict == "refuted"
            reading = listing_seconds + json_seconds
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{size:6} flows, {wide:.0%} wide: verify {verify_seconds:.3f} s = {verify_seconds / reading:.1f} x "
                f"(nft -j {listing_seconds:.3f} + json {json_seconds:.3f}); policy accept {open_seconds:.3f} s; "
                f"peak so far {peak} MB"
            )


if __name__ == "__main__":
    main()
