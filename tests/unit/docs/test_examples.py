"""What the documentation shows is true: examples parse, sites compile, role READMEs follow from their roles."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from antivirus_example import loaded

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import exclusions_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint, refused
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from playbooks import PROJECT, run_playbook

PAGES = [PROJECT / "README.md", *sorted(PROJECT.glob("roles/*/README.md")), *sorted(PROJECT.glob("docs/*.md"))]
BLOCKS = [
    (page, number, block)
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S), 1)
]
IDS = [f"{page.relative_to(PROJECT)}:{number}" for page, number, _block in BLOCKS]


def test_role_readmes_follow_from_their_roles() -> None:
    command = [sys.executable, str(PROJECT / "scripts" / "lib" / "role_readmes.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}Run scripts/lib/role_readmes.py"


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize(("page", "_number", "block"), BLOCKS, ids=IDS)
def test_an_example_is_a_value_that_loads_or_a_playbook_that_ansible_takes(
    page: Path, _number: int, block: str, tmp_path: Path
) -> None:
    document = yaml.safe_load(block)
    if isinstance(document, dict) and "pacs_antivirus_profiles" in document:
        own = document["pacs_antivirus_profiles"]
        profiles = [profile for name, profile in loaded(own).items() if name in own]
        assert profiles
        assert not refused(lint([one for profile in profiles for one in exclusions_of(profile)], None, profiles))
        return
    if isinstance(document, dict):
        assert compile_site(document["pacs_site"]).policies
        return
    playbook = tmp_path / "example.yml"
    playbook.write_text(block, encoding="utf-8")
    done = run_playbook(playbook, "--syntax-check")
    assert done.ok, done.output
