# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From plain data to an antivirus policy; every fault at once, and no exclusion that the linter refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from .._site.faults import Fault
from .._site.reader import Fields, Reader, shown
from .facts import HostFacts
from .lint import lint, refused
from .load import ProfileError, path_problem
from .model import Exclusion, Platform
from .policy import MEBIBYTE, SOURCES, AntivirusPolicy, Limits, Resources, Scan, Updates

ROOT = "antivirus"

_SIZE = re.compile(r"([0-9]{1,10})([KMG]?)")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
#: ClamAV can't scan larger files (clamd.conf(5), MaxFileSize).
_LARGEST_FILE = 2047 * MEBIBYTE
_LARGEST_UNPACKED = 4095 * MEBIBYTE
_KEYS = ("watched", "landing", "prevention", "limits", "updates", "scan", "resources", "retreated")


def load_policy(
    value: object, exclusions: tuple[Exclusion, ...], platform: Platform = "linux", root: str = ROOT
) -> AntivirusPolicy:
    """Read a policy with the ``exclusions`` that confirmed profiles allow (govern.py); raises ProfileError.

    Whatever is left out has the value that is least likely to stop images.
    """
    loader = _Loader(platform)
    policy, landing = loader.policy(value, exclusions, root)
    if not loader.reader.faults:
        loader.reader.faults += _forbidden(policy, landing, platform)
    if loader.reader.faults:
        raise ProfileError(loader.reader.faults)
    return policy


def _forbidden(policy: AntivirusPolicy, landing: tuple[str, ...], platform: Platform) -> list[Fault]:
    """No exclusion that hides an attacker, though a vendor asks for it, and none of another system."""
    faults = [
        Fault(one.place, f"{shown(one.value)} is for {one.platform}, and this host isn't", "Name another profile.")
        for one in policy.exclusions
        if one.platform != platform
    ]
    findings = lint(policy.exclusions, HostFacts(watched=policy.watched, landing=landing))
    return faults + [
        Fault(one.place, f"{shown(one.subject)} {one.problem}. {one.risk.rstrip('.')}", one.remedy)
        for one in refused(findings)
    ]


