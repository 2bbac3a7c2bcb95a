"""The kernel's and the system's own files, as data."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._evidence import logs, nftables, parts, sockets, system
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import LOG_GROUP

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ANY = "0.0.0.0"  # noqa: S104


def row(local: str, state: str, inode: int = 7) -> str:
    return f"   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1 0\n"


@pytest.mark.parametrize(
    ("table", "local", "order", "address", "port"),
    [
        ("tcp", "0A141EC6:2B68", "little", "198.30.20.10", 11112),
        ("tcp", "0100007F:0016", "little", "127.0.0.1", 22),
        ("tcp", "7F000001:0016", "big", "127.0.0.1", 22),
        ("udp", "00000000:007B", "little", ANY, 123),
        ("tcp6", "00000000000000000000000000000000:0068", "little", "::", 104),
        ("tcp6", "00000000000000000000000001000000:0068", "little", "::1", 104),
        ("udp6", "1800FD00000000000000000010000000:0202", "little", "fd:18::10", 514),
        ("udp6", "00FD0018000000000000000000000010:0202", "big", "fd:18::10", 514),
    ],
)
def test_a_listener_is_read(table: str, local: str, order: str, address: str, port: int) -> None:
    state = "0A" if table.startswith("tcp") else "07"
    (found,) = sockets.parse_listeners(HEADER + row(local, state), table, order)
    assert (found.address, found.port, found.inode) == (address, port, 7)


def test_connections_are_no_listeners() -> None:
    assert sockets.parse_listeners(HEADER + row("0100007F:0016", "01"), "tcp") == []
    assert sockets.parse_listeners(HEADER + row("0100007F:0016", "01"), "udp") == []


def test_a_broken_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="fields"):
        sockets.parse_listeners(HEADER + "   0: 0100007F\n", "tcp")


def test_the_real_kernel_shows_the_socket_that_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with open("/proc/net/tcp", encoding="ascii") as file:
            found = sockets.parse_listeners(file.read(), "tcp")
        assert ("127.0.0.1", server.getsockname()[1]) in {(one.address, one.port) for one in found}


def test_listeners_are_sorted_and_each_is_there_once() -> None:
    one = sockets.Listener("tcp", 4, ANY, 104, 1)
    rows = sockets.listener_documents([one, one, sockets.Listener("udp", 4, ANY, 53, 2)], {1: "Orthanc"})
    assert rows == [
        {"protocol": "udp", "family": 4, "address": ANY, "port": 53, "process": None},
        {"protocol": "tcp", "family": 4, "address": ANY, "port": 104, "process": "Orthanc"},
    ]


def test_a_process_can_not_speak_through_its_name() -> None:
    assert sockets.plain_name("storescp") == "storescp"
    assert sockets.plain_name("DOE^JOHN") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_ID="12"\n', ("debian", "12")),
        ("# comment\nID='ol'\n", ("ol", None)),
        ("ID=$(reboot)\n", (None, None)),
        ("", (None, None)),
    ],
)
def test_os_release(text: str, expected: tuple[str | None, str | None]) -> None:
    assert system.parse_os_release(text) == expected


def test_only_names_of_accounts_with_a_shell() -> None:
    passwd = (
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\nann:x:2:2:Ann Doe:/home/ann:/bin/sh\n"
        "off:x:3:3::/:/bin/false\nhalf:line\nno shell:x:4:4::/:/bin/sh\n"
    )
    assert system.login_users(passwd) == ["ann", "root"]


@pytest.mark.parametrize(
    ("name", "text", "away"),
    [
        ("rsyslogd", "*.* @@logs.example.org:6514\n", True),
        ("rsyslogd", "auth,authpriv.*  @192.0.2.1\n", True),
        ("rsyslogd", 'action(type="omfwd" target="192.0.2.1")\n', True),
        ("rsyslogd", 'action( type = "omrelp" target="x")\n', True),
        ("rsyslogd", "#*.* @@logs.example.org\n*.* /var/log/all\nmail.* -/var/log/mail@host\n", False),
        ("rsyslogd", 'action(type="omfwd"\n  protocol="tcp"\n  target="192.0.2.1")\n', True),
        ("rsyslogd", 'action(type="omfwd" target="127.0.0.1")\naction(type="omfile" file="/x")\n', False),
        ("rsyslogd", "*.* @localhost\n*.* @[::1]:514\n", False),
        ("rsyslogd", "*.* @(z9)192.0.2.1\n", True),
        ("rsyslogd", ':msg, contains, "x" @[2001:db8::1]:514\n', True),
        ("syslog-ng", 'source s { network(ip("192.0.2.1")); };\n', False),
        ("systemd-journal-upload", "URL=https://[::1]:19532\n", False),
        ("syslog-ng", 'destination d { network("192.0.2.1" port(514)); };\n', True),
        ("syslog-ng", '# network("192.0.2.1")\ndestination d { file("/var/log/x"); };\n', False),
        ("systemd-journal-upload", "[Upload]\nURL=https://logs.example.org\n", True),
        ("systemd-journal-upload", "[Upload]\n# URL=\nURL=\n", False),
    ],
)
def test_forwarders_with_a_remote_target(name: str, text: str, away: bool) -> None:
    assert logs.sends_away(name, text) is away


def test_the_listener_of_the_drop_log() -> None:
    assert logs.DROP_LOG_GROUP == LOG_GROUP
    assert logs.has_listener("    5   4242     0 2 65535     10  1\n")
    assert not logs.has_listener("    0   4242     0 2 65535     10  1\n")
    assert not logs.has_listener("")


def test_words_in_tables_of_others_are_left_out() -> None:
    listing = """{"nftables": [{"metainfo": {"version": "1.0.6"}},
      {"table": {"family": "inet", "name": "pacs", "handle": 1, "comment": "ours"}},
      {"table": {"family": "inet", "name": "other", "handle": 2, "comment": "theirs"}},
      {"rule": {"family": "inet", "table": "other", "chain": "c", "handle": 3, "comment": "theirs",
                "expr": [{"log": {"prefix": "theirs", "group": 5}}, {"accept": null}]}},
      {"set": {"family": "ip", "table": "pacs", "name": "s", "handle": 4,
               "elem": [{"elem": {"val": "192.0.2.1", "comment": "theirs"}}]}}]}"""
    document = nftables.nftables_document(listing, [])
    assert document["version"] == "1.0.6"
    assert "ours" in str(document)
    assert "theirs" not in str(document)
    assert {"log": {"group": 5}} in document["listing"]["nftables"][3]["rule"]["expr"]


def test_what_our_table_remembers_is_no_evidence_and_what_is_opened_is() -> None:
    memory = """{"set": {"family": "inet", "table": "%s", "name": "undeclared4", "type": "ipv4_addr", "handle": 1,
                 "elem": ["192.0.2.1"]}}"""
    opened = """{"set": {"family": "inet", "table": "pacs", "name": "opened", "type": "inet_proto", "handle": 2,
                 "elem": ["tcp"]}}"""
    text = '{"nftables": [%s, %s, %s]}' % (memory % "pacs", memory % "other", opened)  # noqa: UP031 - braces
    sets = [one["set"] for one in nftables.nftables_document(text, [])["listing"]["nftables"]]
    assert [found.get("elem") for found in sets] == [None, ["192.0.2.1"], ["tcp"]]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"nftables": [1]}', '{"nftables": [{"table": {}}]}', "[" * 100000])
def test_a_listing_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(parts.Unreadable, match="nft"):
        nftables.nftables_document(text, None)


def test_a_reason_is_one_line() -> None:
    assert parts.error("a\nb\x1b[2Jc")["reason"] == "a b [2Jc"
    assert len(parts.absent("x" * 1000)["reason"]) == 300
