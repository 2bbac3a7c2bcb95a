# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge files one by one as the walk shows them: the hot loop of every scan. Private."""

from __future__ import annotations

import importlib
import os

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.content import Known, judge_content
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.header import (
    DICOM,
    EMPTY,
    OTHER,
    TIFF,
    UNKNOWN,
    WITHOUT_HEADER,
    first_look,
    is_plain,
    may_encapsulate,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.names import (
    TAILS,
    object_id,
    printable,
    runs_by_name,
)
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import BEGINNING
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.tally import Noted, Tally
from ansible_collections.pacs.hardening.plugins.module_utils._io.tree import (
    Row,
    file_flags,
    open_traceably,
    reader,
    reason,
)

#: Of one group of files, so many findings of each severity are kept by name; all are counted.
MOST_OF_GROUP = 20

_COUNTS = {DICOM: "dicom", WITHOUT_HEADER: "without_header", OTHER: "not_dicom", EMPTY: "empty"}
_PREAMBLES = {TIFF: "tiff_preambles", UNKNOWN: "other_preambles"}


def private_dictionary() -> Known | None:
    """pydicom's dictionary of the private elements that makers describe; None where pydicom isn't installed."""
    try:
        entry = importlib.import_module("pydicom.datadict").get_private_entry
    except (ImportError, AttributeError):
        return None

    def known(tag: int, creator: str) -> bool:
        try:
            entry(tag, creator)
        except (KeyError, ValueError, TypeError):
            return False
        return True

    return known


class Looker:
    """Looks at groups of files. I(deep): into the whole structure of each DICOM file; I(permissions): whether files
    have any of their own.
    """

    def __init__(self, key: bytes, deep: bool, show_paths: bool, known: Known | None = None) -> None:
        self.key = key
        self.deep = deep
        self.show_paths = show_paths
        self.known = known
        self.permissions = True
        self._flags = file_flags()

    def look(self, folder: int, path: str, rows: list[Row]) -> Tally:
        """Judge the files of a folder, given by its descriptor and its path below the root."""
        tally = Tally(MOST_OF_GROUP)
        flags, deep = self._flags, self.deep
        executable = 0o111 if self.permissions else 0
        plain = 0
        for name, mode, _inode, _size, _written, _changed in rows:
            if mode & executable:
                self._note(tally, path, name, Finding("executable_bit"))
            if name[-2:].lower() in TAILS:
                suffix = runs_by_name(name)
                if suffix:
                    self._note(tally, path, name, Finding("program_name", suffix))
            try:
                try:
                    descriptor = os.open(name, flags, dir_fd=folder)
                except PermissionError:
                    descriptor = open_traceably(name, folder, flags)
            except OSError as exc:
                tally.miss(reason(exc))
                continue
            try:
                head = os.pread(descriptor, BEGINNING, 0)
                if not deep and is_plain(head):
                    plain += 1
                else:
                    self._closer(tally, path, name, descriptor, head)
            except OSError as exc:
                tally.miss(reason(exc))
            finally:
                os.close(descriptor)
        tally.count("files", len(rows))
        if plain:
            tally.count("dicom", plain)
        return tally

    def named(self, tally: Tally, path: str, rows: list[Row]) -> Tally:
        """The same tally with the paths of its findings, if they are wanted."""
        if not self.show_paths or not tally.noted:
            return tally
        names = {object_id(_join(path, row[0]), self.key): printable(_join(path, row[0])) for row in rows}
        for kept in tally.noted.values():
            kept[:] = [noted._replace(path=names.get(noted.object)) for noted in kept]
        return tally

    def _closer(self, tally: Tally, path: str, name: str, descriptor: int, head: bytes) -> None:
        read = reader(descriptor)
        look = first_look(head, read)
        tally.count(_COUNTS[look.content])
        if look.preamble in _PREAMBLES:
            tally.count(_PREAMBLES[look.preamble])
        if look.finding:
            self._note(tally, path, name, look.finding)
        if look.content == DICOM and (self.deep or may_encapsulate(head)):
            content = judge_content(read, os.fstat(descriptor).st_size, self.known)
            for finding in content.findings:
                self._note(tally, path, name, finding)
            for what, number in content.counts.items():
                tally.count(what, number)

    def _note(self, tally: Tally, path: str, name: str, finding: Finding) -> None:
        tally.note(Noted(finding, object_id(_join(path, name), self.key)))


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
