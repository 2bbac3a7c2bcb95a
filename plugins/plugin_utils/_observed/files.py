# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that somebody recorded of a network, whatever they are: captures, or listings of tracked connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._flows.ihe import Listener
from .capture import Capture, Data, is_capture
from .listing import read_listing
from .model import ObservedError, SeenFlow
from .packets import tally
from .words import plural

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"(\xb5": "zstd", b"PK": "zip"}
_LARGEST_TEXT = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SeenFile:
    """What one file tells; see packets.Tally. ``notes`` are sentences about what it doesn't tell."""

    name: str
    what: str
    flows: tuple[SeenFlow, ...]
    notes: tuple[str, ...] = ()
    unstarted: tuple[tuple[str, int, str, int], ...] = ()
    called: Mapping[tuple[str, int], Counter[str]] = field(default_factory=dict)
    calling: Mapping[str, Counter[str]] = field(default_factory=dict)
    proven: Mapping[tuple[str, int], Listener] = field(default_factory=dict)


def read_seen_file(name: str, data: Data) -> SeenFile:
    """Read a file by its content; raise ObservedError, with the file's name, where it is none of what is known."""
    try:
        return _capture(name, data) if is_capture(data) else _listing(name, data)
    except ObservedError as error:
        raise ObservedError(f"{name}: {error}") from error


def _capture(name: str, data: Data) -> SeenFile:
    capture = Capture(data)
    found = tally(data, capture.packets())
    notes = list(capture.notes)
    if found.unreadable:
        notes.append(
            f"{plural(found.unreadable, 'packet')} of {found.packets} can't be read: cut short, or no IP network"
        )
    if found.unstarted:
        notes.append(
            f"{plural(len(found.unstarted), 'connection')} had begun before the capture; who opened them can't be told"
        )
    return SeenFile(
        name,
        plural(found.packets, "packet"),
        tuple(found.flows),
        tuple(notes),
        tuple(found.unstarted),
        found.called,
        found.calling,
        found.proven,
    )


def _listing(name: str, data: Data) -> SeenFile:
    packed = _COMPRESSED.get(bytes(data[:2]))
    if packed:
        raise ObservedError(f"it is compressed ({packed}). Unpack it first")
    if len(data) > _LARGEST_TEXT:
        raise ObservedError("it is no capture, and too large for a listing of connections")
    listing = read_listing(bytes(data[:]).decode("utf-8", "replace").splitlines())
    if not listing.lines:
        raise ObservedError(
            "it holds nothing that is known here. Give a capture (pcap, pcapng), or the output of `conntrack -L`"
        )
    return SeenFile(name, plural(listing.lines, "tracked connection"), tuple(listing.flows))
