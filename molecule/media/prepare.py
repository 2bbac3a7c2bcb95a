"""A clean medium on the import station, as a folder."""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path

from media import write_medium

from lab import nodes

FOLDER = "/srv/medium"


def put_medium(medium: Path) -> None:
    """Put this medium into the place of the one that is there."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(medium, ".")
    nodes.run("ws1", ["/bin/rm", "-rf", FOLDER], check=True)
    nodes.run("ws1", ["/bin/mkdir", "-p", FOLDER], check=True)
    nodes.run("ws1", ["/bin/tar", "-x", "--no-same-owner", "-C", FOLDER], input=buffer.getvalue(), check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        put_medium(write_medium(Path(folder) / "medium"))
