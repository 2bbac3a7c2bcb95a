"""The prober against real DICOM servers, and against what else may listen on a port, in a namespace of its own.

Orthanc and dcmtk are used where they are installed (ORTHANC may name another program); pynetdicom always is.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from kernel.namespaces import Namespace
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import pdu
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import read_probes
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._io.network import ask_all

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes a network namespace"),
]

PORT = 11112
CANARY = "CANARY^PATIENT"
ORTHANC = os.environ.get("ORTHANC") or shutil.which("Orthanc") or "/usr/sbin/Orthanc"


@pytest.fixture
def place() -> Iterator[Namespace]:
    with closing(Namespace("dicom")) as namespace:
        yield namespace


def ask(place: Namespace, timeout: float = 5, **changes: Any) -> dict[str, Any]:
    """One C-ECHO from the namespace to itself, unless told otherwise."""
    item = {
        "id": "a",
        "address": "127.0.0.1",
        "port": PORT,
        "application": "dicom",
        "called_aet": "PACS1",
        "calling_aet": pdu.CALLING_AE_TITLE,
        "probe": "echo",
        **changes,
    }
    probes, faults = read_probes([item])
    assert not faults
    with place.inside():
        (answer,) = ask_all(probes, timeout)
    assert CANARY not in json.dumps(answer)
    return answer


def rejected(answer: dict[str, Any]) -> tuple[int, ...]:
    assert answer["outcome"] == "open", answer
    assert not answer["dicom"]["associated"]
    return tuple(answer["dicom"]["rejected"].values())


def echoed(answer: dict[str, Any]) -> bool:
    return answer["outcome"] == "open" and answer["dicom"] == {"associated": True, "rejected": None, "echo": True}


@contextmanager
def program(place: Namespace, *command: str, **environment: str) -> Iterator[None]:
    """A server of the namespace, from the moment on when it listens."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} isn't installed")
    with place.inside():
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
        )
    try:
        end = time.monotonic() + 10
        while f":{PORT:04X} " not in place.run("cat", "/proc/net/tcp", "/proc/net/tcp6"):
            assert process.poll() is None, f"{command[0]} ended at once"
            assert time.monotonic() < end, f"{command[0]} doesn't listen"
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def pynetdicom_server(place: Namespace, offers: str = Verification, **options: Any) -> Iterator[list[str]]:
    """pynetdicom as a server; the events of its associations, in order."""
    events: list[str] = []
    entity = AE(ae_title="PACS1")
    entity.add_supported_context(offers)
    for name, value in options.items():
        setattr(entity, name, value)
    handlers = [
        (event, lambda _event, word=word: events.append(word))
        for event, word in (
            (evt.EVT_ACCEPTED, "accepted"),
            (evt.EVT_RELEASED, "released"),
            (evt.EVT_ABORTED, "aborted"),
        )
    ]
    with place.inside():
        server = entity.start_server(("127.0.0.1", PORT), block=False, evt_handlers=handlers)
    try:
        yield events
    finally:
        assert server is not None
        server.shutdown()


@contextmanager
def scripted(place: Namespace, serve: Callable[[socket.socket], None], family: int = socket.AF_INET) -> Iterator[None]:
    """A server that does with each connection what the script says."""
    with place.inside():
        listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", PORT), family=family)

    def accept() -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


class TestPynetdicom:
    def test_echo_and_release(self, place: Namespace) -> None:
        with pynetdicom_server(place) as events:
            assert echoed(ask(place))
            time.sleep(0.2)
        assert events == ["accepted", "released"]

    def test_refusals(self, place: Namespace) -> None:
        with pynetdicom_server(place, require_called_aet=True, require_calling_aet=["CT1"]):
            assert rejected(ask(place, calling_aet="CT1", called_aet="OTHER")) == (1, 1, 7)
            assert rejected(ask(place)) == (1, 1, 3)
            assert echoed(ask(place, calling_aet="CT1"))

    def test_no_verification(self, place: Namespace) -> None:
        with pynetdicom_server(place, CTImageStorage) as events:
            answer = ask(place)
            time.sleep(0.2)
        assert answer["dicom"] == {"associated": True, "rejected": None, "echo": False}
        assert answer["detail"] == "associated, but Verification is refused (context result 3)"
        assert events == ["accepted", "released"]


