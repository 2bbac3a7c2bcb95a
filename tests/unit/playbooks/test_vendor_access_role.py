"""The role vendor_access on a host that has none of our files: what would be done is said, and nothing is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from sites import lab_site

from playbooks import PlaybookRun, run_playbook

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the role works as root")
NAME = "ws1-pacs1-ssh"
PLAY = """\
- hosts: core
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: pacs.hardening.vendor_access
        tasks_from: "{{ entry | default('main') }}"
"""


def site() -> dict[str, Any]:
    """The lab's, with an intervention."""
    conduit = {
        "from": "ws1", "to": "pacs1", "service": "ssh", "reason": "service", "kind": "intervention",
        "owner": "Anna Example", "contract": "SC-1", "on_call": True,
    }  # fmt: skip
    made = lab_site()
    return {**made, "conduits": [*made.get("conduits", []), conduit]}


def run(folder: Path, *arguments: str, **variables: Any) -> PlaybookRun:
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"core": {**here, "pacs_site": site()}}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    return run_playbook(folder / "play.yml", *arguments, variables=variables, inventory=folder / "inventory.json")


@needs_root
def test_a_dry_run_shows_what_may_be_granted_and_writes_nothing(tmp_path: Path) -> None:
    paths = [Path(path) for path in ("/usr/local/sbin/pacs-access", "/etc/pacs-hardening/interventions")]
    if any(path.exists() for path in paths):
        pytest.skip("this host has vendor access of its own")
    done = run(tmp_path, "--check", "--diff")
    assert done.ok and done.changed["core"], done.output
    for line in ("+name ws1-pacs1-ssh", "+contract SC-1", "+on_call yes", "%pacs-oncall ALL=(root)"):
        assert line in done.output
    assert not any(path.exists() for path in paths)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"vendor_access_name": "ws1-ris1-ssh"}, f"It declares {NAME}. Nothing was opened."),
        ({"vendor_access_name": NAME, "vendor_access_minutes": 5}, "missing: ticket, reason, by"),
    ],
)
def test_what_is_no_window_is_refused(tmp_path: Path, variables: dict[str, Any], said: str) -> None:
    done = run(tmp_path, entry="window", vendor_access_id="w1", **variables)
    assert not done.ok and said in " ".join(done.output.split()), done.output


@needs_root
def test_a_host_without_vendor_access_says_what_to_do(tmp_path: Path) -> None:
    wish = {
        "vendor_access_ticket": "1",
        "vendor_access_reason": "x",
        "vendor_access_by": "y",
        "vendor_access_minutes": 5,
    }
    done = run(tmp_path, "--check", entry="window", vendor_access_id="w1", vendor_access_name=NAME, **wish)
    assert not done.ok and "run the role vendor_access first" in done.output
