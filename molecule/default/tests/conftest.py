"""What the tests before and after hardening hand to each other: the positive controls of this very run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import testinfra

from lab import engine

# testinfra calls podman by itself.
os.environ.update(engine.environment())

OPEN_BEFORE = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".cache")) / "open-before.json"


@pytest.fixture(scope="session")
def core() -> testinfra.host.Host:
    """The internal firewall, entered through podman: no rule can keep the tests out."""
    return testinfra.get_host("podman://pacs-lab-core")


@pytest.fixture(scope="session")
def open_before_file() -> Path:
    """Where the tests before hardening leave what they found open."""
    return OPEN_BEFORE


@pytest.fixture(scope="session")
def open_before() -> frozenset[str]:
    """The probes that got through before anything was enforced. Without them a refusal proves nothing."""
    if not OPEN_BEFORE.exists():
        raise RuntimeError(f"{OPEN_BEFORE} is missing: run the whole scenario, so that each refusal has its control")
    return frozenset(json.loads(OPEN_BEFORE.read_text(encoding="utf-8")))
