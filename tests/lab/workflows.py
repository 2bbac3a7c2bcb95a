"""The imaging workflow, played with real peers: store, find, worklist, retrieve, commit, order, and a long transfer in
the background.

Every function runs its part inside the nodes and returns a value that says what happened; a step that failed is a
value too (``ok`` is False, ``detail`` says why). LabError is raised only when the lab itself could not be asked.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from lab import nodes, state
from lab.errors import LabError
from lab.topology import topology

FILES = Path(__file__).with_name("dicom_files.txt")
DICOM_PORT = "11112"
HL7_PORT = "2575"
TRANSFER_STATUS = "/var/lib/lab/transfer.json"


@dataclass(frozen=True)
class Instance:
    """One DICOM file that was sent. ``status``: the C-STORE status, or None where nothing came back or no context was
    accepted.
    """

    file: str
    sop_class: str
    study: str
    uid: str
    status: int | None


@dataclass(frozen=True)
class Stored:
    instances: tuple[Instance, ...]
    detail: str

    @property
    def uids(self) -> tuple[str, ...]:
        """SOP Instance UIDs that the archive acknowledged with status 0000."""
        return tuple(item.uid for item in self.instances if item.status == 0)

    @property
    def ok(self) -> bool:
        return bool(self.instances) and len(self.uids) == len(self.instances)


@dataclass(frozen=True)
class Worklist:
    """``entries``: accession numbers that the RIS answered."""

    entries: tuple[str, ...]
    ok: bool
    detail: str


@dataclass(frozen=True)
class Retrieved:
    """``uids``: SOP Instance UIDs of the files that arrived at the viewer; ``expected``: those that were asked for."""

    expected: frozenset[str]
    uids: frozenset[str]
    detail: str

    @property
    def ok(self) -> bool:
        return bool(self.expected) and self.expected <= self.uids


@dataclass(frozen=True)
class Commitment:
    """``requested``: the N-ACTION status; ``committed`` and ``failed``: from the N-EVENT-REPORT, if one came.

    ``new_association``: it came on an association that the archive opened to the modality's own server.
    """

    requested: int | None
    committed: frozenset[str]
    failed: frozenset[str]
    new_association: bool
    expected: frozenset[str]
    detail: str

    @property
    def ok(self) -> bool:
        return self.requested == 0 and self.new_association and self.expected == self.committed and not self.failed


@dataclass(frozen=True)
class Order:
    """``arrived``: the RIS has the message's control id in its log."""

    control_id: str
    acknowledgement: str | None
    arrived: bool
    detail: str

    @property
    def ok(self) -> bool:
        return self.arrived and self.acknowledgement == "AA"


@dataclass(frozen=True)
class Transfer:
    """A long C-STORE. Times are Unix times of the modality; ``finished`` is None while it runs."""

    planned: int
    sent: int
    failed: int
    started: float
    last: float | None
    finished: float | None
    error: str | None
    uids: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.finished is not None and self.error is None and self.sent == self.planned and not self.failed


@cache
def dicom_files() -> tuple[str, ...]:
    """The files of dicom_files.txt: paths below pydicom's data folder."""
    lines = FILES.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def store_images(files: Sequence[str] | None = None, patient: str | None = None) -> Stored:
    """ct1 sends DICOM files (default: all of dicom_files.txt) to pacs1 over one association (RAD-8); ``patient`` is put
    into them as the patient's name.
    """
    wanted = dicom_files() if files is None else tuple(files)
    arguments = [*_peers("ct1", "pacs1"), *([f"--patient={patient}"] if patient else [])]
    done = nodes.guest("ct1", "store", *arguments, input=json.dumps(wanted), timeout=300)
    if done.returncode != 0:
        return Stored((), _last_line(done.stderr))
    stored = Stored(tuple(Instance(**row) for row in json.loads(done.stdout)), "")
    refused = [item.file for item in stored.instances if item.status != 0]
    return Stored(stored.instances, f"not stored: {', '.join(refused)}" if refused else "")


