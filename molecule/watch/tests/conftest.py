"""What the steps of the first week hand to each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sites import lab_site
from watched import Hospital, Line


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the playbooks write."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="session")
def first_day() -> dict[str, Any]:
    """The site as the firewalls have it: zones, firewalls and devices, and not who talks to whom."""
    return {key: value for key, value in lab_site().items() if key not in ("workflows", "conduits")}


@pytest.fixture(scope="session")
def hospital(reports: Path) -> Hospital:
    return Hospital(reports)


@pytest.fixture(scope="session")
def line() -> Iterator[Line]:
    """A technician's connection to the scanner, once a test opens it."""
    kept = Line("ws1", "ct1", 2222)
    yield kept
    kept.close()
