"""Signature databases for tests, of the form that the makers' have: named, numbered, dated, and unsigned."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from datetime import datetime
from pathlib import Path

_HEADER = 512


def dated_database(path: Path, signatures: bytes, built: datetime) -> None:
    """Write a ``.cud`` with hash signatures, as ``sigtool --build --unsigned`` does, but built on any day."""
    name = f"{path.stem}.hsb"
    head = f"ClamAV-VDB:{built:%d %b %Y %H-%M +0000}:7:{len(signatures.splitlines())}:90"
    tail = f"tests:{int(built.timestamp())}"
    info = f"{head}:X:X:{tail}\n{name}:{len(signatures)}:{hashlib.sha256(signatures).hexdigest()}\n"
    files = {"COPYING": b"", f"{path.stem}.info": info.encode("ascii"), name: signatures}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, content in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    packed = gzip.compress(buffer.getvalue(), mtime=0)
    digest = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    path.write_bytes(f"{head}:{digest}:X:{tail}".encode("ascii").ljust(_HEADER) + packed)
