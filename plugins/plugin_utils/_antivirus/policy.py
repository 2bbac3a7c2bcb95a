# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What antivirus must do on one host, in no agent's dialect, and the files that an agent makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .model import Exclusion

Source = Literal["internet", "mirror", "files"]

SOURCES: tuple[Source, ...] = ("internet", "mirror", "files")

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes above which nothing is scanned: a file on access, a file in a scan, and what one unpacks to.

    What lies above is the unscanned share, and belongs into the report.
    """

    on_access: int
    file: int
    unpacked: int


@dataclass(frozen=True, slots=True)
class Updates:
    """Where signatures come from: the makers' servers, mirrors (http, https) or files, and ``checks`` times a day.

    ``custom`` are URLs of further databases (http, https, file). ``official`` says whether the makers' own are wanted.
    """

    source: Source
    mirrors: tuple[str, ...]
    custom: tuple[str, ...]
    official: bool
    checks: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A scheduled scan that only reports: when (systemd's OnCalendar), what, and the hours after which it ends.

    ``excluded`` says whether it looks into what is excluded on access, too.
    """

    calendar: str
    paths: tuple[str, ...]
    excluded: bool
    hours: int


@dataclass(frozen=True, slots=True)
class Resources:
    """What antivirus may take where others want it too: systemd's weights (100 is everybody's), and a limit in percent
    of one core; 0 is no limit.
    """

    cpu_weight: int
    io_weight: int
    cpu_quota: int


@dataclass(frozen=True, slots=True)
class AntivirusPolicy:
    """What must hold on one host. ``prevention`` says whether an infected file can't be opened, or is only reported.

    ``watched`` are the directories that are scanned on access: those through which files come in among them. With
    ``retreated`` a test on the host found that too slow, and only the scheduled scan is left.
    """

    host: str
    watched: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    prevention: bool
    limits: Limits
    updates: Updates
    scan: Scan | None
    resources: Resources
    retreated: bool = False

    def values(self, kind: str) -> tuple[str, ...]:
        """The values of all exclusions of that kind."""
        return tuple(one.value for one in self.exclusions if one.kind == kind)

    def scanned(self) -> tuple[str, ...]:
        """The directories of the scheduled scan: those it names, else the watched ones, and the excluded ones."""
        if self.scan is None:
            return ()
        excluded = self.values("path") if self.scan.excluded else ()
        return tuple(dict.fromkeys((*(self.scan.paths or self.watched), *excluded)))


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """One file of an agent; ``text`` is None where there must be none, or where it is a ``program`` of ours, which is
    named, and put there by the module antivirus_agent. ``unit`` is the systemd unit that reads it at its start.

    Where ``applied`` is False it is made to be handed over, and nothing on a host follows from it.
    """

    path: str
    text: str | None
    mode: str = "0644"
    unit: str | None = None
    applied: bool = True
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """All files of an agent, the systemd units that must run with them and those that mustn't, and what of the policy
    the agent can't do, as sentences.
    """

    files: tuple[RenderedFile, ...]
    shortcomings: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
