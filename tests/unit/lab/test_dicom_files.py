"""The DICOM files that cross the lab are really in the pinned pydicom, each with its own SOP Instance UID."""

from __future__ import annotations

from pathlib import Path

import pydicom

from lab import workflows


def test_every_listed_file_is_a_part_10_file_with_its_own_uid() -> None:
    data = Path(pydicom.__file__).parent / "data"
    metas = [pydicom.filereader.read_file_meta_info(data / name) for name in workflows.dicom_files()]
    assert len(metas) == 126
    assert len({meta.MediaStorageSOPInstanceUID for meta in metas}) == len(metas)
    assert len({meta.TransferSyntaxUID for meta in metas}) >= 9