def found_in_orthanc(uids: Iterable[str]) -> frozenset[str]:
    """Which of these SOP Instance UIDs Orthanc holds, asked by REST from inside pacs1."""
    return frozenset(json.loads(_orthanc("find", list(uids))))


def empty_archive() -> int:
    """Delete everything in Orthanc; returns the number of patients there were."""
    return int(json.loads(_orthanc("empty", [])))


def let_read(title: str, address: str) -> None:
    """Tell the archive of one more viewer, which may find and retrieve (C-GET); it knows it until it is restarted."""
    entry = {"AET": title, "Host": address, "Port": int(DICOM_PORT), "AllowEcho": True, "AllowFind": True}
    entry |= {"AllowGet": True, "AllowMove": False, "AllowStore": False}
    _orthanc("know", [], peers={title.lower(): entry})


def read_worklist() -> Worklist:
    """ct1 asks ris1 for its modality worklist with dcmtk's findscu (RAD-5)."""
    modality, ris = topology().node("ct1"), topology().node("ris1")
    query = (
        "folder=$(mktemp -d) && findscu -W -to 10 -ta 10 -td 10 "
        f"-aet {modality.ae_title} -aec {ris.ae_title} {ris.address()} {DICOM_PORT} "
        "-k AccessionNumber -k PatientID "
        f'-k "ScheduledProcedureStepSequence[0].ScheduledStationAETitle={modality.ae_title}" '
        '-Xs "$folder/answer.xml" >&2 && cat "$folder/answer.xml"'
    )
    done = nodes.run("ct1", ["/bin/sh", "-c", query], timeout=60)
    if done.returncode != 0:
        return Worklist((), False, _last_line(done.stderr))
    document = ElementTree.fromstring(done.stdout)  # noqa: S314 (written by our own dcmtk)
    entries = tuple(item.text or "" for item in document.iter("element") if item.get("tag") == "0008,0050")
    return Worklist(entries, bool(entries), "")


def retrieve(instances: Iterable[Instance]) -> Retrieved:
    """ws1 asks pacs1 by C-MOVE for the studies of these instances, and receives the files by C-STORE (RAD-16)."""
    wanted = tuple(instances)
    if not wanted:  # an empty key would ask for every study there is
        return Retrieved(frozenset(), frozenset(), "nothing to ask for")
    viewer, archive = topology().node("ws1"), topology().node("pacs1")
    studies = "\\".join(sorted({item.study for item in wanted}))
    nodes.run("ws1", ["/bin/sh", "-c", "rm -rf /var/lib/lab/received/*"], check=True)
    command = [
        "movescu",
        "-S",
        "-to",
        "10",
        "-ta",
        "10",
        "-td",
        "300",
        "-aet",
        str(viewer.ae_title),
        "-aec",
        str(archive.ae_title),
    ]
    command += ["-aem", str(viewer.ae_title), "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={studies}"]
    done = nodes.run("ws1", [*command, archive.address(), DICOM_PORT], timeout=330)
    names = nodes.run("ws1", ["/bin/ls", "/var/lib/lab/received"], check=True).stdout.split()
    # storescp names a file by an abbreviation of its class, a dot, and the SOP Instance UID.
    received = frozenset(name.partition(".")[2] for name in names)
    return Retrieved(
        frozenset(item.uid for item in wanted),
        received,
        "" if done.returncode == 0 else _last_line(done.stderr or done.stdout),
    )


def commit(instances: Iterable[Instance], seconds: float = 30) -> Commitment:
    """ct1 asks pacs1 to commit to these instances (N-ACTION) and waits for the N-EVENT-REPORT at its own server
    (RAD-10).
    """
    wanted = tuple(instances)
    expected = frozenset(item.uid for item in wanted)
    if not wanted:
        return Commitment(None, expected, expected, False, expected, "nothing to ask for")
    references = json.dumps([[item.sop_class, item.uid] for item in wanted])
    done = nodes.guest("ct1", "commit", *_peers("ct1", "pacs1"), input=references, timeout=90)
    if done.returncode != 0:
        return Commitment(None, frozenset(), frozenset(), False, expected, _last_line(done.stderr))
    answer = json.loads(done.stdout)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in (nodes.read_file("ct1", "/var/lib/lab/modality/commitments.log") or "").splitlines():
            report = json.loads(line)
            if report["transaction"] == answer["transaction"]:
                committed, failed = frozenset(report["committed"]), frozenset(report["failed"])
                opened_by_archive = (
                    report["new_association"] and report["peer_address"] == topology().node("pacs1").address()
                )
                return Commitment(answer["status"], committed, failed, opened_by_archive, expected, "")
        time.sleep(0.3)
    return Commitment(
        answer["status"], frozenset(), frozenset(), False, expected, f"no N-EVENT-REPORT within {seconds:g} s"
    )


