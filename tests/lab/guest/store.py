"""Runs in the modality: sends DICOM files over one association and prints one JSON list of {"file", "sop_class",
"study", "uid", "status"}.

Standard input: a JSON list of paths below pydicom's data folder. status: the C-STORE status as a number, or null where
no context was accepted. --patient: the patient's name in all of them, instead of their own.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID
from pynetdicom import AE

DATA = Path(pydicom.__file__).parent / "data"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--calling", required=True)
    parser.add_argument("--called", required=True)
    parser.add_argument("--patient")
    options = parser.parse_args()

    files = [DATA / name for name in json.load(sys.stdin)]
    metas = [pydicom.filereader.read_file_meta_info(path) for path in files]
    entity = AE(ae_title=options.calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.connection_timeout = 10
    # One context a pair: an acceptor chooses one transfer syntax a context, and the files are sent as they are.
    for pair in sorted({(UID(meta.MediaStorageSOPClassUID), UID(meta.TransferSyntaxUID)) for meta in metas}):
        entity.add_requested_context(*pair)
    association = entity.associate(options.host, options.port, ae_title=options.called)
    if not association.is_established:
        sys.exit(f"no association with {options.called} at {options.host}:{options.port}")
    results: list[dict[str, Any]] = []
    for path, meta in zip(files, metas, strict=True):
        status: int | None
        image = _renamed(path, options.patient) if options.patient else path
        try:
            status = association.send_c_store(image).get("Status")
        except (ValueError, RuntimeError):
            status = None
        study = str(pydicom.dcmread(path, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
        names = {
            "study": study,
            "sop_class": str(meta.MediaStorageSOPClassUID),
            "uid": str(meta.MediaStorageSOPInstanceUID),
        }
        results.append({"file": str(path.relative_to(DATA)), **names, "status": status})
    association.release()
    json.dump(results, sys.stdout)


def _renamed(path: Path, patient: str) -> pydicom.Dataset:
    data = pydicom.dcmread(path)
    data.PatientName = patient
    return data


if __name__ == "__main__":
    main()
