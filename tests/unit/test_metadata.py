"""What is written in two places is the same in both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2]


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))
    return loaded


def requirements(name: str) -> list[Requirement]:
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_an_execution_environment_gets_the_controllers_libraries() -> None:
    assert requirements("meta/ee-requirements.txt") == requirements("requirements.txt")


def test_the_pinned_tools_are_pinned_and_fit_the_ranges() -> None:
    pins = {}
    for requirement in requirements("requirements-dev.txt"):
        (only,) = requirement.specifier
        assert only.operator == "==", f"{requirement.name} is not pinned"
        pins[requirement.name.lower()] = only.version
    for requirement in requirements("requirements.txt"):
        assert requirement.specifier.contains(pins[requirement.name.lower()])


def test_the_collection_depends_on_no_other() -> None:
    assert document("galaxy.yml")["dependencies"] == {}


def test_the_changelog_has_the_version_that_is_built() -> None:
    assert document("galaxy.yml")["version"] in document("changelogs/changelog.yaml")["releases"]


def test_the_action_group_names_modules_that_exist() -> None:
    runtime = document("meta/runtime.yml")
    assert runtime["requires_ansible"] == ">=2.16.0"
    modules = {path.stem for path in (PROJECT / "plugins" / "modules").glob("*.py")}
    assert {"nft_change", "nft_ruleset"} <= set(runtime["action_groups"]["all"]) <= modules


def test_system_packages_say_why() -> None:
    for name in ("scripts/lib/system-packages.txt", "scripts/lib/test-packages.txt", "tests/lab/system-packages.txt"):
        for line in (PROJECT / name).read_text(encoding="utf-8").splitlines():
            assert not line or line.startswith("#") or re.fullmatch(r"[a-z0-9][a-z0-9+.-]*: \S.*", line), (
                f"{name}: {line}"
            )
