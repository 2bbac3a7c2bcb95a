"""Two passes over a store in a process of their own, for its whole memory: ``scan_step.py STORE STATE FILES``.

Prints the process's peak memory in MB, and the seconds of the first and of the second pass.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".cache" / "collections"))

from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_store


def main(store: str, state: str, files: str) -> None:
    """A pass that doesn't see every file, or a second one that reads one again, is an error."""
    took = []
    for read in (int(files), 0):
        started = time.perf_counter()
        found = scan_store(store, Scan(state_directory=state), time.monotonic() + 3600)
        took.append(time.perf_counter() - started)
        if (found["complete"], found["counts"]["dicom"], found["progress"]["read"]) != (True, int(files), read):
            raise SystemExit(f"not what was to be seen: {found}")
    # Not getrusage: its maximum goes on from that of the process that started this one.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(int(peak) / 1024, *took)


if __name__ == "__main__":
    main(*sys.argv[1:])
