"""Run benchmarks and print a table: ``python tests/benchmarks/run.py [NAMES]``; --list names them.

Needs root, nft and ip. Those that go through the lab need it up (``PYTHONPATH=tests python -m lab up``). A budget that
isn't met is printed, and is no error: the numbers are of one machine in one hour. Ends with 1 where something could not
be measured.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parents[1]
# Not this folder, which Python puts first: its modules are those of the package benchmarks.
sys.path[0:1] = [str(_TESTS), str(_TESTS.parent / ".cache" / "collections")]

from benchmarks.measure import NOT_MEASURED, Line, NotMeasured, missing  # noqa: E402 - not before the path is set

#: Module of the package -> what it measures.
BENCHMARKS = {
    "verify": "the proof, beside reading the rules, beside a BDD, and to 50,000 flows",
    "memory": "peak memory of compile and verify, to 50,000 flows",
    "watching": "what a firewall that watches costs new connections and known ones",
    "rollback": "from the deadline to the old rules, with 10,000 elements, on a host of the lab",
    "capture": "reading a capture of 100,000 packets, beside dpkt",
    "antivirus": "storing images and reading them back, without antivirus, with ours, and with everything scanned",
    "dicom_files": "looking through 10,000 images beside ClamAV, YARA and pydicom, and through a million files",
    "vpn_throughput": "TCP through both VPN gateways, beside the same path in clear and the daemons' defaults",
    "vpn_clients": "50 users on OpenVPN and 50 tunnels on strongSwan: until the last is in, and memory of each",
    "audit": "reading all evidence of a host of the lab, beside Lynis",
}
_COLUMNS = ("what", "measured", "against", "ratio", "budget", "met")
_RECEIVERS = ("pynetdicom", "Orthanc")
_ALONE = ("images", "rounds", "minutes", "receivers")
_MET = {True: "yes", False: "NO", None: ""}


def main(arguments: Sequence[str]) -> int:
    """Run those named, or all; print each line when it is there, and the whole table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--list", action="store_true", help="say what there is")
    alone = parser.add_argument_group("smaller, or in part", "where antivirus is the only benchmark")
    alone.add_argument("--images", type=_positive, metavar="N", help="so many images in a run")
    alone.add_argument("--rounds", type=_positive, metavar="N", help="so many runs of each configuration")
    alone.add_argument("--minutes", type=_positive, metavar="N", help="with an archive no round begins later")
    alone.add_argument("--receivers", nargs="+", choices=_RECEIVERS, help="these archives only")
    options = parser.parse_args(arguments)
    given = {key: value for key in _ALONE if (value := getattr(options, key)) is not None}
    if given and options.names != ["antivirus"]:
        parser.error(f"--{next(iter(given))} goes with antivirus alone")
    if options.list:
        print("\n".join(f"{name:14} {what}" for name, what in BENCHMARKS.items()))
        return 0
    if os.geteuid():
        parser.error("root is needed: the benchmarks make network namespaces and load rules in them")
    found: list[Line] = []
    for name in options.names or BENCHMARKS:
        began = time.monotonic()
        for line in _lines(name, given):
            found.append(line)
            print(f"  {line.what}: {line.measured} {line.ratio}", file=sys.stderr, flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(found))
    return int(any(line.measured == NOT_MEASURED for line in found))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return int(text)


def _lines(name: str, given: Mapping[str, Any]) -> Iterator[Line]:
    try:
        yield from importlib.import_module(f"benchmarks.{name}").lines(**given)
    except NotMeasured as error:
        yield missing(name, error)


def table(found: Iterable[Line]) -> str:
    """All lines as a table of Markdown, for a terminal or a page."""
    rows: list[tuple[str, ...]] = [
        _COLUMNS,
        *((line.what, line.measured, line.against, line.ratio, line.budget, _MET[line.met]) for line in found),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
