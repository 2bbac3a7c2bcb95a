"""An archive of images in the smallest form: ``archive.py STORE PORT``. It runs until it is ended.

As archives do, it writes each image under another name first, renames it, and opens it again to read its header.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage

_FOLDER = 100  # images of a folder
_SUCCESS, _OUT_OF_RESOURCES = 0x0000, 0xA700


def main(store: str, port: str) -> None:
    """Take in CT images whose UIDs end with a number."""
    entity = AE()
    entity.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    handlers = [(evt.EVT_C_STORE, _keep, [Path(store)])]
    entity.start_server(("127.0.0.1", int(port)), evt_handlers=handlers)


def _keep(event: Any, store: Path) -> int:
    uid = str(event.request.AffectedSOPInstanceUID)
    folder = store / str(int(uid.rpartition(".")[2]) // _FOLDER)
    folder.mkdir(exist_ok=True)
    path, partial = folder / f"{uid}.dcm", folder / f"{uid}.part"
    partial.write_bytes(event.encoded_dataset())
    partial.rename(path)
    try:
        indexed = pydicom.dcmread(path, stop_before_pixels=True)
    except OSError:
        return _OUT_OF_RESOURCES
    return _SUCCESS if indexed.SOPInstanceUID == uid else _OUT_OF_RESOURCES


if __name__ == "__main__":
    main(*sys.argv[1:])
