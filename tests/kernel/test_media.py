"""Four media, judged with the real clamd and, where this kernel knows ISO 9660, mounted from a disc image."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from judged_media import judge, reasons
from kernel.clamav_place import Place, missing, place, policy_for
from media import EICAR, FILES, add_infected_autorun, images, lose_files, make_polyglots, write_medium

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

_WRITER = "xorriso"


@pytest.fixture(scope="module")
def clamd() -> Iterator[Place]:
    with place() as made:
        made.apply(policy_for((), ()))
        made.start_clamd()
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """Below /var/tmp: clamd's own user has no way into pytest's folders, and needs none."""
    root = Path(tempfile.mkdtemp(prefix="pacs-medium-", dir="/var/tmp"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


def knows_iso_9660() -> bool:
    return "iso9660" in Path("/proc/filesystems").read_text(encoding="ascii").split()


@contextlib.contextmanager
def disc(medium: Path) -> Iterator[Path]:
    """The medium as a disc: an ISO image, mounted; where the kernel can't, read back from the image into a folder."""
    image, mounted = medium.with_suffix(".iso"), medium.with_name("disc")
    mounted.mkdir()
    written = [_WRITER, "-as", "mkisofs", "-quiet", "-iso-level", "4", "-o", str(image), str(medium)]
    subprocess.run(written, check=True, capture_output=True)
    if knows_iso_9660():
        options = "loop,ro,noexec,nosuid,nodev"
        subprocess.run(["mount", "-t", "iso9660", "-o", options, str(image), str(mounted)], check=True)
        try:
            yield mounted
        finally:
            subprocess.run(["umount", str(mounted)], check=True)
    else:
        read_back = [_WRITER, "-osirrox", "on", "-indev", str(image), "-extract", "/", str(mounted)]
        subprocess.run(read_back, check=True, capture_output=True)
        yield mounted


def untouched(_medium: Path) -> None:
    """A clean medium."""


INFECTED = {
    ("infected", "Test.Eicar.UNOFFICIAL"): 1,
    ("program_name", "exe"): 1,
    ("program_name", "inf"): 1,
    ("autorun", "autorun.inf"): 1,
}
POLYGLOT = {("preamble_program", "elf"): 1, ("preamble_program", "pe"): 1}
LOST = {("reference_missing", ""): 1, ("reference_differs", "SOP instance"): 1, ("not_referenced", ""): 1}
MEDIA = [
    (untouched, "import", {}, "IMPORT: nothing speaks against it."),
    (add_infected_autorun, "quarantine", INFECTED, "something (Test.Eicar.UNOFFICIAL)"),
    (make_polyglots, "quarantine", POLYGLOT, "a DICOM file that is a program, too (pe)"),
    (lose_files, "quarantine", LOST, "a file that the DICOMDIR names and the medium doesn't have"),
]


def options(clamd: Place) -> dict[str, Any]:
    return {
        "antivirus_socket": f"{clamd.root}/clamd.ctl",
        "antivirus_configuration": str(clamd.configuration),
        "without_antivirus": False,
    }


@pytest.mark.parametrize("as_disc", [False, True], ids=["folder", "disc"])
@pytest.mark.parametrize(("make", "verdict", "why", "says"), MEDIA, ids=[row[0].__name__ for row in MEDIA])
def test_four_media(
    clamd: Place,
    folder: Path,
    make: Callable[[Path], None],
    verdict: str,
    why: dict[tuple[str, str], int],
    says: str,
    as_disc: bool,
) -> None:
    if as_disc and shutil.which(_WRITER) is None:
        pytest.skip(f"no {_WRITER}")
    medium = write_medium(folder / "medium")
    make(medium)
    with disc(medium) if as_disc else contextlib.nullcontext(medium) as shown:
        found = judge(shown, **options(clamd))
    assert (found["verdict"], reasons(found)) == (verdict, why)
    assert says in found["text"]
    scanner = found["receipt"]["antivirus"]
    assert (scanner["status"], scanner["scanned"]) == ("assessed", found["receipt"]["medium"]["files"])
    assert scanner["engine"].startswith("ClamAV 1.")


