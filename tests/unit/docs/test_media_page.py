"""The receipt that the documentation shows is one that a medium gets."""

from __future__ import annotations

import re
from pathlib import Path

from judged_media import judge
from media import add_infected_autorun, images, make_polyglots, write_medium

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.receipt import text
from playbooks import PROJECT

_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def masked(receipt: str) -> str:
    return _HASH.sub("0" * 64, receipt)


def test_the_receipt_of_the_page(tmp_path: Path) -> None:
    medium = write_medium(tmp_path / "medium")
    make_polyglots(medium)
    images(medium)[-1].unlink()
    add_infected_autorun(medium)
    (medium / "README.TXT").write_bytes(b"for the patient")
    receipt = judge(medium, label="ticket 4711")["receipt"]
    receipt.update(host="import1", judged="2026-11-27T09:00:00Z")
    receipt["medium"].update(filesystem="iso9660", mounted_without=[])
    scanned = {"status": "assessed", "engine": "ClamAV 1.4.6", "signatures_dated": "2026-11-26", "scanned": 34}
    receipt["antivirus"].update(scanned)
    (shown,) = re.findall(r"^```text\n(.*?)^```", (PROJECT / "docs" / "media.md").read_text("utf-8"), re.M | re.S)
    assert masked(text(receipt)) == masked(shown)
