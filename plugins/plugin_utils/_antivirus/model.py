# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exclusion and the vendor profile that answers for it, as typed values.

An exclusion is an open gap in the protection of a host: it exists only where a document of the vendor asks for it,
somebody confirmed it, somebody in the hospital owns it, and it ends on a day. Values are checked where they are made
(load.py, entries.py), nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Platform = Literal["linux", "windows"]
Kind = Literal["path", "process", "extension", "user"]
Contents = Literal["store", "index", "database", "cache"]
Scope = Literal["epp", "global"]

PLATFORMS: tuple[Platform, ...] = ("linux", "windows")
KINDS: tuple[Kind, ...] = ("path", "process", "extension", "user")
CONTENTS: tuple[Contents, ...] = ("store", "index", "database", "cache")
SCOPES: tuple[Scope, ...] = ("epp", "global")


@dataclass(frozen=True, slots=True)
class Reference:
    """The document in which the vendor asks for the exclusions."""

    title: str
    number: str
    edition: str

    def __str__(self) -> str:
        return f"{self.title}, {self.number}, {self.edition}"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who confirmed at the vendor, who answers for it in the hospital, and until when; the last day is included."""

    owner: str
    confirmed_by: str
    confirmed_on: date
    expires_on: date

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires_on < today


@dataclass(frozen=True, slots=True)
class Compensation:
    """What protects an excluded place instead, and the check that shows it: ids of controls, or words for people."""

    what: str
    check: str


@dataclass(frozen=True, slots=True)
class ExcludedPath:
    """A directory that is not scanned on access, with everything below it."""

    path: str
    contains: tuple[Contents, ...]
    reason: str
    compensations: tuple[Compensation, ...]


@dataclass(frozen=True, slots=True)
class ExcludedProcess:
    """A program, by its absolute path, whose file accesses are not scanned."""

    path: str
    reason: str
    compensations: tuple[Compensation, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured on one host with these exclusions (module antivirus_acceptance), and on which day.

    ``places`` has for each image directory the rates in files a second without the scanner and with it.
    """

    host: str
    day: date
    accepted: bool
    limit: float
    places: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What one vendor asks for one product. Without a confirmation it is a template, and nothing enforces it."""

    name: str
    vendor: str
    product: str
    versions: str
    platform: Platform
    reference: Reference
    paths: tuple[ExcludedPath, ...]
    processes: tuple[ExcludedProcess, ...]
    confirmation: Confirmation | None
    verified_on_site: tuple[Verification, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One entry of the one list that every agent's configuration is rendered from, or one that was found somewhere.

    ``place`` says where it stands, for messages. ``profile`` is None where nobody answers for it. ``scopes`` is None
    where its agent knows none, and empty where Defender's entry leaves them out.
    """

    kind: Kind
    value: str
    place: str
    platform: Platform = "linux"
    profile: str | None = None
    contains: tuple[Contents, ...] = ()
    scopes: tuple[str, ...] | None = None
    directory: bool = True
