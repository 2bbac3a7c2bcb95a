# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds in strongSwan's log who was refused, and why. Private, pure.

The texts are those of strongSwan 5.9.8. A thread handles one message at a time, so what it said before tells whom it
is about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: Why somebody was refused. The kind says which control it speaks for.
PROPOSAL, VERSION, PEER = "proposal", "version", "peer"

_FROM = re.compile(r"received packet: from ([0-9a-fA-F.:]+)\[\d+\]")
_OLD = re.compile(r"parsed (?:ID_PROT|AGGRESSIVE) request")
_REASONS = tuple(
    (re.compile(pattern), kind, why)
    for pattern, kind, why in (
        (r"received proposals unacceptable|no acceptable proposal found", PROPOSAL, "nothing it offered is allowed"),
        (r"no IKE config found for", PEER, "it is no gateway that is configured here"),
        (r"no matching peer config found", PEER, "its identity is none that is configured here"),
        (r"certificate was revoked on", PEER, "its certificate is revoked"),
        (r"subject certificate invalid", PEER, "its certificate has ended, or has not begun"),
        (r"certificate status is not available", PEER, "no list of revocations says that its certificate is good"),
        (
            r"no trusted \S+ public key found|no issuer certificate found",
            PEER,
            "its certificate is of no known authority",
        ),
        (r"constraint requires public key authentication", PEER, "it came with a pre-shared key"),
        (r"no shared key found", PEER, "it came with a pre-shared key"),
    )
)
_MOST = 20


@dataclass
class Refusal:
    """Who was refused, as far as that is known, why, how often, and when last, in seconds since 1970 or None."""

    kind: str
    why: str
    peer: str
    count: int
    last: int | None

    def document(self) -> dict[str, Any]:
        """Plain data."""
        return {"kind": self.kind, "why": self.why, "peer": self.peer, "count": self.count, "last": self.last}


@dataclass(frozen=True)
class Line:
    """A line of the log: what a thread said, and when, in seconds since 1970."""

    thread: str
    text: str
    when: int | None = None


def journal_lines(text: str) -> Iterator[Line]:
    """The lines in what C(journalctl --output=json) prints of strongSwan; what others say of it is left out."""
    for raw in text.splitlines():
        try:
            entry = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and isinstance(entry.get("MESSAGE"), str) and "THREAD" in entry:
            stamp = str(entry.get("__REALTIME_TIMESTAMP", ""))
            yield Line(str(entry["THREAD"]), entry["MESSAGE"], int(stamp) // 1000000 if stamp.isdecimal() else None)


def refusals_in(lines: Iterable[Line]) -> tuple[Refusal, ...]:
    """The refusals in lines of the log, in their order; the newest last."""
    peers: dict[str, str] = {}
    older: dict[str, bool] = {}
    found: dict[tuple[str, str, str], Refusal] = {}
    # Of one refusal there are several lines.
    told: set[tuple[str, str]] = set()
    for line in lines:
        packet = _FROM.search(line.text)
        if packet:
            peers[line.thread], older[line.thread] = packet[1], False
            told = {one for one in told if one[0] != line.thread}
        if _OLD.search(line.text):
            older[line.thread] = True
        reason = next(((kind, why) for pattern, kind, why in _REASONS if pattern.search(line.text)), None)
        if reason is None or (line.thread, reason[1]) in told:
            continue
        told.add((line.thread, reason[1]))
        kind, why = (VERSION, "it spoke IKEv1") if older.get(line.thread) else reason
        peer = peers.get(line.thread, "")
        known = found.setdefault((kind, why, peer), Refusal(kind, why, peer, 0, None))
        known.count += 1
        known.last = line.when if line.when is not None else known.last
    return tuple(sorted(found.values(), key=lambda one: one.last or 0))[-_MOST:]
