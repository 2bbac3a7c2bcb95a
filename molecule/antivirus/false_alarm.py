"""The image of the lab on which a signature raises a false alarm, and what else both ends of the scenario know."""

from __future__ import annotations

from pathlib import Path

import pydicom

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
IMPORT = "/srv/import"
SIGNATURES = "/srv/signatures"
STORE = "/var/lib/orthanc/db-v6"
IMAGE = "CT_small.dcm"

#: What the false alarm is raised on: 32 bytes of the image's pixels.
MARK = pydicom.dcmread(Path(pydicom.__file__).parent / "data" / "test_files" / IMAGE).PixelData[8192:8224]
