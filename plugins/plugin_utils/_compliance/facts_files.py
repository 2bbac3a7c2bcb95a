# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the image stores and import folders of a device, and how they are mounted.

What lies in the files is the word of dicom_files_info, whose result is brought along: a run that only looks doesn't
read millions of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .._site.model import Device
from .antivirus_seen import Place, Unknown, day_of, entries, mapping, number, texts
from .collected import HostRecord

#: Days for which a look through the files counts.
SCAN_COUNTS = 35
_WANTED = ("noexec", "nosuid", "nodev")
#: On these every file has the permissions that the mount gives to all.
_WITHOUT_PERMISSIONS = ("cifs", "exfat", "fuseblk", "iso9660", "msdos", "ntfs", "ntfs3", "smb3", "udf", "vfat")
_HOLD_IMAGES = ("image_manager_archive", "importer")
_UNNAMED = "the site doesn't say where its images lie: name a vendor profile, or antivirus.stores and antivirus.landing"
_NONE = "the site names no directory with images or imports on it"
_UNMANAGED = "it isn't managed: nobody logs in to it"
_RUN = "run dicom_files_info on it and give its result to the report, as docs/compliance.md says"

#: The kinds of dicom_files_info, by the control that judges them. Others are for people.
_PREAMBLES = ("preamble_", "program", "script")
_PAYLOADS = ("document_", "private_", "trailing_", "deflate_")
_BESIDE = ("archive", "not_dicom", "executable_bit")


def files_facts(
    device: Device, record: HostRecord, place: Place, scanned: object, today: date
) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``files`` of a device, and why the rest isn't known. ``scanned`` is what dicom_files_info returned."""
    paths = tuple(dict.fromkeys((*place.stores, *place.landing)))
    if not paths:
        if any(actor in _HOLD_IMAGES for actor in device.actors):
            return {"concerned": None}, {"": _UNNAMED if device.managed else _UNMANAGED}
        return {"concerned": False}, {"": _NONE}
    if not device.managed:
        return {"concerned": None}, {"": _UNMANAGED}
    facts: dict[str, Any] = {"concerned": True}
    unknown: dict[str, str] = {}
    for name, value in {
        "mounts": _mounts(record, paths),
        **_found(paths, scanned, today),
    }.items():
        facts[name] = None if isinstance(value, Unknown) else value
        if isinstance(value, Unknown):
            unknown[name] = value.reason
    return facts, unknown


def _mounts(record: HostRecord, paths: tuple[str, ...]) -> dict[str, Any] | Unknown:
    part = record.part("directories")
    if part.status != "ok":
        return Unknown(part.reason)
    known = mapping(part.value.get("paths"))
    lacking, executable, said = [], [], []
    for path in paths:
        about = mapping(known.get(path))
        if about.get("exists") is not True:
            return Unknown(f"{path} isn't there" if about else f"{path} wasn't looked at")
        options = texts(about.get("mount_options"))
        lacks = [option for option in _WANTED if option not in options]
        if lacks:
            lacking.append(f"{path} is mounted without {', '.join(lacks)} (on {about.get('mount_point')})")
        counted = mapping(about.get("counted"))
        bits = number(counted.get("executable"))
        if bits is None:
            return Unknown(f"{path} couldn't be looked into")
        looked = f"{counted.get('files')} files" + ("" if counted.get("whole") is True else ", which aren't all")
        if bits and str(about.get("filesystem")) not in _WITHOUT_PERMISSIONS:
            executable.append(f"{path}: {bits} of {looked} may be executed")
        said.append(f"{path}: {looked} looked at")
    return {"lacking": lacking, "executable": executable, "said": [*lacking, *executable, *said]}


def _found(paths: tuple[str, ...], scanned: object, today: date) -> dict[str, Any]:
    """By control, what dicom_files_info found in the paths."""
    stores = {str(one.get("path")): one for one in entries(mapping(scanned).get("stores"))}
    preambles, payloads = _Verdict(), _Verdict()
    for path in paths:
        problem = _problem(stores.get(path), path, today) if scanned else f"nobody looked into the files: {_RUN}"
        preambles.found += _sentences(path, mapping(stores.get(path)), _PREAMBLES)
        payloads.found += _sentences(path, mapping(stores.get(path)), _PAYLOADS)
        preambles.open(problem)
        payloads.open(problem or _not_deep(stores[path], path))
        if problem is None:
            preambles.said.append(f"{path}: {mapping(stores[path].get('counts')).get('files')} files")
    return {"preambles": preambles.facts(), "payloads": payloads.facts()}


class _Verdict:
    """What was found, and what keeps that from being all. What was found fails in any case."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.said: list[str] = []
        self.unknown = ""

    def open(self, reason: str | None) -> None:
        self.unknown = self.unknown or reason or ""

    def facts(self) -> dict[str, Any] | Unknown:
        if self.unknown and not self.found:
            return Unknown(self.unknown)
        return {"found": self.found, "said": [*self.found, *self.said]}


def _problem(store: Mapping[str, Any] | None, path: str, today: date) -> str | None:
    """Why the result says nothing of a path, or not all; None where it does."""
    if store is None:
        return f"{path} isn't among what was looked into: {_RUN}"
    if store.get("status") != "assessed":
        return f"{path} couldn't be looked into: {store.get('reason')}"
    if store.get("complete") is not True:
        return f"the look into {path} isn't complete: run dicom_files_info again, it goes on from there"
    started = day_of(mapping(store.get("progress")).get("started"))
    if started is None or not 0 <= (today - started).days <= SCAN_COUNTS:
        return f"the look into {path} began on {started}, which counts for {SCAN_COUNTS} days: {_RUN}"
    missed = sum(number(count) or 0 for why, count in mapping(store.get("not_read")).items() if why != "vanished")
    if missed:
        return f"{missed} files or folders in {path} could not be read"
    known = (*_PREAMBLES, *_PAYLOADS, *_BESIDE)
    strange = [str(kind) for kind in mapping(store.get("by_kind")) if not str(kind).startswith(known)]
    return f"in {path} something was found that this version can't judge: {', '.join(strange)}" if strange else None


def _not_deep(store: Mapping[str, Any], path: str) -> str | None:
    """Whether every DICOM file was looked into as a whole."""
    counts = mapping(store.get("counts"))
    followed, not_followed, dicom = (number(counts.get(name)) for name in ("followed", "not_followed", "dicom"))
    if dicom is None or (followed or 0) + (not_followed or 0) < dicom:
        return f"the files in {path} weren't looked into as a whole: run dicom_files_info with deep: true"
    return None


def _sentences(path: str, store: Mapping[str, Any], kinds: tuple[str, ...]) -> Iterator[str]:
    """How many of each kind, with the first one in words."""
    words = {str(one.get("kind")): str(one.get("says")) for one in reversed(entries(store.get("findings")))}
    for kind, count in mapping(store.get("by_kind")).items():
        if str(kind).startswith(kinds):
            yield f"{path}: {count} times {words.get(str(kind), kind)}"
