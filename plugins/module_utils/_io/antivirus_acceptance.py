# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what a scanner on access costs the images of a host, and do without it where that is too much. Private."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.acceptance import (
    RECORD,
    RETREAT,
    SCHEMA,
    faults_of,
    parse_record,
    place_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import parse_marks
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_rates import (
    Load,
    images_in,
    measured,
    scratch,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import ended_by_signals
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    read_text,
    remove,
    replace_file,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import says
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_START_SECONDS = 60
_SETTLED_SECONDS = 1.0


@dataclass(frozen=True)
class Layout:
    """Where the result is kept, and the mark that keeps the scanner from starting."""

    record: str = RECORD
    retreat: str = RETREAT


def digest_of(path: str) -> str:
    """Of the configuration that a result holds for."""
    return hashlib.sha256((read_text(path) or "").encode("utf-8", "replace")).hexdigest()


def kept(layout: Layout) -> dict[str, Any] | None:
    """The last result, None where there is none."""
    return parse_record(read_text(layout.record))


def has_retreated(layout: Layout) -> bool:
    """Whether the scanner on access is kept from starting."""
    return os.path.exists(layout.retreat)


class Unit:
    """A systemd unit, as far as it is used here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def active(self) -> bool:
        """Whether it runs."""
        return bool(says("is-active", self.name))

    def pid(self) -> str:
        """Its main process; C(0) where there is none."""
        return run(["systemctl", "show", "--property=MainPID", "--value", self.name]).output.strip()

    def tell(self, *words: str) -> None:
        """Start it, stop it, and the like. Raises HardeningError."""
        done = run(["systemctl", *words, "--quiet", self.name], timeout=120)
        if done.status != 0:
            raise HardeningError(f"`systemctl {' '.join(words)} {self.name}` failed: {done.complaint}")


class Scanner:
    """What scans on access: without it nothing is looked at when it is opened."""

    def __init__(self, unit: Unit, layout: Layout) -> None:
        self._unit = unit
        self._layout = layout
        self._decided = False

    @contextlib.contextmanager
    def tried(self) -> Iterator[None]:
        """Whatever happens meanwhile, the unit is as before afterwards, unless somebody decided."""
        active, held = self._unit.active(), has_retreated(self._layout)
        remove(self._layout.retreat)
        try:
            yield
        finally:
            if not self._decided:
                if held:
                    self._hold()
                self._unit.tell("start" if active and not held else "stop")

    def off(self) -> None:
        """Nothing is scanned on access."""
        self._unit.tell("stop")

    def on(self) -> None:
        """Start it, and wait until it has marked what it watches. Raises HardeningError where it doesn't."""
        # systemd starts a unit only a few times within seconds.
        self._unit.tell("reset-failed")
        self._unit.tell("start")
        end = time.monotonic() + _START_SECONDS
        before, since = 0, time.monotonic()
        while time.monotonic() < end:
            marks = _marks(self._unit.pid())
            if marks != before:
                before, since = marks, time.monotonic()
            elif marks and time.monotonic() - since >= _SETTLED_SECONDS:
                return
            time.sleep(0.1)
        raise HardeningError(f"{self._unit.name} watches nothing, so there is nothing to compare; look at its journal")

    def accept(self) -> None:
        """It stays, also after the next boot."""
        self._unit.tell("enable", "--now")
        self._decided = True

    def retreat(self) -> None:
        """It is stopped, and neither boot, timer nor hand starts it again while the mark is there."""
        self._hold()
        self._unit.tell("disable", "--now")
        self._decided = True

    def _hold(self) -> None:
        make_private_directory(os.path.dirname(self._layout.retreat))
        why = "Scanning on access was too slow for this host, see acceptance.json.\n"
        replace_file(self._layout.retreat, why, 0o600)


def _marks(pid: str) -> int:
    """How many directories a process watches by now."""
    found = 0
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") == "anon_inode:[fanotify]":
                found += len(parse_marks(read_text(f"/proc/{pid}/fdinfo/{descriptor}") or ""))
    return found


def accept(
    scanner: Scanner,
    directories: Sequence[str],
    load: Load,
    rounds: int,
    limit: float,
    configuration: str,
    layout: Layout,
) -> dict[str, Any]:
    """Measure in turns without the scanner and with it, judge, keep the result, and retreat where it must be.

    Returns what was kept. Raises HardeningError where nothing could be measured; then all is as it was.
    """
    for directory in directories:
        if not os.path.isdir(directory) or os.path.islink(directory):
            raise HardeningError(f"{directory} is no directory; name one that is there, and no link to it")
    images = {directory: images_in(directory) for directory in directories}
    found: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    with ended_by_signals(), contextlib.ExitStack() as stack:
        # Before the scanner starts: it notices a new folder when it comes to it, and until then scans nothing there.
        folders = {directory: stack.enter_context(scratch(directory, load)) for directory in directories}
        stack.enter_context(scanner.tried())
        for _round in range(rounds):
            for with_it in (False, True):
                (scanner.on if with_it else scanner.off)()
                for directory in directories:
                    rates = asdict(measured(folders[directory], load, images[directory]))
                    found.setdefault((directory, with_it), []).append(rates)
        places = [place_document(one, found[one, False], found[one, True]) for one in directories]
        findings = faults_of(places, limit)
        record = {
            "schema": SCHEMA,
            "date": utc(),
            "configuration": digest_of(configuration),
            "limit": limit,
            "accepted": not findings,
            "findings": findings,
            "places": places,
        }
        make_private_directory(os.path.dirname(layout.record))
        replace_file(layout.record, json.dumps(record, indent=1) + "\n", 0o600)
        if findings:
            scanner.retreat()
        else:
            scanner.accept()
    return record
