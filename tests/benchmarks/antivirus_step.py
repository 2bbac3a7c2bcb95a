"""One run of an archive under one configuration of antivirus: ``antivirus_step.py SCRATCH RECEIVER WATCH IMAGES``.

To be started by unshare(1) in mounts, a network and processes of its own (antivirus.py): the paths are those of a real
host, and whatever was started ends with it. Prints images a second: stored, and read back.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".cache" / "collections"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from antivirus_example import TODAY, confirmation, loaded
from benchmarks.receivers import RECEIVERS, send
from kernel.clamav_place import Place
from kernel.mounts import mount

from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import try_directories
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import AntivirusPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy

NONE, OURS, EVERYTHING = "none", "ours", "everything"
_STATE = Path("/var/lib")
_WATCHED = _STATE / "orthanc"
_CANARY_SECONDS = 20.0
_READ_SECONDS = 1.0


class NotInForce(Exception):
    """Antivirus isn't what it was said to be: the number would mean nothing."""


def main(scratch: str, receiver: str, watch: str, images: str) -> None:
    """Everything that is written goes below ``scratch``, which stands in for /var/lib meanwhile."""
    root, policy = Path(scratch), _policy()
    (store,) = map(Path, policy.values("path"))
    (root / "lib" / store.relative_to(_STATE)).mkdir(parents=True)
    mount("--bind", str(root / "lib"), str(_STATE))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    (root / "clamav").mkdir()
    here = Place(root / "clamav")
    try:
        if watch != NONE:
            here.apply(policy if watch == OURS else replace(policy, exclusions=()))
            here.start_clamd()
            here.start_watching()
        _prove(watch, [store])
        archive = RECEIVERS[receiver]
        with archive.running(store, root):
            stored = int(images) / send(int(images))
        files = archive.stored(store, int(images))
        _prove(watch, [store, files[-1].parent])
        read = _read_back(files)
        _prove(watch, [store, files[0].parent])
    finally:
        here.stop()
    print(stored, read)


def _policy() -> AntivirusPolicy:
    """A site's own: the shipped template of Orthanc, confirmed, and what lies around the images watched."""
    own = {"orthanc": {"template": "orthanc_debian", **confirmation()}}
    allowed = govern(loaded(own), ["orthanc"], TODAY).exclusions
    return load_policy({"host": "pacs1", "watched": [str(_WATCHED)], "prevention": True}, allowed)


def _prove(watch: str, images: Sequence[Path]) -> None:
    """Test files show what is scanned: nothing, what lies around the images, or those too."""
    scanned = {NONE: [], OURS: [_WATCHED], EVERYTHING: [_WATCHED, *images]}[watch]
    left = [one for one in (_WATCHED, *images) if one not in scanned]
    tried = try_directories(list(map(str, scanned)), list(map(str, left)), None, _CANARY_SECONDS)
    wrong = [f"{one.directory}: {one.seen}" for one in tried if not one.right]
    if wrong:
        raise NotInForce(f"{watch} isn't in force: {', '.join(wrong)}")


def _read_back(files: Sequence[Path]) -> float:
    """Images a second, each opened and read whole; all of them, again and again for a second at least."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + _READ_SECONDS:
        for path in files:
            with open(path, "rb", buffering=0) as file:
                file.read()
        count += len(files)
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
