# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From plain documents to vendor profiles; every fault of all documents at once.

The collection ships templates: paths that a package proves, with its document. The site's own profiles either stand by
themselves, or confirm a template. Who confirms is the hospital, never we.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from .._site.faults import DocumentError, suggestion
from .._site.reader import Fields, Reader, shown
from .model import (
    CONTENTS,
    PLATFORMS,
    Compensation,
    Confirmation,
    ExcludedPath,
    ExcludedProcess,
    Platform,
    Profile,
    Reference,
    Verification,
)
from .paths import ends_with_separator, has_pattern, has_steps, is_absolute
from .verified import verification
from .vocabulary import COMPENSATIONS

SCHEMA = "pacs-hardening-antivirus-profiles/1"
ROOT = "pacs_antivirus_profiles"

_CONFIRMATION = ("owner", "confirmed_by", "confirmed_on", "expires_on")
_REQUIRED = ("vendor", "product", "versions", "reference")
_OPTIONAL = ("platform", "paths", "processes", "verified_on_site", *_CONFIRMATION)
_OF_A_TEMPLATE = ("reference", "versions", "compensating_controls", "verified_on_site", *_CONFIRMATION)
_ANY_VERSION = re.compile(r"[^0-9]*")


class ProfileError(DocumentError):
    """Profiles that can't be used, or mustn't be enforced."""

    headline = "The antivirus exclusions have {faults}; nothing was changed."


def load_profiles(shipped: Mapping[str, object], own: object, today: date, root: str = ROOT) -> dict[str, Profile]:
    """All profiles by name: the site's ``own``, and the templates of the ``shipped`` documents (by file name).

    ``own`` is the value of ``pacs_antivirus_profiles``. Raises ProfileError with every fault of all of them.
    """
    loader = _Loader(today)
    templates: dict[str, Profile] = {}
    for file in sorted(shipped):
        for name, profile in loader.shipped(shipped[file], file).items():
            if name in templates:
                loader.reader.fault(f"{file}.profiles.{name}", "the name is taken", "Give each a name of its own.")
            templates.setdefault(name, profile)
    profiles = {
        name: loader.own(name, value, f"{root}.{name}", templates)
        for name, value in loader.reader.named(own, root).items()
    }
    if loader.reader.faults:
        raise ProfileError(loader.reader.faults)
    return {**templates, **{name: profile for name, profile in profiles.items() if profile is not None}}


