"""Looking through an image store, beside a bare loop, ClamAV, YARA and pydicom; again; and a million files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import Line, NotMeasured, Sample, at_least, at_most, interleaved, number, ratio
from benchmarks.packages import PROJECT
from benchmarks.stores import store

from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store

_IMAGES, _MANY = 10_000, 1_000_000
_BARE, _CLAMAV, _YARA, _PYDICOM, _AGAIN = at_most(2), at_least(50), at_least(10), at_least(5), at_least(2)
_FLAT = at_most(1.2)
#: A file that has just been written is read again in the next pass, see docs/dicom-files.md.
_SETTLE = 4.0
_SIGNATURES = PROJECT / "plugins" / "plugin_utils" / "_antivirus" / "signatures" / "dicom_preambles"
_STEP = Path(__file__).with_name("scan_step.py")
_MEMORY_FILES = Path("/dev/shm")  # a million files are made and removed there in less time

Work = Callable[[], float]


def lines() -> Iterator[Line]:
    """CPU time, user and system, of the same tree in memory; then the wall time of the same rounds, and of rounds in
    which no image is in memory. Yardsticks of our own: a loop by os.walk, and the fastest one that Python can do.
    """
    with store(_IMAGES) as root, tempfile.TemporaryDirectory() as state:
        time.sleep(_SETTLE)
        scans = _scans(root, Path(state))
        watch = _Watch()
        others, missing = _others(root)
        found = interleaved({name: watch.cpu(name, work) for name, work in {**scans, **others}.items()})
        yield from _compared(f"{_IMAGES:,} images in memory, CPU", found)
        first = found["first pass"]
        for name, limit in (("clamscan", _CLAMAV), ("yara-python", _YARA), ("pydicom", _PYDICOM)):
            if name in found:
                yield ratio(f"  {name}", found[name], "our first pass", first, limit)
            else:
                yield Line(f"  {name}", "not measured", missing[name])
        yield from _compared("  the same rounds, wall clock", {name: watch.walls(name) for name in scans})
        cold = interleaved({name: partial(_cold, root, work) for name, work in scans.items()})
        yield from _compared(f"{_IMAGES:,} images not in memory, wall clock", cold)
    yield from _memory()


def _compared(what: str, found: Mapping[str, Sample]) -> Iterator[Line]:
    first = found["first pass"]
    yield ratio(f"{what}: first pass", first, "os.walk, 132 bytes", found["os.walk"], _BARE)
    yield ratio("  beside the fastest loop", first, "os.scandir, 132 bytes", found["os.scandir"], None)
    yield ratio("  without a state", found["no state"], "os.walk, 132 bytes", found["os.walk"], _BARE)
    yield ratio("  first pass, beside a second one", first, "second pass", found["second pass"], _AGAIN)


def _scans(root: Path, state: Path) -> dict[str, Callable[[], None]]:
    kept = Scan(state_directory=str(state / "kept"))

    def first() -> None:
        shutil.rmtree(state / "first", ignore_errors=True)
        _ours(root, Scan(state_directory=str(state / "first")), _IMAGES)

    _ours(root, kept, _IMAGES)
    return {
        "first pass": first,
        "second pass": partial(_ours, root, kept, 0),
        "no state": partial(_ours, root, Scan(), _IMAGES),
        "os.walk": partial(_walk, root),
        "os.scandir": partial(_scandir, root),
    }


def _ours(root: Path, scan: Scan, read: int) -> None:
    found = scan_store(str(root), scan, time.monotonic() + 3600)
    if (found["counts"]["dicom"], found["progress"]["read"], found["findings"]) != (_IMAGES, read, []):
        raise AssertionError(f"not what was to be seen: {found}")


def _walk(root: Path) -> None:
    total = 0
    for folder, _folders, files in os.walk(root):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                total += len(file.read(132))
    _all_of(total)


def _scandir(root: Path) -> None:
    total, folders = 0, [str(root)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    descriptor = os.open(entry.path, os.O_RDONLY)
                    total += len(os.read(descriptor, 132))
                    os.close(descriptor)
    _all_of(total)


def _all_of(total: int) -> None:
    if total != 132 * _IMAGES:
        raise AssertionError(f"{total} bytes were read")


def _others(root: Path) -> tuple[dict[str, Callable[[], None]], dict[str, str]]:
    """What there is to compare with, and why the rest can't be measured."""
    works: dict[str, Callable[[], None]] = {}
    missing = {"clamscan": "the package clamav isn't installed", "yara-python": "yara-python isn't installed"}
    if shutil.which("clamscan"):
        works["clamscan"] = partial(_clamscan, root)
    try:
        import yara
    except ImportError:
        pass
    else:
        works["yara-python"] = partial(_yara, root, yara.compile(f"{_SIGNATURES}.yar"))
    works["pydicom"] = partial(_pydicom, root)
    return works, missing


def _clamscan(root: Path) -> None:
    """With nothing but our own signatures; the official ones would take it longer."""
    command = ["clamscan", "--recursive", "--infected", f"--database={_SIGNATURES}.ldb", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or f"Scanned files: {_IMAGES}" not in done.stdout:
        raise NotMeasured(f"clamscan ended with {done.returncode}: {done.stdout}{done.stderr}")


def _yara(root: Path, rules: Any) -> None:
    for folder, _folders, files in os.walk(root):
        for name in files:
            if rules.match(os.path.join(folder, name)):
                raise AssertionError(f"YARA raises an alarm about {name}")


def _pydicom(root: Path) -> None:
    import pydicom

    for folder, _folders, files in os.walk(root):
        for name in files:
            pydicom.dcmread(os.path.join(folder, name), stop_before_pixels=True)


class _Watch:
    """Two clocks for the same run: CPU time is compared, wall time is kept beside it."""

    def __init__(self) -> None:
        self._walls: dict[str, list[float]] = {}

    def cpu(self, name: str, work: Callable[[], None]) -> Work:
        """The same work, as one that returns the CPU seconds of this process and its children."""

        def timed() -> float:
            before, started = _cpu_seconds(), time.perf_counter()
            work()
            self._walls.setdefault(name, []).append(time.perf_counter() - started)
            return _cpu_seconds() - before

        return timed

    def walls(self, name: str) -> Sample:
        """The wall time of its runs."""
        return Sample(tuple(self._walls[name]))


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cold(root: Path, work: Callable[[], None]) -> float:
    """Seconds of a run before which the kernel was asked to let go of all images; folders and inodes it may keep."""
    for folder, _folders, files in os.walk(root):
        for name in files:
            descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _memory() -> Iterator[Line]:
    """Peak memory of the whole process, two passes each: seven runs over few files, one over a million."""
    peaks = {}
    for files, rounds in ((_IMAGES, 7), (_MANY, 1)):
        with store(files, pixels=512, within=_MEMORY_FILES) as root:
            time.sleep(_SETTLE)
            runs = [_step(root, files) for _round in range(rounds)]
        peaks[files], first, second = (Sample(values) for values in zip(*runs, strict=True))
    yield number(f"peak memory, {_IMAGES:,} small files", peaks[_IMAGES], " MB", None)
    few = Sample((peaks[_IMAGES].median,))
    yield ratio(f"peak memory, {_MANY:,} small files", peaks[_MANY], f"{_IMAGES:,}", few, _FLAT, " MB")
    yield ratio(f"  first pass over {_MANY:,}, beside a second one", first, "second pass", second, _AGAIN)


def _step(root: Path, files: int) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, str(_STEP), str(root), state, str(files)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)
    return tuple(float(word) for word in done.stdout.split())
