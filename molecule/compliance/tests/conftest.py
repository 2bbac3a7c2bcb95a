"""The dry run as these tests use it: nothing that it says holds a canary, and nothing is changed by it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audits import Audit, audit
from canaries import spoken
from stands import changes, stands

FOLDER = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".cache")) / "compliance"
PATIENCE = 8

Judge = Callable[..., Audit]


@pytest.fixture(scope="session")
def judge_lab() -> Judge:
    """Run the dry run, into a folder of that name; nothing it says may hold a canary."""

    def judge(name: str, *arguments: str, **variables: Any) -> Audit:
        # A busy machine plays all the hosts at once here, so that each gets more time than by default.
        patience = {"compliance_timeout": 60, "compliance_part_timeout": PATIENCE}
        made = audit(FOLDER / name, *arguments, **{"pacs_report_fail_on": "never", **patience, **variables})
        assert spoken(made.run.output, made.page, made.report) == []
        assert made.run.status == 0 and not any(made.run.changed.values()), made.run.output
        return made

    return judge


@pytest.fixture(scope="session")
def judge_untouched(judge_lab: Judge) -> Judge:
    """The same, and nothing on any node may be changed by it."""

    def judge(name: str) -> Audit:
        before = stands()
        made = judge_lab(name)
        assert changes(before, stands()) == []
        return made

    return judge


@pytest.fixture(scope="session")
def hardened(judge_untouched: Judge) -> Audit:
    """What is said of the hardened lab: the control of what is said of it later."""
    return judge_untouched("hardened")
