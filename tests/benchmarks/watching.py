"""What a firewall that watches costs the traffic: new connections, declared and not, and packets of known ones.

All 10,000 flows stand between the same two zones, and the one that is used is the last. CPU time is counted, which a
busy machine hardly changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from benchmarks.bed import Bed
from benchmarks.measure import Line, Sample, at_least, interleaved, number, ratio
from benchmarks.policies import policy
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render

_FLOWS, _CONNECTIONS, _PACKETS, _REMEMBERED = 10_000, 2_000, 20_000, 65_535
_ROUNDS = 11  # short ones, and a busy machine shows in single rounds
_UNDECLARED = 64_000
_TRACKING = """table inet tracking {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop, new : accept }
  }
}
"""
_NEW, _KNOWN = at_least(0.8), at_least(0.9)


def lines() -> Iterator[Line]:
    """More a CPU-second is better: the number of the ruleset that watches over the other's."""
    made = policy(_FLOWS, pairs=((0, 1),))
    flow = [one for passage in made.passages for one in passage.permits if one.source.version == 4][-1]
    assert flow.ports is not None
    port = flow.ports.first
    rulesets = {"watching": render(made, "watch"), "enforcing": render(made), "ct state only": _TRACKING}
    with ExitStack() as stack:
        beds = {}
        for name, ruleset in rulesets.items():
            beds[name] = Bed(ruleset, str(flow.source.network_address), str(flow.destination.network_address))
            stack.callback(beds[name].close)
        few = {name: beds[name] for name in ("watching", "ct state only")}
        for what, some, measure, limit in (
            ("new connections of a declared flow", beds, partial(Bed.connections, port=port, count=_CONNECTIONS), _NEW),
            (
                "new connections that nothing declares",
                few,
                partial(Bed.connections, port=_UNDECLARED, count=_CONNECTIONS),
                None,
            ),
            ("packets of a known connection", beds, partial(Bed.packets, port=port, count=_PACKETS), _KNOWN),
        ):
            found = _rates(some, measure)
            for name in some:
                if name != "watching":
                    yield ratio(f"{what}, watching", found["watching"], name, found[name], limit, " a CPU-s")
    yield number(
        f"kernel memory for {_REMEMBERED:,} remembered connections", _memory(render(made, "watch")), " MB", None
    )


def _rates(beds: Mapping[str, Bed], measure: Callable[[Bed], float]) -> dict[str, Sample]:
    found = interleaved({name: partial(measure, bed) for name, bed in beds.items()}, _ROUNDS)
    return {name: Sample(tuple(1e6 / value for value in sample.values)) for name, sample in found.items()}


def _memory(ruleset: str) -> Sample:
    """What the kernel's slabs grow by when the memory is filled, in MB."""
    first = int(ip_address("10.200.0.0"))
    keys = ", ".join(f"{ip_address(first + one)} . 10.201.0.1 . tcp . 104" for one in range(_REMEMBERED))

    def grown() -> float:
        namespace = Namespace("memory")
        try:
            namespace.run("nft", "-f", "-", text=ruleset)
            before = _slab()
            namespace.run("nft", "-f", "-", text=f"add element inet pacs undeclared4 {{ {keys} }}\n")
            return (_slab() - before) / 1024
        finally:
            namespace.close()

    return interleaved({"filled": grown})["filled"]


def _slab() -> int:
    (found,) = re.findall(r"^Slab:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    return int(found)
