"""Look through a built collection, or load all of an installed one.

Usage: check_artefact.py ARTEFACT.tar.gz    (in the checkout: what must be in it is, what must not isn't)
       check_artefact.py --load DIRECTORY   (with DIRECTORY/ansible_collections/pacs/hardening: every plugin imports,
                                             ansible-doc finds each module, filter, test and role)
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

SHIPPED_FOLDERS = ("docs", "inventories", "meta", "playbooks", "plugins", "roles")
SHIPPED_FILES = ("CHANGELOG.rst", "LICENSE", "README.md", "changelogs/changelog.yaml", "requirements.txt")
ALLOWED_TOP = {*SHIPPED_FOLDERS, *SHIPPED_FILES, "changelogs", "FILES.json", "MANIFEST.json"}
LARGEST = 20_000_000  # bytes: what a registry accepts


def faults(entries: Iterable[str], sources: Iterable[str], size: int) -> list[str]:
    """What is wrong with an artefact of ``size`` bytes that holds ``entries``, built from the files ``sources``."""
    held = set(entries)
    wanted = {name for name in sources if name in SHIPPED_FILES or PurePosixPath(name).parts[0] in SHIPPED_FOLDERS}
    wanted |= set(SHIPPED_FILES)
    found = [f"missing: {name}" for name in sorted(wanted - held)]
    found += [f"not for users: {name}" for name in sorted(held) if PurePosixPath(name).parts[0] not in ALLOWED_TOP]
    found += [f"compiled Python: {name}" for name in sorted(held) if name.endswith(".pyc")]
    if size > LARGEST:
        found.append(f"{size} bytes; a registry takes {LARGEST}")
    return found


def check(artefact: Path) -> list[str]:
    """The faults of an artefact built from the current directory."""
    with tarfile.open(artefact) as archive:
        entries = [member.name for member in archive.getmembers() if member.isfile()]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    sources = [name for name in listed.stdout.split("\0") if name and Path(name).exists()]
    return faults(entries, sources, artefact.stat().st_size)


def load(directory: Path, collection: str = "hardening") -> list[str]:
    """The faults of an installed collection: plugins that don't import, content that ansible-doc doesn't find."""
    root = directory / "ansible_collections" / "pacs" / collection
    sys.path.insert(0, str(directory))
    found = []
    for path in sorted((root / "plugins").rglob("*.py")):
        name = ".".join(path.relative_to(directory).with_suffix("").parts).removesuffix(".__init__")
        try:
            importlib.import_module(name)
        except Exception as error:  # whatever it is, it is the answer
            found.append(f"{name} does not import: {type(error).__name__}: {error}")
    documents = {
        "module": "plugins/modules/*.py",
        "filter": "plugins/filter/*.yml",
        "test": "plugins/test/*.yml",
        "role": "roles/*/",
    }
    for kind, pattern in documents.items():
        expected = {f"pacs.hardening.{path.stem}" for path in root.glob(pattern) if not path.stem.startswith("_")}
        listed = documented(kind) if expected else set()
        found += [f"ansible-doc finds no {kind} {name}" for name in sorted(expected - listed)]
    return found


def documented(kind: str) -> set[str]:
    """The names of that kind that ansible-doc lists for the collection."""
    listing = subprocess.run(
        ["ansible-doc", "--json", "--list", "--type", kind, "pacs.hardening"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(listing.stdout))


def main(argv: Sequence[str]) -> int:
    found = load(Path(argv[1])) if argv[0] == "--load" else check(Path(argv[0]))
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{argv[-1]}: {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
