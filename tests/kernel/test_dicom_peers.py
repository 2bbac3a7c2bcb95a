"""The evidence modules against real DICOM servers, in a network namespace of its own.

Orthanc and dcmtk are used where they are installed (ORTHANC may name another program); pynetdicom always is.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kernel.dicom_place import CANARY, PORT, ask, echoed, program, pynetdicom_server, rejected
from kernel.namespaces import Namespace
from pynetdicom.sop_class import CTImageStorage

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes a network namespace"),
]

ORTHANC = os.environ.get("ORTHANC") or shutil.which("Orthanc") or "/usr/sbin/Orthanc"


@pytest.fixture
def place() -> Iterator[Namespace]:
    with closing(Namespace("dicom")) as namespace:
        yield namespace


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
