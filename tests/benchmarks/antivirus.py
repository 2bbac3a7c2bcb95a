"""What antivirus costs an archive: storing images and reading them back, without it, with ours, and with all scanned.

The real ClamAV, with what is rendered for the profile of Orthanc, in namespaces of its own, with two signatures: what
scanning costs here is the least that it may cost. In each run test files show what is scanned, before and after.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import ROUNDS, Line, NotMeasured, Sample, at_least, interleaved, missing, ratio
from benchmarks.receivers import RECEIVERS
from benchmarks.stores import IMAGE_BYTES
from kernel import clamav_place

from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import ended_by_signals

_WATCHES = ("none", "ours", "everything")  # those of antivirus_step.py
_IMAGES, _MINUTES = 2_000, 45
_KEPT = at_least(0.85)
_STEP = Path(__file__).with_name("antivirus_step.py")
_ALONE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
_SCRATCH = "/var/tmp"  # on a disk, as a store is
#: After which a run has failed, in seconds: for programs to start, and for an image.
_START, _EACH = 120, 1.0


def lines(
    images: int = _IMAGES, rounds: int = ROUNDS, receivers: Sequence[str] = tuple(RECEIVERS), minutes: int = _MINUTES
) -> Iterator[Line]:
    """More images a second are better: the number with antivirus over the one without.

    With each of ``receivers`` no round begins once ``minutes`` are over; a line says how many there were.
    """
    reason = clamav_place.missing()
    if reason:
        raise NotMeasured(reason)
    for name in receivers:
        try:
            yield from _compared(name, images, rounds, 60 * minutes)
        except NotMeasured as error:
            yield missing(f"{name}, runs of {images:,} images", error)


def _compared(receiver: str, images: int, rounds: int, within: float) -> Iterator[Line]:
    reason = RECEIVERS[receiver].missing()
    if reason:
        raise NotMeasured(reason)
    rates: dict[str, list[tuple[float, ...]]] = {watch: [] for watch in _WATCHES}

    def run(watch: str) -> float:
        rates[watch].append(_run(receiver, watch, images))
        # A run that fails ends the others, too: what was measured by then is seen here.
        print(f"  {receiver}, {watch}: {rates[watch][-1]}", file=sys.stderr, flush=True)
        return rates[watch][-1][0]

    interleaved({watch: partial(run, watch) for watch in _WATCHES}, rounds, within)
    done = len(rates[_WATCHES[0]])
    for at, what in enumerate(("store and index", "read back")):
        none, ours, everything = (Sample(tuple(one[at] for one in rates[watch])) for watch in _WATCHES)
        yield ratio(f"{receiver}, {done} runs of {images:,} images: {what}", ours, "no antivirus", none, _KEPT, " a s")
        yield ratio("  with everything scanned", everything, "no antivirus", none, None, " a s")


def _run(receiver: str, watch: str, images: int) -> tuple[float, ...]:
    """Images a second, stored and read back. What the run before left to be written is written, or gone with it."""
    if shutil.disk_usage(_SCRATCH).free < 1.5 * images * (IMAGE_BYTES + 8192):
        raise NotMeasured(f"{images:,} images need more room than {_SCRATCH} has")
    os.sync()
    with ended_by_signals(), tempfile.TemporaryDirectory(prefix="benchmark-antivirus-", dir=_SCRATCH) as scratch:
        # clamd isn't root.
        Path(scratch).chmod(0o755)
        command = [*_ALONE, sys.executable, str(_STEP), scratch, receiver, watch, str(images)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_START + _EACH * images)
        except subprocess.TimeoutExpired as error:
            raise NotMeasured(f"{receiver}, antivirus {watch}: not done after {error.timeout:.0f} s") from error
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise NotMeasured(f"{receiver}, antivirus {watch}: {words[-1]}")
    return tuple(float(word) for word in done.stdout.split())
