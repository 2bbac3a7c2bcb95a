"""Reading a capture of 100,000 packets: who opened which connection, and by which AE titles; beside dpkt."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.measure import Line, NotMeasured, at_most, interleaved, number, ratio, seconds
from benchmarks.packages import python_package
from captures import hundred_thousand

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import read_seen_file

_SECONDS = at_most(1)


def lines() -> Iterator[Line]:
    """Wall time; dpkt only finds the packets that open a TCP connection, ours tells all flows and AE titles."""
    data = hundred_thousand()
    works = {"ours": seconds(partial(_ours, data))}
    reason = ""
    try:
        works["dpkt"] = seconds(partial(_dpkt, python_package("dpkt"), data))
    except NotMeasured as error:
        reason = str(error)
    found = interleaved(works)
    yield number("capture of 100,000 packets", found["ours"], " s", _SECONDS)
    if "dpkt" in found:
        yield ratio("  the same, beside dpkt", found["ours"], "dpkt, SYN only", found["dpkt"], None)
    else:
        yield Line("  the same, beside dpkt", "not measured", reason)


def _ours(data: bytes) -> None:
    read = read_seen_file("capture", data)
    if sum(flow.count for flow in read.flows if flow.key.protocol == "tcp") != 20_000:
        raise AssertionError(f"not every connection was found: {read.what}")


def _dpkt(library: Any, data: bytes) -> None:
    opened = 0
    for _time, frame in library.pcap.Reader(io.BytesIO(data)):
        segment = library.ethernet.Ethernet(frame).data.data
        if isinstance(segment, library.tcp.TCP) and segment.flags & 0x12 == 0x02:
            opened += 1
    if opened != 20_000:
        raise AssertionError(f"dpkt found {opened}")
