"""The playbook as its users meet it: dry runs, bad sites, and the collection installed from its artefact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sites import lab_site

from lab.listing import listing
from playbooks import PROJECT, run_playbook

FIREWALLS = ("core", "edge")


def test_dry_run_of_a_change_shows_it_and_makes_none() -> None:
    site = lab_site()
    site["conduits"] = [{"from": "his1", "to": "pacs1", "service": "https", "reason": "web viewer in the HIS"}]
    before = {name: listing(name) for name in FIREWALLS}
    done = run_playbook("pacs.hardening.site", "--check", "--diff", variables={"pacs_site": site})
    assert done.ok and done.changed["core"] == 1 and done.changed["edge"] == 0, done.output
    added = [line for line in done.output.splitlines() if line.startswith("+")]
    assert any("198.18.50.10 . 198.18.30.10 . tcp . 443" in line for line in added), done.output
    after = {name: listing(name) for name in FIREWALLS}
    assert {name: item.files for name, item in after.items()} == {name: item.files for name, item in before.items()}


def test_a_broken_site_touches_nothing() -> None:
    site = lab_site()
    site["devices"]["ct1"]["zone"] = "modalty"
    before = {name: listing(name).files for name in FIREWALLS}
    done = run_playbook("pacs.hardening.site", variables={"pacs_site": site})
    assert not done.ok
    assert "pacs_site.devices.ct1.zone: no zone is named 'modalty'. Did you mean 'modality'?" in done.output
    assert {name: listing(name).files for name in FIREWALLS} == before


def test_the_artefact_installs_without_a_registry_and_runs(tmp_path: Path) -> None:
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    # Nothing of the developer's: no collections, no configuration, and a server that can't be asked.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    environment |= {"HOME": str(tmp_path), "ANSIBLE_GALAXY_SERVER": "https://127.0.0.1:9/"}

    def run_galaxy(*words: str) -> None:
        command = [galaxy, "collection", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    run_galaxy("build", str(PROJECT), "--output-path", str(tmp_path))
    artefact = next(tmp_path.glob("*.tar.gz"))
    run_galaxy("install", "--offline", "-p", str(tmp_path / "collections"), str(artefact))
    run = run_playbook("pacs.hardening.site", "--check", collections=tmp_path / "collections")
    assert run.ok, run.output
    assert run.changed["core"] == run.changed["edge"] == 0, "the installed collection compiles the same rules"


@pytest.fixture(autouse=True)
def _hardened() -> None:
    """Each test starts from the hardened lab."""
    assert "table inet pacs" in listing("core").rules
