"""Runs in the modality, in the background: sends many distinct instances over one association, and keeps a status file
up to date.

The status file is one JSON object: planned, sent, failed, started, last, finished (Unix times, null while it runs),
error, uids (acknowledged).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import generate_uid
from pynetdicom import AE

SAMPLE = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--calling", required=True)
    parser.add_argument("--called", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--pause", type=float, required=True)
    parser.add_argument("--status", type=Path, required=True)
    options = parser.parse_args()
    status: dict[str, Any] = {
        "planned": options.count,
        "sent": 0,
        "failed": 0,
        "started": time.time(),
        "last": None,
        "finished": None,
    }
    status |= {"error": None, "uids": []}

    def note() -> None:
        partial = options.status.with_suffix(".partial")
        partial.write_text(json.dumps(status), encoding="ascii")
        os.replace(partial, options.status)

    note()
    try:
        send(options, status, note)
    except Exception as error:  # whatever it was, the tests must read it
        status["error"] = f"{type(error).__name__}: {error}"
    status["finished"] = time.time()
    note()


def send(options: argparse.Namespace, status: dict[str, Any], note: Any) -> None:
    image = pydicom.dcmread(SAMPLE)
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    entity = AE(ae_title=options.calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    entity.connection_timeout = 10
    entity.add_requested_context(image.SOPClassUID, image.file_meta.TransferSyntaxUID)
    association = entity.associate(options.host, options.port, ae_title=options.called)
    if not association.is_established:
        raise ConnectionError(f"no association with {options.called} at {options.host}:{options.port}")
    for number in range(options.count):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.InstanceNumber = number + 1
        answer = association.send_c_store(image)
        if answer.get("Status") == 0x0000:
            status["sent"] += 1
            status["uids"].append(str(image.SOPInstanceUID))
        else:
            status["failed"] += 1
        status["last"] = time.time()
        note()
        if not association.is_established:
            raise ConnectionError(f"the association ended after {status['sent']} of {options.count} images")
        time.sleep(options.pause)
    association.release()


if __name__ == "__main__":
    main()
