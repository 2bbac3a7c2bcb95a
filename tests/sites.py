"""Site documents for tests: a fresh copy each time, so that a test may break its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]


def example_site() -> dict[str, Any]:
    """The smallest site that shows every part of the model."""
    return _read(PROJECT / "tests" / "fixtures" / "example_hospital.yml")


def lab_site() -> dict[str, Any]:
    """The site of the lab, as its inventory declares it."""
    site: dict[str, Any] = _read(PROJECT / "inventories" / "lab" / "group_vars" / "all" / "site.yml")["pacs_site"]
    return site


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document
