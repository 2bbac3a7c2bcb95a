"""A network namespace with one server in it, and a question of the prober to that server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from kernel.namespaces import Namespace
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

from ansible_collections.pacs.hardening.plugins.module_utils._dicom import pdu
from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import read_probes
from ansible_collections.pacs.hardening.plugins.module_utils._io.network import ask_all

PORT = 11112
CANARY = "CANARY^PATIENT"


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
    success = {"associated": True, "rejected": None, "echo": True}
    return (answer["outcome"], answer["dicom"]) == ("open", success)


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
