"""Lay the collections of others that tests run ours with into .cache/other-collections; quick when run again.

They come out of one pinned package (other-collections.txt), which is fetched once and kept, outside the checkout, only
as far as it is used.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

PROJECT = Path(__file__).resolve().parents[2]
PINNED = Path(__file__).with_name("other-collections.txt")
LINK = PROJECT / ".cache" / "other-collections"
COLLECTIONS = ("community/crypto",)


def lay_out(cache: Path, link: Path = LINK) -> None:
    """Point ``link`` at the collections, which are fetched into ``cache`` unless they are there."""
    key = hashlib.sha256(PINNED.read_bytes() + "\n".join(COLLECTIONS).encode()).hexdigest()[:12]
    kept = cache / "collections" / key
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when it is whole: whoever is interrupted, or comes second, leaves nothing half done.
        with tempfile.TemporaryDirectory(dir=kept.parent) as directory:
            whole = Path(directory) / "whole"
            take_out(fetch(Path(directory)), whole)
            if not kept.is_dir():
                whole.rename(kept)
    if not link.is_symlink() or link.resolve() != kept.resolve():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(kept)


def fetch(directory: Path) -> Path:
    """The pinned package, whose hash pip has compared. Raises SystemExit, with what pip said."""
    print("Fetching community.crypto, which tests of the site's own authority use (54 MB, once)", flush=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(directory), "-r", str(PINNED)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(
            f"{done.stderr.strip()}\npip could not fetch what {PINNED.name} names. No network? Connect, or set"
            " https_proxy. A mirror of PyPI? Set PIP_INDEX_URL. Then start again."
        )
    return next(directory.glob("*.whl"))


def take_out(package: Path, target: Path, collections: Sequence[str] = COLLECTIONS) -> None:
    """Those of a package's collections that are named. Raises SystemExit where it lacks one."""
    with ZipFile(package) as archive:
        for collection in collections:
            inside = f"ansible_collections/{collection}/"
            names = [name for name in archive.namelist() if name.startswith(inside)]
            if not names:
                raise SystemExit(f"{package.name} has no collection {collection.replace('/', '.')}")
            archive.extractall(target, names)


if __name__ == "__main__":
    lay_out(Path(os.environ["PACS_CACHE"]))
