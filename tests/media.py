"""Media made for tests, from pydicom's own file-set: a clean one, and ones with something wrong. Nothing there runs."""

from __future__ import annotations

import struct
from pathlib import Path

import pydicom
from dicom_files import ELF
from pydicom.fileset import FileSet

_DATA = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests" / "DICOMDIR"
FILES = 32  # with the DICOMDIR
#: Put together here so that no scanner takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def write_medium(folder: Path) -> Path:
    """A clean medium: a DICOMDIR that pydicom writes, and 31 images."""
    FileSet(_DATA).copy(folder)
    return folder


def images(medium: Path) -> list[Path]:
    """The files that the DICOMDIR names, in order."""
    return sorted(path for path in medium.rglob("*") if path.is_file() and path.name.startswith("IM"))


def add_infected_autorun(medium: Path) -> None:
    """A stick that starts a program when it is put in."""
    (medium / "autorun.inf").write_bytes(b"[autorun]\r\nopen=START.EXE\r\n")
    (medium / "START.EXE").write_bytes(EICAR)


def make_polyglots(medium: Path) -> None:
    """One image that is a program for Linux, too, and one that is one for Windows."""
    linux, windows = images(medium)[:2]
    data = linux.read_bytes()
    linux.write_bytes(ELF.ljust(128, b"\0") + data[128:])
    data = windows.read_bytes()
    at = len(data) - 64  # in the pixels
    start = b"MZ" + b"\0" * 0x3A + struct.pack("<I", at)
    windows.write_bytes(start.ljust(128, b"\0") + data[128:at] + b"PE\0\0" + data[at + 4 :])


def lose_files(medium: Path) -> None:
    """One image is gone, one has another's place, and one is there that nobody names."""
    gone, other, copied = images(medium)[:3]
    gone.unlink()
    other.write_bytes(copied.read_bytes())
    (medium / "EXTRA").write_bytes(copied.read_bytes())
