"""What files tell of a network: captures of every kind, and listings of tracked connections."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from captures import (
    ACK,
    COOKED,
    COOKED_2,
    DATA,
    NULL,
    RAW,
    SYN,
    SYN_ACK,
    associate_rq,
    ether,
    hundred_thousand,
    ip,
    pcap,
    pcapng,
    tcp,
    udp,
)

from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.files import SeenFile, read_seen_file
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import ObservedError

UNSPECIFIED = str(IPv4Address(0))
CT, PACS, CT_6, PACS_6 = "10.1.20.11", "10.1.30.10", "fd00:1:20::11", "fd00:1:30::10"
#: Two connections, one answered; one over IPv6; one exchange over UDP.
DAY = [
    tcp(CT, 40000, PACS, 104, SYN),
    tcp(PACS, 104, CT, 40000, SYN_ACK),
    tcp(CT, 40000, PACS, 104, ACK),
    tcp(CT, 40001, PACS, 105, SYN),
    tcp(CT_6, 40000, PACS_6, 11112, SYN),
    udp(CT, 5000, PACS, 514),
    udp(CT, 5000, PACS, 514),
]
SEEN = {
    (CT, PACS, "tcp", 104, 1, True),
    (CT, PACS, "tcp", 105, 1, False),
    (CT_6, PACS_6, "tcp", 11112, 1, False),
    (CT, PACS, "udp", 514, 1, False),
}


def seen(file: SeenFile) -> set[tuple[str, str, str, int, int, bool | None]]:
    return {
        (flow.key.source, flow.key.destination, flow.key.protocol, flow.key.port, flow.count, flow.answered)
        for flow in file.flows
    }


def cooked(packet: bytes) -> bytes:
    return b"\x00" * 14 + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def cooked_2(packet: bytes) -> bytes:
    return (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + b"\x00" * 18 + packet


@pytest.mark.parametrize(
    "write",
    [
        lambda: pcap(map(ether, DAY)),
        lambda: pcap(map(ether, DAY), order=">"),
        lambda: pcap(map(ether, DAY), nano=True),
        lambda: pcap(map(ether, DAY), order=">", nano=True),
        lambda: pcap([ether(packet, 0x8100) for packet in DAY]),
        lambda: pcap([ether(packet, 0x88A8, 0x8100) for packet in DAY]),
        lambda: pcap(DAY, link=RAW),
        lambda: pcap([cooked(packet) for packet in DAY], link=COOKED),
        lambda: pcap([cooked_2(packet) for packet in DAY], link=COOKED_2),
        lambda: pcap([b"\x02\x00\x00\x00" + packet for packet in DAY], link=NULL),
        lambda: pcap(map(ether, DAY), link=1 | 0x24000000),
        lambda: pcapng(map(ether, DAY)),
        lambda: pcapng(map(ether, DAY), order=">"),
        lambda: pcapng(map(ether, DAY), block=2),
        lambda: pcapng(map(ether, DAY), block=3),
        lambda: pcapng(DAY, link=RAW),
        lambda: pcapng(map(ether, DAY)) + pcapng([], order=">"),
        lambda: pcap([ether(packet) for packet in DAY], snap=96),
    ],
)
def test_every_kind_of_capture_tells_the_same(write: Callable[[], bytes]) -> None:
    file = read_seen_file("day.pcap", write())
    assert seen(file) == SEEN
    assert (file.what, file.notes) == ("7 packets", ())


def test_a_mapped_file_is_read_as_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "day.pcap"
    path.write_bytes(pcap(map(ether, DAY)))
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert seen(read_seen_file("day.pcap", mapped)) == SEEN


def test_the_same_attempt_sent_again_is_one_and_a_new_one_is_another() -> None:
    again = [tcp(CT, 40000, PACS, 104, SYN, sequence=number) for number in (5, 5, 9)]
    assert seen(read_seen_file("x", pcap(again, link=RAW))) == {(CT, PACS, "tcp", 104, 2, None)}


def test_whose_answers_are_never_heard_is_not_called_unanswered() -> None:
    assert {flow.answered for flow in read_seen_file("x", pcap([DAY[0], DAY[3]], link=RAW)).flows} == {None}


def test_an_answer_whose_question_was_not_captured() -> None:
    packets = [tcp(PACS, 104, CT, 40000, SYN_ACK), udp("10.1.0.53", 53, CT, 5000)]
    assert {entry[:4] for entry in seen(read_seen_file("x", pcap(packets, link=RAW)))} == {
        (CT, PACS, "tcp", 104),
        (CT, "10.1.0.53", "udp", 53),
    }


def test_a_connection_that_began_before_the_capture_has_no_direction() -> None:
    file = read_seen_file("x", pcap([tcp(PACS, 104, CT, 40000, ACK), tcp(CT, 40000, PACS, 104, ACK)], link=RAW))
    assert file.flows == ()
    assert file.unstarted == ((PACS, 104, CT, 40000),)
    assert "1 connection had begun before" in file.notes[0]


def test_ae_titles_and_nothing_else_of_an_association() -> None:
    pdu = associate_rq("PACS1", "CT1")
    packets = [DAY[0], tcp(CT, 40000, PACS, 104, DATA, pdu), tcp(CT, 40000, PACS, 104, DATA, pdu)]
    # The beginning of this one wasn't captured; whoever asks for an association opened the connection.
    packets.append(tcp(CT_6, 40002, PACS_6, 4006, DATA, associate_rq("PACS1", "CT1V6")))
    file = read_seen_file("x", pcap(packets, link=RAW))
    assert dict(file.called[PACS, 104]) == {"PACS1": 1}
    assert dict(file.calling[CT]) == {"CT1": 1}
    assert file.proven == {(PACS, 104): "application_entities", (PACS_6, 4006): "application_entities"}
    assert (CT_6, PACS_6, "tcp", 4006) in {entry[:4] for entry in seen(file)}
    assert file.unstarted == ()
    assert "CANARY" not in repr(file)


@pytest.mark.parametrize(
    "payload",
    [
        associate_rq("PACS1", "CT1")[:70],
        associate_rq("PACS1", "")[:80],
        associate_rq("PACS\\1", "CT1"),
        associate_rq("PACS1", "CT1").replace(b"\x10\x00", b"\x99\x00"),
        b"\x01" * 200,
    ],
)
def test_what_only_begins_like_an_association_has_no_titles(payload: bytes) -> None:
    file = read_seen_file("x", pcap([DAY[0], tcp(CT, 40000, PACS, 104, DATA, payload)], link=RAW))
    assert (file.called, file.calling, file.proven) == ({}, {}, {})


def test_hl7_is_recognised_on_any_port_from_either_side() -> None:
    message = b"\x0bMSH|^~\\&|CANARY^PATIENT"
    packets = [
        tcp(CT, 40000, PACS, 7777, SYN),
        tcp(CT, 40000, PACS, 7777, DATA, message),
        tcp(CT, 40001, PACS, 8888, SYN),
        tcp(PACS, 8888, CT, 40001, DATA, message),
    ]
    file = read_seen_file("x", pcap(packets, link=RAW))
    assert file.proven == {(PACS, 7777): "hl7_applications", (PACS, 8888): "hl7_applications"}
    assert "CANARY" not in repr(file)


def test_ipv6_extension_headers_and_fragments() -> None:
    syn = tcp(CT_6, 40000, PACS_6, 104, SYN)[40:]
    hop_by_hop = bytes([0, 6, 0, *[0] * 6])
    first_fragment = bytes([44, 6, 0, 0, 1, 0, 0, 0, 1])
    authentication = bytes([51, 6, 4, *[0] * 22])
    for extensions in (hop_by_hop, first_fragment, authentication):
        file = read_seen_file("x", pcap([ip(CT_6, PACS_6, 6, syn, extensions)], link=RAW))
        assert {entry[:4] for entry in seen(file)} == {(CT_6, PACS_6, "tcp", 104)}, extensions
    later = [
        ip(CT_6, PACS_6, 6, syn, bytes([44, 6, 0, 0, 16, 0, 0, 0, 1])),
        ip(CT, PACS, 6, syn, fragment=5),
    ]
    assert read_seen_file("x", pcap(later, link=RAW)).flows == ()


def test_what_never_leaves_its_network_is_left_out() -> None:
    packets = [
        udp(UNSPECIFIED, 68, "255.255.255.255", 67),
        udp(CT, 5353, "224.0.0.251", 5353),
        udp("fe80::1", 546, "ff02::1:2", 547),
        tcp("fe80::1", 40000, "fe80::2", 104, SYN),
        udp("127.0.0.1", 5000, "127.0.0.1", 53),
    ]
    assert read_seen_file("x", pcap(packets, link=RAW)).flows == ()


def test_other_protocols_are_passed_over_without_a_word() -> None:
    arp = b"\x02" * 12 + b"\x08\x06" + b"\x00" * 28
    file = read_seen_file("x", pcap([arp, ether(ip(CT, PACS, 1, b"\x08\x00" + b"\x00" * 10))]))
    assert (file.flows, file.notes) == ((), ())


class TestDamage:
    """A file that isn't whole gives what it holds, and says so; one that is something else is refused in words."""

    def test_a_capture_that_is_cut_short(self) -> None:
        for whole in (pcap(map(ether, DAY)), pcapng(map(ether, DAY))):
            file = read_seen_file("x", whole[:-30])
            assert seen(file) <= {(*entry[:5], answered) for entry in SEEN for answered in (True, False)}
            assert len(file.flows) >= 3
            assert "ends in the middle" in file.notes[0]

    def test_packets_that_are_cut_short_are_counted(self) -> None:
        file = read_seen_file("x", pcap(map(ether, DAY), snap=40))
        assert file.flows == ()
        assert "7 packets of 7 can't be read" in file.notes[0]

    def test_a_network_that_is_unknown(self) -> None:
        file = read_seen_file("x", pcap(DAY, link=127))
        assert "7 packets of 7 can't be read" in file.notes[0]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "nothing that is known"),
            (b"hello\n", "nothing that is known"),
            (b"\x1f\x8b\x08rest", "compressed \\(gzip\\)"),
            (pcap([])[:20], "ends within its header"),
            (b"\x0a\x0d\x0d\x0a" + b"\x1c\x00\x00\x00" + b"\x00" * 20, "byte order"),
        ],
    )
    def test_something_else_is_refused_with_its_name(self, data: bytes, says: str) -> None:
        with pytest.raises(ObservedError, match=f"^day.pcap: .*{says}"):
            read_seen_file("day.pcap", data)


