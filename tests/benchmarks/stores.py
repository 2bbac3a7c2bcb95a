"""Image stores to scan: synthetic images in folders of a hundred, as archives keep them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import NotMeasured
from dicom_files import dicom, element

IMAGE_BYTES = 2 * 512 * 512  # a CT slice of 16 bits a pixel
_FOLDER, _STUDY = 100, 10  # images of a folder, folders of a folder


@contextmanager
def store(images: int, pixels: int = IMAGE_BYTES, within: Path | None = None) -> Iterator[Path]:
    """A store of so many images, removed in the end. Raises NotMeasured where there is no room for it."""
    free = shutil.disk_usage(within or tempfile.gettempdir()).free
    if free < 1.5 * images * (pixels + 8192):
        raise NotMeasured(f"{images:,} images need more room than {within or tempfile.gettempdir()} has")
    data = dicom(data_set=element(0x00080060, b"CS", b"CT") + element(0x7FE00010, b"OW", os.urandom(pixels)))
    with tempfile.TemporaryDirectory(prefix="benchmark-store-", dir=within) as name:
        root = Path(name)
        for number in range(images):
            if not number % _FOLDER:
                folder = root / f"{number // _FOLDER // _STUDY}" / f"{number // _FOLDER % _STUDY}"
                folder.mkdir(parents=True)
            descriptor = os.open(folder / f"{number:07}.dcm", os.O_WRONLY | os.O_CREAT, 0o644)
            os.write(descriptor, data)
            os.close(descriptor)
        yield root