class TestTheScanner:
    def test_it_needs_no_right_to_the_file(self, clamd: Place, folder: Path) -> None:
        """It is handed over open: clamd runs as somebody who can't come here."""
        medium = write_medium(folder / "medium")
        images(medium)[0].write_bytes(images(medium)[0].read_bytes() + EICAR)
        (medium / "EICAR").write_bytes(EICAR)
        (medium / "EICAR").chmod(0o600)
        medium.chmod(0o700)
        assert ("infected", "Test.Eicar.UNOFFICIAL") in reasons(judge(medium, **options(clamd)))

    def test_what_is_too_large_for_it_is_not_clean(self, clamd: Place, folder: Path) -> None:
        medium = write_medium(folder / "medium")
        configuration = folder / "clamd.conf"
        configuration.write_text("MaxFileSize 1K\n", encoding="ascii")
        found = judge(medium, **{**options(clamd), "antivirus_configuration": str(configuration)})
        assert found["verdict"] == "not_assessed"
        (why,) = found["receipt"]["not_assessed"]
        assert why.startswith("no virus scanner has judged it: ") and "larger than the scanner's limits" in why

    def test_one_that_finds_nothing_is_none(self, clamd: Place, folder: Path) -> None:
        medium = write_medium(folder / "medium")
        blind = folder / "blind.ctl"
        with _answering(blind, {b"zVERSION\0": b"ClamAV 1.4.6\0"}, b"stream: OK\0"):
            found = judge(medium, **{**options(clamd), "antivirus_socket": str(blind)})
        assert found["verdict"] == "not_assessed"
        assert "clamd doesn't find the test file" in found["text"]

    def test_one_that_fails_in_the_middle_leaves_nothing_clean(self, clamd: Place, folder: Path) -> None:
        medium, ill = write_medium(folder / "medium"), folder / "ill.ctl"
        lively = {b"zVERSION\0": b"ClamAV 1.4.6\0", b"zINSTREAM\0": b"stream: Eicar FOUND\0"}
        with _answering(ill, lively, b"ERROR\0"):
            found = judge(medium, **{**options(clamd), "antivirus_socket": str(ill)})
        assert found["verdict"] == "not_assessed"
        assert found["receipt"]["antivirus"]["scanned"] == 0

    def test_signatures_without_a_date_may_be_of_any_age(self, clamd: Place, folder: Path) -> None:
        medium = write_medium(folder / "medium")
        found = judge(medium, **options(clamd), antivirus_days=7)
        assert found["verdict"] == "not_assessed"
        assert "nobody knows how old they are" in found["text"]

    @pytest.mark.parametrize(("days", "says"), [(30, "and may be 7 days old at most"), (1, "the scanner")])
    def test_old_signatures_are_not_relied_upon(self, clamd: Place, folder: Path, days: int, says: str) -> None:
        """With recent ones it goes on, up to where this daemon has nothing to say."""
        medium, dated = write_medium(folder / "medium"), folder / "dated.ctl"
        date = datetime.now(UTC) - timedelta(days=days)
        version = f"ClamAV 1.4.6/27000/{date:%a %b %d %H:%M:%S %Y}\0".encode()
        with _answering(dated, {b"zVERSION\0": version, b"zINSTREAM\0": b"stream: Eicar FOUND\0"}, b"ERROR\0"):
            found = judge(medium, **{**options(clamd), "antivirus_socket": str(dated)}, antivirus_days=7)
        assert found["verdict"] == "not_assessed"
        assert says in found["receipt"]["not_assessed"][0]

    def test_without_one_the_verdict_says_so(self, folder: Path) -> None:
        medium = write_medium(folder / "medium")
        gone = judge(medium, antivirus_socket=str(folder / "none.ctl"), without_antivirus=False)
        assert gone["verdict"] == "not_assessed"
        allowed = judge(medium, antivirus_socket=str(folder / "none.ctl"))
        assert allowed["verdict"] == "import"
        assert "Virus scanner: not judged: no clamd is running" in allowed["text"]

    def test_the_receipt_says_what_it_relied_upon(self, clamd: Place, folder: Path) -> None:
        text = judge(write_medium(folder / "medium"), **options(clamd))["text"]
        assert f", signatures without a date, {FILES} files" in text


@contextlib.contextmanager
def _answering(path: Path, answers: dict[bytes, bytes], otherwise: bytes) -> Iterator[None]:
    """A daemon that lives, and to which nothing is ever infected, as one with an empty database is."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    link, _peer = server.accept()
                    with link:
                        asked = link.recv(4096)
                        link.sendall(
                            next((said for word, said in answers.items() if asked.startswith(word)), otherwise)
                        )

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            os.unlink(path)