LINE = (
    "tcp      6 431999 ESTABLISHED src=10.1.20.11 dst=10.1.30.10 sport=40000 dport=104 "
    "src=10.1.30.10 dst=10.1.20.11 sport=104 dport=40000 [ASSURED] mark=0 use=1\n"
)
UNANSWERED = (
    "udp      17 25 src=10.1.20.11 dst=10.1.30.10 sport=5000 dport=514 [UNREPLIED] "
    "src=10.1.30.10 dst=10.1.20.11 sport=514 dport=5000 mark=0 use=1\n"
)


class TestListings:
    """Listings of conntrack."""

    def test_a_listing(self) -> None:
        text = (
            LINE + LINE.replace("40000", "40001") + UNANSWERED + "conntrack v1.4.7: 3 flow entries have been shown.\n"
        )
        file = read_seen_file("day.txt", text.encode())
        assert seen(file) == {(CT, PACS, "tcp", 104, 2, True), (CT, PACS, "udp", 514, 1, False)}
        assert file.what == "3 tracked connections"

    def test_events_count_each_connection_once(self) -> None:
        new = f"    [NEW] {LINE.replace('ESTABLISHED', 'SYN_SENT').replace('[ASSURED]', '[UNREPLIED]')}"
        events = new + f" [UPDATE] {LINE}" + f"[DESTROY] {LINE}"
        assert seen(read_seen_file("x", events.encode())) == {(CT, PACS, "tcp", 104, 1, None)}
        ends = f"[DESTROY] {LINE}" * 2
        assert seen(read_seen_file("x", ends.encode())) == {(CT, PACS, "tcp", 104, 2, True)}

    def test_the_hosts_own_connections_are_nobodys_flows(self) -> None:
        line = LINE.replace(CT, "127.0.0.1").replace(PACS, "127.0.0.1")
        assert read_seen_file("x", (line + LINE).encode()).what == "2 tracked connections"
        assert len(read_seen_file("x", (line + LINE).encode()).flows) == 1


@pytest.mark.slow
def test_a_hundred_thousand_packets() -> None:
    file = read_seen_file("x", hundred_thousand())
    assert file.what == "100000 packets"
    assert sum(flow.count for flow in file.flows if flow.key.protocol == "tcp") == 20_000
