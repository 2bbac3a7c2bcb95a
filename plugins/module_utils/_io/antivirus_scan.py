# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the scheduled scan: runs clamscan, and says what it found without the name of any file.

Names may be those of patients, so a file is told by the directory that was scanned and by the SHA-256 of its path. The
module antivirus_agent puts this file on the host as it is: it imports nothing of ours.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

SCHEMA = "pacs-hardening-antivirus-scan/1"
MOST = 1000  # findings that are told one by one

_FOUND = re.compile(rb"(/.*): (\S+) FOUND")
_ERROR = re.compile(rb"(/.*): (?:Access denied|Can't .*|.* ERROR)")
_SUMMARY = re.compile(rb"(Known viruses|Engine version|Scanned files|Total errors): ([0-9A-Za-z.+~-]{1,40})")
_TOO_LARGE = "Heuristics.Limits.Exceeded"


def moment() -> str:
    """Now, in UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Report:
    """What is known of one scan so far. C(document) is what is kept."""

    def __init__(self, roots: Sequence[str], excluded: Sequence[str]) -> None:
        self._roots = sorted({*roots, *excluded}, key=len, reverse=True)
        self._counts: dict[str, str] = {}
        self._errors = 0
        self.document: dict[str, Any] = {
            "schema": SCHEMA,
            "started": moment(),
            "ended": None,
            "complete": False,
            "paths": list(roots),
            "excluded": list(excluded),
            "engine": None,
            "signatures": None,
            "scanned": None,
            "infected": 0,
            "too_large": 0,
            "errors": 0,
            "found": [],
        }

    def read(self, line: bytes) -> str | None:
        """Take one line of clamscan's; what may be printed of it, or None."""
        text = line.rstrip(b"\r\n")
        found, error, summary = _FOUND.fullmatch(text), _ERROR.fullmatch(text), _SUMMARY.fullmatch(text)
        if found is not None:
            return self._found(found[1], found[2].decode("ascii", "replace"))
        if error is not None:
            self._errors += 1
            return f"{self._where(error[1])}: ERROR"
        if summary is not None:
            self._counts[summary[1].decode()] = summary[2].decode()
            return text.decode("ascii", "replace")
        return None

    def _found(self, path: bytes, signature: str) -> str:
        too_large = signature.startswith(_TOO_LARGE)
        self.document["too_large" if too_large else "infected"] += 1
        if len(self.document["found"]) < MOST:
            digest = hashlib.sha256(path).hexdigest()
            self.document["found"].append({"signature": signature, "root": self._root(path), "path_sha256": digest})
        return f"{self._where(path)}: {signature} FOUND"

    def _root(self, path: bytes) -> str:
        return next((root for root in self._roots if path.startswith(os.fsencode(root.rstrip("/") + "/"))), "")

    def _where(self, path: bytes) -> str:
        return f"{self._root(path)}, path with SHA-256 {hashlib.sha256(path).hexdigest()}"

    def end(self, status: int) -> None:
        """clamscan has ended. Only one that printed its summary has been everywhere."""
        scanned = self._number("Scanned files")
        errors = max(self._errors, self._number("Total errors") or 0)
        self.document.update(
            ended=moment(),
            complete=status in (0, 1, 2) and scanned is not None,
            engine=self._counts.get("Engine version"),
            signatures=self._number("Known viruses"),
            scanned=scanned,
            errors=errors,
        )

    def _number(self, name: str) -> int | None:
        text = self._counts.get(name, "")
        return int(text) if text.isdigit() else None


def keep(path: str, document: dict[str, Any]) -> None:
    """Put the report in place whole."""
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def say(line: str) -> None:
    """To the log, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def scan(command: Sequence[str], report: Report, path: str) -> int:
    """Run clamscan, and keep the report before, at the end, and when we are stopped. 0 where it came to its end."""
    keep(path, report.document)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:

        def stop(_number: int, _frame: object) -> None:
            with contextlib.suppress(OSError):
                child.terminate()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, stop)
        for line in child.stdout or ():
            said = report.read(line)
            if said is not None:
                say(said)
        status = child.wait()
    report.end(status)
    keep(path, report.document)
    say(f"Report in {path}: {'' if report.document['complete'] else 'not '}complete")
    return 0 if report.document["complete"] else 1


def main(arguments: Iterable[str]) -> int:
    """Options, then C(--) and the command."""
    parser = argparse.ArgumentParser(description="Run a virus scan that only reports.")
    parser.add_argument("--report", required=True)
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--excluded", action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(list(arguments))
    return scan(options.command, Report(options.root, options.excluded), options.report)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