def send_order() -> Order:
    """his1 sends an HL7 order to ris1 by MLLP (RAD-2)."""
    control_id = f"LAB{uuid.uuid4().hex[:12].upper()}"
    done = nodes.guest("his1", "hl7_send", topology().node("ris1").address(), HL7_PORT, control_id)
    if done.returncode != 0:
        raise LabError(f"his1 could not run its sender: {_last_line(done.stderr)}")
    answer = json.loads(done.stdout)
    log = nodes.read_file("ris1", "/var/lib/lab/hl7/received.log") or ""
    return Order(control_id, answer["acknowledgement"], control_id in log.split(), answer["error"] or "")


def start_transfer(count: int = 200, pause: float = 0.05) -> None:
    """Start sending ``count`` distinct instances from ct1 to pacs1 over one association, ``pause`` seconds apart, and
    return at once.

    It runs as a unit of ct1's systemd. Raises LabError if an earlier transfer is still running.
    """
    nodes.run("ct1", ["/bin/rm", "-f", TRANSFER_STATUS], check=True)
    command = ["systemd-run", "--quiet", "--collect", "--unit=lab-transfer", "--setenv=PYTHONPATH=/opt/lab-dicom"]
    command += ["/usr/bin/python3", "/usr/local/lib/lab/transfer.py", *_peers("ct1", "pacs1")]
    command += [f"--count={count}", f"--pause={pause}", f"--status={TRANSFER_STATUS}"]
    nodes.run("ct1", command, check=True)


def transfer_status() -> Transfer | None:
    """How far the transfer is, or None before its first sign of life."""
    text = nodes.read_file("ct1", TRANSFER_STATUS)
    if not text:
        return None
    row = json.loads(text)
    return Transfer(**{**row, "uids": tuple(row["uids"])})


def wait_for_transfer(sent: int, timeout: float = 60) -> Transfer:
    """Wait until at least ``sent`` images were acknowledged, or the transfer has ended. Raises LabError after
    ``timeout`` seconds.
    """
    return _await(lambda found: found.sent >= sent or found.finished is not None, timeout)


def transfer_result(timeout: float = 180) -> Transfer:
    """Wait for the transfer's end. Raises LabError after ``timeout`` seconds."""
    return _await(lambda found: found.finished is not None, timeout)


def _await(reached: Callable[[Transfer], bool], timeout: float) -> Transfer:
    deadline = time.monotonic() + timeout
    found = None
    while time.monotonic() < deadline:
        found = transfer_status()
        if found is not None and reached(found):
            return found
        time.sleep(0.2)
    progress = f"{found.sent} of {found.planned} sent" if found else "no sign of life"
    raise LabError(f"the transfer from ct1 got no further within {timeout:g} s: {progress}")


def _peers(calling: str, called: str) -> list[str]:
    """Host, port and AE titles, as the lab's own programs take them."""
    peer = topology().node(called)
    return [peer.address(), DICOM_PORT, f"--calling={topology().node(calling).ae_title}", f"--called={peer.ae_title}"]


def _orthanc(verb: str, uids: list[str], **more: object) -> str:
    request = {"user": state.ORTHANC_USER, "password": state.orthanc_password(), "uids": uids, **more}
    done = nodes.guest("pacs1", "orthanc", verb, input=json.dumps(request), timeout=120)
    if done.returncode != 0:
        raise LabError(_last_line(done.stderr))
    return done.stdout


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"