class _Loader:
    """One method a part. What can't be read leaves a fault and an empty value."""

    def __init__(self, today: date) -> None:
        self.reader = Reader()
        self.today = today

    def shipped(self, document: object, name: str) -> dict[str, Profile]:
        fields = self.reader.fields(document, name, ("schema", "profiles"))
        if "schema" in fields and fields.text("schema") != SCHEMA:
            fields.fault("this document is of another kind", f"Write schema: {SCHEMA}.", "schema")
        found = fields.named("profiles", lambda key, value, path: self.own(key, value, path, {}))
        return {key: profile for key, profile in found.items() if profile is not None}

    def own(self, name: str, value: object, path: str, templates: Mapping[str, Profile]) -> Profile | None:
        if isinstance(value, Mapping) and "template" in value:
            return self.confirmed(name, value, path, templates)
        fields = self.reader.fields(value, path, _REQUIRED, _OPTIONAL)
        if not fields:
            return None
        platform: Platform = fields.choice("platform", PLATFORMS) or "linux"
        reference = fields.one("reference", self.reference)
        versions = fields.one("versions", self.versions)
        profile = Profile(
            name=name,
            vendor=fields.text("vendor"),
            product=fields.text("product"),
            versions=versions or "",
            platform=platform,
            reference=reference or Reference("", "", ""),
            paths=fields.each("paths", lambda item, where: self.path(item, where, platform)),
            processes=fields.each("processes", lambda item, where: self.process(item, where, platform)),
            confirmation=self.confirmation(fields),
            verified_on_site=fields.each("verified_on_site", self.verified),
        )
        if "paths" not in fields and "processes" not in fields:
            fields.fault("it excludes nothing", "List paths, or remove the profile.")
        return profile

    def confirmed(self, name: str, value: object, path: str, templates: Mapping[str, Profile]) -> Profile | None:
        """A template, confirmed: only what the template leaves to the site may be said."""
        fields = self.reader.fields(value, path, ("template",), _OF_A_TEMPLATE)
        template = templates.get(fields.text("template"))
        if template is None:
            known = suggestion(fields.text("template"), templates, "Known templates")
            fields.fault(f"no template is named {shown(fields.text('template'))}", known, "template")
            return None
        instead = self.compensations(fields) if "compensating_controls" in fields else None
        return Profile(
            name=name,
            vendor=template.vendor,
            product=template.product,
            versions=fields.one("versions", self.versions) or template.versions,
            platform=template.platform,
            reference=fields.one("reference", self.reference) or template.reference,
            paths=tuple(
                ExcludedPath(one.path, one.contains, one.reason, instead or one.compensations) for one in template.paths
            ),
            processes=tuple(
                ExcludedProcess(one.path, one.reason, instead or one.compensations) for one in template.processes
            ),
            confirmation=self.confirmation(fields),
            verified_on_site=fields.each("verified_on_site", self.verified),
        )

    def reference(self, value: object, path: str) -> Reference | None:
        fields = self.reader.fields(value, path, ("title", "number", "edition"))
        return Reference(fields.text("title"), fields.text("number"), fields.text("edition")) if fields else None

    def versions(self, value: object, path: str) -> str | None:
        text = self.reader.text(value, path)
        if text is not None and _ANY_VERSION.fullmatch(text):
            remedy = "Write the version that the document names, or a range like '5.10 to 5.14': never all of them."
            self.reader.fault(path, f"{shown(text)} names no version", remedy)
            return None
        return text

    def confirmation(self, fields: Fields) -> Confirmation | None:
        """All four keys, or none: half a confirmation is none, and says so."""
        given = [key for key in _CONFIRMATION if key in fields]
        for key in _CONFIRMATION if given else ():
            if key not in given:
                fields.fault(f"it is confirmed, but says no {key}", f"Add {', '.join(_CONFIRMATION)}.")
        owner, confirmed_by = fields.text("owner"), fields.text("confirmed_by")
        start, end = fields.one("confirmed_on", self.reader.day), fields.one("expires_on", self.reader.day)
        if start is None or end is None or not owner or not confirmed_by:
            return None
        if start > self.today:
            fields.fault(f"{start} lies in the future", "Write the day on which it was confirmed.", "confirmed_on")
        if end <= start:
            fields.fault("it ends before it was confirmed", "Correct the dates.", "expires_on")
        elif end > _a_year_after(start):
            remedy = f"Write {_a_year_after(start)} or earlier, and ask the vendor again before then."
            fields.fault("more than 12 months after confirmed_on", remedy, "expires_on")
        return Confirmation(owner, confirmed_by, start, end)

    def verified(self, value: object, path: str) -> Verification | None:
        return verification(self.reader, value, path, self.today)

    def path(self, value: object, path: str, platform: Platform) -> ExcludedPath | None:
        fields = self.reader.fields(value, path, ("path", "contains", "reason", "compensating_controls"))
        place = fields.one("path", self.literal(platform))
        contains = fields.names("contains")
        known = tuple(word for word in CONTENTS if word in contains)
        for word in contains:
            if word not in CONTENTS:
                fields.fault(f"{shown(word)} is not known here", suggestion(word, CONTENTS, "Known"), "contains")
        if "contains" in fields and not contains:
            fields.fault("an empty list", f"Say what it holds: {', '.join(CONTENTS)}.", "contains")
        reason, instead = fields.text("reason"), self.compensations(fields)
        return None if place is None else ExcludedPath(place, known, reason, instead)

    def process(self, value: object, path: str, platform: Platform) -> ExcludedProcess | None:
        fields = self.reader.fields(value, path, ("path", "reason", "compensating_controls"))
        place = fields.one("path", self.literal(platform))
        reason, instead = fields.text("reason"), self.compensations(fields)
        return None if place is None else ExcludedProcess(place, reason, instead)

    def literal(self, platform: Platform) -> Callable[[object, str], str | None]:
        """A reader of absolute, literal paths: what an agent would read differently, or not at all, is refused."""

        def read(value: object, path: str) -> str | None:
            text = self.reader.text(value, path)
            problem = None if text is None else path_problem(text, platform)
            if problem is not None:
                self.reader.fault(path, f"{shown(text)} {problem[0]}", problem[1])
                return None
            return text

        return read

    def compensations(self, fields: Fields) -> tuple[Compensation, ...]:
        remedy = f"Name what protects it instead: {', '.join(COMPENSATIONS)}, or a mapping with what and check."
        return fields.each("compensating_controls", self.compensation, empty=remedy)

    def compensation(self, value: object, path: str) -> Compensation | None:
        if isinstance(value, Mapping):
            fields = self.reader.fields(value, path, ("what", "check"))
            return Compensation(fields.text("what"), fields.text("check"))
        word = self.reader.choice(value, path, COMPENSATIONS)
        return COMPENSATIONS[word] if word else None


def path_problem(path: str, platform: Platform) -> tuple[str, str] | None:
    """What keeps a path from being one place, literally, and the remedy; None where it is."""
    if has_pattern(path, platform):
        return "is a pattern", "Write the directory itself: a pattern covers more than is meant, or nothing."
    if not is_absolute(path, platform):
        example = "/var/lib/orthanc/db-v6" if platform == "linux" else "D:\\Images"
        return "is not an absolute path", f"Write it like {example}."
    if has_steps(path, platform):
        return "has steps that lead nowhere, or back", "Write the path without '.', '..' and doubled separators."
    if ends_with_separator(path, platform):
        return "ends with a separator", f"Write {path.rstrip('/' if platform == 'linux' else '/' + chr(92))}."
    return None


def _a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)
