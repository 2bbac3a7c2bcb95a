# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen on a medium. Private, pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.part10 import Part10
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.dicomdir import NAME, Directory
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.kinds import KINDS, Kind

ASSESSED, NOT_ASSESSED = "assessed", "not_assessed"


@dataclass(frozen=True)
class Finding:
    """Something found on a medium: its kind, the detail in our own words, the SHA-256 of the file's content where it
    was found in a file, and whether that file is one that would be copied.
    """

    kind: str
    what: str = ""
    digest: str = ""
    referenced: bool = False

    @property
    def rule(self) -> Kind:
        return KINDS[self.kind]

    @property
    def says(self) -> str:
        """The finding in words."""
        return self.rule.says.format(what=self.what)


@dataclass(frozen=True)
class File:
    """A regular file: its path below the root, its size in bytes, the SHA-256 of its content, its DICOM header if it
    has one, and what was found in it, as kind and detail. I(unread) says in a word why it could not be read.
    """

    path: str
    size: int
    digest: str = ""
    header: Part10 | None = None
    found: tuple[tuple[str, str], ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the judgement, whether it was made, and if not, why; I(facts) are words and numbers about it."""

    status: str
    reason: str = ""
    facts: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Medium:
    """All that was seen. I(other) is what isn't about one regular file. I(stopped) says why not all was looked at,
    where that isn't the medium's fault; I(whole) is whether every file and folder was seen, read or not.
    """

    files: Sequence[File]
    folders: int
    directory: Directory | None
    antivirus: Part
    other: Sequence[Finding] = ()
    not_read: Sequence[str] = ()
    stopped: str = ""
    whole: bool = True
    filesystem: str = ""
    mounted_without: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Stands for the medium as it is: the same as long as no file is another one."""
        return content_digest((file.path, file.digest) for file in self.files)


def content_digest(files: Iterable[tuple[str, str]]) -> str:
    """One SHA-256 for files, given by path and SHA-256, in any order."""
    whole = hashlib.sha256()
    for path, digest in sorted(files):
        whole.update(path.encode("utf-8", "surrogateescape") + b"\0" + digest.encode() + b"\n")
    return whole.hexdigest()


def is_directory_file(path: str) -> bool:
    """Whether a path is that of the DICOMDIR. ISO 9660 without extensions shows names in small letters."""
    return path.upper() == NAME
