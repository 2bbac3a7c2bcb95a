"""Media judged as the modules do it, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._io.media import Wanted, judged, wanted


def how(medium: Path, **options: Any) -> Wanted:
    """The options of the modules, without a virus scanner unless one is named."""
    defaults = {
        "medium": str(medium),
        "label": "",
        "tolerate": [],
        "antivirus_socket": "",
        "antivirus_configuration": "/nonexistent",
        "antivirus_days": 0,
        "without_antivirus": True,
        "files_limit": 100_000,
        "size_limit": 100,
        "time_limit": 60.0,
    }
    return wanted({**defaults, **options})


def judge(medium: Path, **options: Any) -> dict[str, Any]:
    """What dicom_media_info returns."""
    return judged(how(medium, **options))


def reasons(found: dict[str, Any]) -> dict[tuple[str, str], int]:
    """How often a medium is quarantined for what."""
    return {(reason["kind"], reason["what"]): reason["count"] for reason in found["receipt"]["reasons"]}
