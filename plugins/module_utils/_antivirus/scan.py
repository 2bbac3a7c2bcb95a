# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clamd answers about a file, and up to which size it looks into one. Private, pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: The command that has a file scanned whose descriptor follows (clamd(8)).
FILDES = b"zFILDES\0"

_FOUND = re.compile(r"fd\[\d+\]: (\S{1,120}) FOUND")
_CLEAN = re.compile(r"fd\[\d+\]: OK")
_LIMIT = "Heuristics.Limits.Exceeded"
_SIZE = re.compile(r"(\d{1,12})([KkMm]?)")
_UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}

#: What Debian's package sets, where the daemon's own configuration can't be read: the smallest that is usual.
_UNKNOWN = 25 * 1024 * 1024
#: What ClamAV does without the option, and where it says 0: it can't do more than 2 GB.
_DEFAULTS = {"MaxFileSize": 100 * 1024 * 1024, "MaxScanSize": 400 * 1024 * 1024}
_MOST = 2 * 1024 * 1024 * 1024 - 1


@dataclass(frozen=True)
class Answer:
    """About one file: the name of what was found in it, empty for nothing; or why it was not looked at."""

    found: str = ""
    unscanned: str = ""


def parse_answer(answer: str) -> Answer:
    """The answer to FILDES. Whatever isn't understood is no sign that a file is clean."""
    text = answer.strip("\0\n ")
    if _CLEAN.fullmatch(text):
        return Answer()
    found = _FOUND.fullmatch(text)
    if found is None:
        return Answer(unscanned="the scanner reports an error")
    if found[1].startswith(_LIMIT):
        return Answer(unscanned="larger than the scanner's limits")
    return Answer(found=re.sub(r"[^A-Za-z0-9._/:-]", "?", found[1]))


def largest_file(options: Mapping[str, Sequence[str]] | None) -> int:
    """Bytes of the largest file that is looked at whole, by the daemon's configuration; None where it isn't known.
    Of a larger one clamd says that it is clean.
    """
    if options is None:
        return _UNKNOWN
    return min(_limit(options, name, default) for name, default in _DEFAULTS.items())


def _limit(options: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    values = options.get(name)
    if not values:
        return default
    size = _SIZE.fullmatch(values[-1])
    if size is None:
        return _UNKNOWN
    return int(size[1]) * _UNITS[size[2].upper()] or _MOST