class _Loader:
    def __init__(self, platform: Platform) -> None:
        self.reader = Reader()
        self.platform = platform

    def policy(
        self, value: object, exclusions: tuple[Exclusion, ...], path: str
    ) -> tuple[AntivirusPolicy, tuple[str, ...]]:
        fields = self.reader.fields(value, path, ("host",), _KEYS)
        landing = fields.each("landing", self.directory)
        watched = fields.each("watched", self.directory)
        empty = Fields(self.reader, path, {})
        policy = AntivirusPolicy(
            host=fields.text("host"),
            # What comes in is looked at, whether or not it is said twice.
            watched=tuple(dict.fromkeys((*watched, *landing))),
            exclusions=exclusions,
            prevention=fields.flag("prevention"),
            limits=fields.one("limits", self.limits) or self.limits_of(empty),
            updates=fields.one("updates", self.updates) or self.updates_of(empty),
            scan=fields.one("scan", self.scan),
            resources=fields.one("resources", self.resources) or self.resources_of(empty),
            retreated=fields.flag("retreated"),
        )
        if policy.scan is not None and not policy.scanned():
            fields.fault("it scans nothing", "Name paths.", "scan")
        return policy, landing

    def directory(self, value: object, path: str) -> str | None:
        text = self.reader.text(value, path)
        problem = None if text is None else path_problem(text, self.platform)
        if problem is not None:
            self.reader.fault(path, f"{shown(text)} {problem[0]}", problem[1])
            return None
        return text

    def limits(self, value: object, path: str) -> Limits:
        return self.limits_of(self.reader.fields(value, path, (), ("on_access", "file", "unpacked")))

    def limits_of(self, fields: Fields) -> Limits:
        file = fields.one("file", self.size(_LARGEST_FILE)) or 500 * MEBIBYTE
        unpacked = fields.one("unpacked", self.size(_LARGEST_UNPACKED)) or 2 * file
        on_access = fields.one("on_access", self.size(_LARGEST_FILE)) or min(200 * MEBIBYTE, file)
        if on_access > file:
            # Beyond MaxFileSize clamd answers OK without having looked.
            fields.fault("larger than file: such files would pass unseen", "Lower it, or raise file.", "on_access")
        if unpacked < file:
            fields.fault("smaller than file: such files would pass unseen", "Raise it, or lower file.", "unpacked")
        return Limits(on_access, file, unpacked)

    def size(self, largest: int) -> Callable[[object, str], int | None]:
        def read(value: object, path: str) -> int | None:
            text = "" if isinstance(value, bool) else str(value)
            found = _SIZE.fullmatch(text)
            number = int(found[1]) * _UNITS[found[2]] if found else 0
            if not MEBIBYTE <= number <= largest:
                remedy = f"Write it like 200M, from 1M to {largest // MEBIBYTE}M."
                self.reader.fault(path, f"{shown(value)} is not a size that can be scanned", remedy)
                return None
            return number

        return read

    def updates(self, value: object, path: str) -> Updates:
        keys = ("source", "mirrors", "custom", "official", "checks")
        return self.updates_of(self.reader.fields(value, path, (), keys))

    def updates_of(self, fields: Fields) -> Updates:
        source = fields.choice("source", SOURCES) if "source" in fields else "internet"
        mirrors = fields.each("mirrors", self.url(("http", "https")))
        schemes = ("file",) if source == "files" else ("http", "https", "file")
        custom = fields.each("custom", self.url(schemes))
        official = fields.flag("official", default=source != "files")
        checks = fields.one("checks", self.number(1, 50)) or 12
        if source == "mirror" and not mirrors:
            fields.fault("no mirror is named", "Add mirrors: [http://...].")
        if source != "mirror" and mirrors:
            fields.fault(f"mirrors aren't used with source: {source}", "Write source: mirror.", "mirrors")
        if source == "files" and official:
            remedy = "Put main.cvd, daily.cvd and bytecode.cvd where custom finds them, and leave official out."
            fields.fault("with source: files nothing is fetched from the makers", remedy, "official")
        if not official and not custom:
            fields.fault("there are no signatures at all", "Name databases in custom, or set official to true.")
        return Updates(source or "internet", mirrors, custom, official, checks)

    def url(self, schemes: tuple[str, ...]) -> Callable[[object, str], str | None]:
        def read(value: object, path: str) -> str | None:
            text = self.reader.text(value, path)
            if text is None:
                return None
            try:
                parts = urlsplit(text)
                fine = parts.scheme in schemes and bool(parts.netloc or parts.scheme == "file")
                secret = parts.username is not None or parts.password is not None
            except ValueError:
                fine, secret = False, False
            if secret:
                remedy = "Everybody on the host could read it: let the mirror know its clients by their addresses."
                self.reader.fault(path, "a URL with a user or a password", remedy)
                return None
            if not fine or text.split() != [text]:
                remedy = f"Start it with {' or '.join(f'{scheme}://' for scheme in schemes)}."
                self.reader.fault(path, f"{shown(text)} is not a usable URL", remedy)
                return None
            return text

        return read

    def scan(self, value: object, path: str) -> Scan:
        fields = self.reader.fields(value, path, ("calendar",), ("paths", "excluded", "hours"))
        return Scan(
            calendar=fields.text("calendar"),
            paths=fields.each("paths", self.directory),
            excluded=fields.flag("excluded", default=True),
            hours=fields.one("hours", self.number(1, 48)) or 4,
        )

    def resources(self, value: object, path: str) -> Resources:
        return self.resources_of(self.reader.fields(value, path, (), ("cpu_weight", "io_weight", "cpu_quota")))

    def resources_of(self, fields: Fields) -> Resources:
        return Resources(
            cpu_weight=fields.one("cpu_weight", self.number(1, 10000)) or 20,
            io_weight=fields.one("io_weight", self.number(1, 10000)) or 20,
            cpu_quota=fields.one("cpu_quota", self.number(0, 100000)) or 0,
        )

    def number(self, low: int, high: int) -> Callable[[object, str], int | None]:
        def read(value: object, path: str) -> int | None:
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                remedy = f"Use a whole number from {low} to {high}."
                self.reader.fault(path, f"{shown(value)} is not a usable number", remedy)
                return None
            return value

        return read
