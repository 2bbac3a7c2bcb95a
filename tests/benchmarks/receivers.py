"""Archives that take in images on loopback, and the modality that sends them: synthetic CT, 512 x 512 x 16 bits."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from benchmarks.stores import IMAGE_BYTES
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association

_PORT = 11112
_TITLE = "ARCHIVE"
_PATIENCE = 30.0
_TO_STOP = 0.1  # that thread looks every millisecond
#: Else each image waits for TCP: dcmtk, on which Orthanc stands, answers in two packets, and holds the second one back
#: until the first is acknowledged, which takes 40 ms. That would hide what antivirus costs.
_AT_ONCE = {"TCP_NODELAY": "1"}
_ARCHIVE = Path(__file__).with_name("archive.py")


class ReceiverError(Exception):
    """An archive didn't do what it is there for: the number would mean nothing."""


@dataclass(frozen=True)
class Receiver:
    """``program`` must be installed; ``command`` starts it, given its store and a folder of its own; ``images`` is the
    pattern of the names that it gives to images in its store.
    """

    program: str
    command: Callable[[Path, Path], list[str]]
    images: str

    def missing(self) -> str | None:
        """Why it can't be tried here, or None."""
        return None if shutil.which(self.program) else f"{self.program} isn't installed"

    @contextmanager
    def running(self, store: Path, home: Path) -> Iterator[None]:
        """It takes in images meanwhile; what it prints goes into ``home``."""
        printed = home / "receiver.out"
        with printed.open("wb") as output:
            process = subprocess.Popen(
                self.command(store, home),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **_AT_ONCE},
            )
        try:
            end = time.monotonic() + _PATIENCE
            while not _listens():
                if process.poll() is not None or time.monotonic() > end:
                    raise ReceiverError(f"the archive doesn't listen: {printed.read_text(errors='replace')[-300:]}")
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()

    def stored(self, store: Path, count: int) -> list[Path]:
        """The images in its store, which must be so many; other files, such as an index or headers, aren't counted."""
        found = sorted(path for path in store.glob(self.images) if path.stat().st_size > IMAGE_BYTES)
        if len(found) != count:
            raise ReceiverError(f"the archive stored {len(found)} of {count} images")
        return found


def _archive(store: Path, _home: Path) -> list[str]:
    return [sys.executable, str(_ARCHIVE), str(store), str(_PORT)]


def _orthanc(store: Path, home: Path) -> list[str]:
    """Orthanc with its defaults, but for names and places, and without its web server."""
    configuration = home / "orthanc.json"
    settings = {
        "StorageDirectory": str(store),
        "IndexDirectory": str(store),
        "DicomAet": _TITLE,
        "DicomPort": _PORT,
        "HttpServerEnabled": False,
        "Plugins": [],
    }
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    return ["Orthanc", str(configuration)]


RECEIVERS: Mapping[str, Receiver] = {
    "pynetdicom": Receiver(sys.executable, _archive, "*/*.dcm"),
    "Orthanc": Receiver("Orthanc", _orthanc, "??/??/*"),
}


def send(count: int) -> float:
    """Send so many images over one association, each once the one before is stored; the seconds that it took."""
    image = _image()
    entity = AE()
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", _PORT, ae_title=_TITLE)
    if not association.is_established:
        raise ReceiverError("the archive takes no association")
    # For the same reason as in _AT_ONCE.
    association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        root = generate_uid()[:50].rstrip(".")
        start = time.perf_counter()
        with _undisturbed(association):
            for number in range(count):
                image.SOPInstanceUID = f"{root}.{number}"
                status = association.send_c_store(image).get("Status")
                if status != 0:
                    took = f"after {time.perf_counter() - start:.0f} s"
                    raise ReceiverError(f"image {number} of {count} was answered with {status} {took}")
        return time.perf_counter() - start
    finally:
        association.release()


@contextmanager
def _undisturbed(association: Association) -> Iterator[None]:
    """Keep pynetdicom's own thread from the answers, which it looks for between two sends, too: it says that it has
    stopped before it has, so once in some ten thousand images it takes the answer to the next one (pynetdicom 3.0).
    """
    usual = association._reactor_checkpoint
    association._reactor_checkpoint = held = _Held()
    time.sleep(_TO_STOP)
    try:
        yield
    finally:
        association._reactor_checkpoint = usual
        held.let_go()


class _Held(Event):
    """Where that thread waits: sends let it go on only once all of them are done."""

    def set(self) -> None:
        """What a send does once it has its answer."""

    def let_go(self) -> None:
        """What that would do."""
        super().set()


def _image() -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.Modality = CTImageStorage, "CT"
    image.PatientID, image.PatientName = "benchmark", "BENCHMARK^NOBODY"
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.Rows = image.Columns = 512
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 15, 0, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.PixelData = os.urandom(IMAGE_BYTES)
    image["PixelData"].VR = "OW"
    return image


def _listens() -> bool:
    try:
        socket.create_connection(("127.0.0.1", _PORT), 1).close()
    except OSError:
        return False
    return True