class TestDcmtk:
    def test_storescp(self, place: Namespace, tmp_path: Path) -> None:
        with program(place, "storescp", "--output-directory", str(tmp_path), str(PORT)):
            for _again in range(3):
                assert echoed(ask(place))

    def test_dcmqrscp_refuses_whom_it_does_not_know(self, place: Namespace, tmp_path: Path) -> None:
        (tmp_path / "db").mkdir()
        configuration = tmp_path / "dcmqrscp.cfg"
        configuration.write_text(
            f"NetworkTCPPort = {PORT}\nMaxPDUSize = 16384\nMaxAssociations = 4\n"
            "HostTable BEGIN\nct = (CT1, localhost, 104)\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\nPACS1 {tmp_path}/db RW (9, 1024mb) ct\nAETable END\n",
            encoding="ascii",
        )
        with program(place, "dcmqrscp", "--config", str(configuration)):
            assert rejected(ask(place)) == (1, 1, 7)
            assert rejected(ask(place, called_aet="OTHER")) == (1, 1, 7)
            assert echoed(ask(place, calling_aet="CT1"))


class TestOrthanc:
    @contextmanager
    def server(self, place: Namespace, folder: Path, **options: Any) -> Iterator[None]:
        configuration = {
            "Name": CANARY,
            "DicomAet": "PACS1",
            "DicomPort": PORT,
            "HttpServerEnabled": False,
            "StorageDirectory": str(folder / "db"),
            "IndexDirectory": str(folder / "db"),
            "Plugins": [],
            "RegisteredUsers": {"demo": "demo", CANARY: "c4n4ry-pw"},
            **options,
        }
        (folder / "orthanc.json").write_text("// " + CANARY + "\n" + json.dumps(configuration), encoding="utf-8")
        with program(place, ORTHANC, str(folder / "orthanc.json")):
            yield

    STRICT = {  # noqa: RUF012
        "DicomCheckCalledAet": True,
        "StrictAetComparison": True,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {"ct1": {"AET": "CT1", "Host": "127.0.0.1", "Port": 104}},
    }

    def test_open_as_shipped(self, place: Namespace, tmp_path: Path) -> None:
        with self.server(place, tmp_path):
            assert echoed(ask(place, called_aet="WHATEVER"))

    def test_strict(self, place: Namespace, tmp_path: Path) -> None:
        with self.server(place, tmp_path, **self.STRICT):
            assert rejected(ask(place)) == (1, 1, 3)
            assert rejected(ask(place, calling_aet="CT1", called_aet="OTHER")) == (1, 1, 7)
            assert rejected(ask(place, calling_aet="ct1")) == (1, 1, 3)
            assert echoed(ask(place, calling_aet="CT1"))

    def test_it_is_seen_from_inside(self, place: Namespace, tmp_path: Path) -> None:
        with self.server(place, tmp_path, **self.STRICT), place.inside():
            parts = host_evidence(["orthanc", "sockets"], 5, Host())["parts"]
        if "servers run here" in parts["orthanc"].get("reason", ""):
            pytest.skip("another Orthanc runs on this machine")
        value = parts["orthanc"]["value"]
        assert (value["running"], value["aet"], value["switches"]["DicomPort"]) == (True, "PACS1", PORT)
        assert (value["registered_users"], value["shipped_credentials"]) == (2, ["demo"])
        listeners = parts["sockets"]["value"]["listeners"]
        assert [(one["port"], one["process"]) for one in listeners] == [(PORT, "Orthanc")]
        assert CANARY not in json.dumps(parts)
        assert "c4n4ry-pw" not in json.dumps(parts)


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
        assert (answer["outcome"], answer["dicom"]) == ("timeout", None)
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
