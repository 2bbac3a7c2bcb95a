# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clamd says over its socket (clamd(8)), and what its configuration says (clamd.conf(5)). Private, pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SOCKET = "/run/clamav/clamd.ctl"
CONFIGURATION = "/etc/clamav/clamd.conf"

_CHUNK = 64 * 1024
_VERSION = re.compile(r"ClamAV ([0-9][0-9A-Za-z.+~-]{0,40})(?:/([0-9]{1,9})/([A-Za-z0-9: ]{20,40}))?")
_YES = ("yes", "true", "1")
#: The daemon's clock and zone may be others than ours.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Version:
    """What a running daemon says of itself. Without daily signatures it names neither their number nor their date."""

    engine: str
    signatures: int | None
    dated: datetime | None


def parse_version(answer: str) -> Version | None:
    """The answer to C(zVERSION); None where it is none."""
    found = _VERSION.fullmatch(answer.strip("\0\n "))
    if found is None:
        return None
    engine, number, date = found.groups()
    dated = None
    if date:
        try:
            # The daemon says it in its own local time, and no zone: it is off by hours at most.
            dated = datetime.strptime(date, "%a %b %d %H:%M:%S %Y").replace(tzinfo=timezone.utc)
        except ValueError:
            return None
    return Version(engine, int(number) if number else None, dated)


def is_fresh(version: Version, now: datetime, longest: timedelta) -> bool:
    """Whether the signatures that are loaded are no older than that. Without a date nobody knows, so they aren't."""
    return version.dated is not None and -_AHEAD <= now - version.dated <= longest


def instream(content: bytes) -> bytes:
    """The command that has I(content) scanned, and nothing written anywhere."""
    parts = [content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)]
    chunks = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return b"zINSTREAM\0" + chunks + struct.pack(">I", 0)


def found_something(answer: str) -> bool:
    """Whether the answer to C(zINSTREAM) names something that was found. An error isn't that."""
    return bool(re.fullmatch(r"stream: \S+ FOUND", answer.strip("\0\n ")))


def parse_configuration(text: str) -> dict[str, list[str]]:
    """The values of each option, in order, as ClamAV reads them: a word, a blank, and the rest of the line."""
    options: dict[str, list[str]] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            name, _blank, value = stripped.partition(" ")
            options.setdefault(name, []).append(value.strip())
    return options


def is_on(options: Mapping[str, Sequence[str]], name: str, default: bool = False) -> bool:
    """A yes or no of a configuration."""
    values = options.get(name)
    return values[0].lower() in _YES if values else default
