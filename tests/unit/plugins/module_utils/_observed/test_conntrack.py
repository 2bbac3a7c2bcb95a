"""Lines about tracked connections, as the kernel and the tool conntrack 1.4.7 write them."""

from __future__ import annotations

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._observed.conntrack import (
    Tracked,
    connection_documents,
    parse_line,
)

PROC = (
    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.1.1 sport=40000 dport=104 "
    "src=10.0.1.1 dst=10.0.0.1 sport=104 dport=40000 [ASSURED] mark=0 zone=0 use=2"
)
PROC_6 = (
    "ipv6     10 udp      17 12 src=fd00:0010:0000:0000:0000:0000:0000:0001 "
    "dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=5353 dport=53 [UNREPLIED] "
    "src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0010:0000:0000:0000:0000:0000:0001 "
    "sport=53 dport=5353 mark=0 zone=0 use=2"
)
TOOL = (
    "tcp      6 115 SYN_SENT src=10.0.0.1 dst=10.0.1.1 sport=40001 dport=22 [UNREPLIED] "
    "src=10.0.1.1 dst=10.0.0.1 sport=22 dport=40001 mark=0 use=1"
)
COUNTED = (
    "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.1.1 sport=40000 dport=104 packets=3 bytes=164 "
    "src=10.0.1.1 dst=10.0.0.1 sport=104 dport=40000 packets=2 bytes=112 [ASSURED] mark=0 use=1"
)
EVENT = (
    "[1732.000001]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.1.1 sport=40001 dport=22 [UNREPLIED] "
    "src=10.0.1.1 dst=10.0.0.1 sport=22 dport=40001"
)
#: 10.9.9.9:11112 is translated to 10.0.1.1:104, and the source to 10.0.1.254.
TRANSLATED = (
    "tcp      6 300 ESTABLISHED src=10.0.0.1 dst=10.9.9.9 sport=40000 dport=11112 "
    "src=10.0.1.1 dst=10.0.1.254 sport=104 dport=40000 [ASSURED] mark=0 use=1"
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (PROC, Tracked("10.0.0.1", "10.0.1.1", "tcp", 104, 40000, True, True, 431999)),
        (PROC_6, Tracked("fd00:10::1", "fd00::2", "udp", 53, 5353, False, False, 12)),
        (TOOL, Tracked("10.0.0.1", "10.0.1.1", "tcp", 22, 40001, False, False, 115)),
        (COUNTED, Tracked("10.0.0.1", "10.0.1.1", "tcp", 104, 40000, True, True, 431999)),
        (EVENT, Tracked("10.0.0.1", "10.0.1.1", "tcp", 22, 40001, False, False, 120)),
        (TRANSLATED, Tracked("10.0.0.1", "10.0.1.1", "tcp", 104, 40000, True, True, 300)),
    ],
    ids=["proc", "proc IPv6", "tool", "with counters", "event", "translated"],
)
def test_a_line(line: str, expected: Tracked) -> None:
    assert parse_line(line) == expected


def test_an_answered_exchange_over_udp_is_established_and_a_closing_tcp_connection_is_not() -> None:
    udp = parse_line(PROC_6.replace("[UNREPLIED] ", ""))
    assert udp is not None and udp.answered and udp.established
    closing = parse_line(PROC.replace("ESTABLISHED", "TIME_WAIT"))
    assert closing is not None and closing.answered and not closing.established
    offloaded = parse_line(PROC.replace("431999 ESTABLISHED ", "").replace("ASSURED", "OFFLOAD"))
    assert offloaded is not None and offloaded.established and offloaded.seconds_left is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.",
        "icmp     1 29 src=10.0.0.1 dst=10.0.1.1 type=8 code=0 id=7 src=10.0.1.1 dst=10.0.0.1 type=0 code=0 id=7",
        "unknown  2 597 src=10.0.0.1 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=10.0.0.1 mark=0 zone=0 use=2",
        PROC.replace("10.0.0.1", "10.0.0.300"),
        PROC.replace("sport=104", "sport=70000"),
        PROC + " " + PROC,
        PROC[:40],
    ],
)
def test_what_is_no_connection_is_none(line: str) -> None:
    assert parse_line(line) is None


def test_connections_of_one_flow_are_one_entry_with_the_longest_time() -> None:
    again = PROC.replace("40000", "40002").replace("431999", "86400")
    assert connection_documents([PROC, TOOL, again, TRANSLATED, "nonsense"]) == [
        {"source": "10.0.0.1", "destination": "10.0.1.1", "protocol": "tcp", "port": 104}
        | {"source_port": None, "count": 3, "seconds_left": 431999}
    ]
    assert connection_documents([PROC])[0]["source_port"] == 40000
