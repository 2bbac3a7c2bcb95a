"""The prober against what else may listen on a port, or not answer at all, in a network namespace of its own."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kernel.dicom_place import CANARY, PORT, ask, rejected, scripted
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import pdu
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import read_probes
from ansible_collections.pacs.hardening.plugins.module_utils._io.network import ask_all

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes a network namespace"),
]


@pytest.fixture
def place() -> Iterator[Namespace]:
    with closing(Namespace("dicom")) as namespace:
        yield namespace


class TestStrangers:
    def test_nobody(self, place: Namespace) -> None:
        assert ask(place)["outcome"] == "refused"
        assert ask(place, application="tcp", probe="passive")["outcome"] == "refused"

    def test_no_way(self, place: Namespace) -> None:
        assert ask(place, address="192.0.2.1")["outcome"] == "unreachable"
        assert ask(place, address="2001:db8::1")["outcome"] == "unreachable"

    def test_packets_that_vanish(self, place: Namespace) -> None:
        if shutil.which("nft") is None:
            pytest.skip("nft isn't installed")
        rules = "table inet t { chain c { type filter hook input priority 0; tcp dport %s; }; }"
        place.run("nft", "-f", "-", text=rules % f"{PORT} drop")
        answer = ask(place, timeout=0.5)
        assert (answer["outcome"], answer["dicom"], answer["connected"]) == ("timeout", None, False)
        assert 0.4 < answer["seconds"] < 2
        for how, outcome in (("icmpx admin-prohibited", "unreachable"), ("tcp reset", "refused")):
            place.run("nft", "flush", "ruleset")
            place.run("nft", "-f", "-", text=rules % f"{PORT} reject with {how}")
            assert ask(place)["outcome"] == outcome
            assert ask(place, address="::1")["outcome"] == outcome

    def test_a_silent_server_times_out_and_is_not_kept_busy(self, place: Namespace) -> None:
        received: list[bytes] = []

        def silent(connection: socket.socket) -> None:
            while piece := connection.recv(65536):
                received.append(piece)

        with scripted(place, silent):
            answer = ask(place, timeout=0.5)
            assert (answer["outcome"], answer["dicom"]) == ("timeout", None)
            assert answer["detail"] == "connected, then nothing came back within 0.5 s"
            time.sleep(0.2)
        assert b"".join(received) == pdu.associate_request("PACS1")

    def test_all_questions_together_end_in_time(self, place: Namespace) -> None:
        """A silent server costs its time-out once or twice, not once a question; what wasn't asked says so."""
        shared = {"port": PORT, "application": "dicom", "called_aet": "PACS1", "calling_aet": "X", "probe": "echo"}
        items = [{"id": str(number), "address": "127.0.0.1", **shared} for number in range(20)]
        probes, faults = read_probes(items)
        assert not faults
        started = time.monotonic()
        with scripted(place, lambda connection: time.sleep(0.4)), place.inside():
            answers = ask_all(probes, 0.2, within=1)
        assert time.monotonic() - started < 3
        asked = [answer for answer in answers if answer["outcome"] != "skipped"]
        assert 1 <= len(asked) < 5 and all(answer["connected"] for answer in asked), answers
        assert answers[-1]["detail"] == "not asked: the 1 s for all were over"

    def test_a_dripping_server_can_not_hold_us(self, place: Namespace) -> None:
        def drip(connection: socket.socket) -> None:
            for byte in b"\2\0\0\0\xff\0" + bytes(100):
                connection.sendall(bytes([byte]))
                time.sleep(0.1)

        with scripted(place, drip):
            answer = ask(place, timeout=1)
        assert answer["outcome"] == "timeout"
        assert answer["seconds"] < 2

    def test_a_server_that_falls_silent_within_the_association_is_told(self, place: Namespace) -> None:
        body = b"\0\1" + bytes(66) + b"\x21\0\0\x04\1\0\0\0"
        received: list[bytes] = []

        def silent(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(b"\2\0" + len(body).to_bytes(4, "big") + body)
            while piece := connection.recv(65536):
                received.append(piece)

        with scripted(place, silent):
            answer = ask(place, timeout=0.5)
            time.sleep(0.2)
        assert (answer["outcome"], answer["dicom"]) == (
            "open",
            {"associated": True, "rejected": None, "echo": False},
        )
        assert answer["detail"] == "associated, then nothing came back within 0.5 s"
        assert b"".join(received).endswith(pdu.abort())

    @pytest.mark.parametrize("reset", [False, True])
    def test_a_server_that_hangs_up(self, place: Namespace, reset: bool) -> None:
        def hang_up(connection: socket.socket) -> None:
            connection.recv(65536)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        with scripted(place, hang_up):
            answer = ask(place)
            assert (answer["outcome"], answer["dicom"]) == ("error", None)
            assert ("reset" if reset else "closed") in answer["detail"]
            assert ask(place, application="tcp", probe="passive")["outcome"] == "open"

    def test_http(self, place: Namespace) -> None:
        with place.inside():
            server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), http.server.BaseHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            answer = ask(place, timeout=1)
        finally:
            server.shutdown()
            server.server_close()
        assert answer["outcome"] in ("error", "timeout")
        assert answer["dicom"] is None

    def test_a_peer_that_says_a_patients_name(self, place: Namespace) -> None:
        with scripted(place, lambda connection: connection.sendall(CANARY.encode() * 9)):
            answer = ask(place)
        assert (answer["outcome"], answer["dicom"]) == ("error", None)

    def test_tls(self, place: Namespace, tmp_path: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl isn't installed")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pacs1", "-days", "1",
             "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

        def tls(connection: socket.socket) -> None:
            context.wrap_socket(connection, server_side=True).recv(1)

        with scripted(place, tls):
            answer = ask(place)
        assert (answer["outcome"], answer["dicom"]) == ("error", None)

    def test_ipv6(self, place: Namespace) -> None:
        with scripted(place, lambda connection: connection.sendall(b"\3\0\0\0\0\4\0\1\1\3"), socket.AF_INET6):
            assert rejected(ask(place, address="::1")) == (1, 1, 3)


def test_one_connection_at_a_time_to_an_address(place: Namespace) -> None:
    """Five questions to a server that counts how many of them are with it at once, while others are asked, too."""
    now, most, lock = [0], [0], threading.Lock()

    def count(connection: socket.socket) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        connection.recv(65536)
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        connection.sendall(b"\3\0\0\0\0\4\0\1\1\3")
        connection.close()

    with place.inside():
        listener = socket.create_server(("127.0.0.1", PORT))

    def accept() -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=count, args=[connection], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    shared = {"port": PORT, "application": "dicom", "called_aet": "PACS1", "calling_aet": "X", "probe": "echo"}
    items = [{"id": str(number), "address": "127.0.0.1", **shared} for number in range(5)]
    items.append({"id": "gone", "address": "192.0.2.1", **shared})
    probes, faults = read_probes(items)
    assert not faults
    started = time.monotonic()
    with place.inside():
        answers = ask_all(probes, 5)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    assert [answer["outcome"] for answer in answers] == ["open"] * 5 + ["unreachable"]
    assert most == [1]
    assert time.monotonic() - started >= 4 * 0.5
