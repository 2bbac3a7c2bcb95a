"""dicom_files_info as its users run it: the example of its page, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dicom_files import ELF, dicom

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import KINDS
from playbooks import PROJECT, PlaybookRun, run_playbook

PAGE = (PROJECT / "docs" / "dicom-files.md").read_text(encoding="utf-8")
MODULE = "pacs.hardening.dicom_files_info"
HERE = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", "ansible_become": False}


@pytest.fixture
def stores(tmp_path: Path) -> list[Path]:
    """An archive and an import folder, with an image each."""
    folders = [tmp_path / "archive", tmp_path / "import"]
    for folder in folders:
        folder.mkdir()
        (folder / "IM0").write_bytes(dicom())
    return folders


def run(tmp_path: Path, plays: str, **variables: Any) -> PlaybookRun:
    playbook, inventory = tmp_path / "play.yml", tmp_path / "hosts.yml"
    playbook.write_text(plays, encoding="utf-8")
    groups = {"children": {"archives": {"hosts": {"pacs1": HERE}}}}
    inventory.write_text(yaml.safe_dump({"all": groups}), encoding="utf-8")
    return run_playbook(playbook, variables=variables, inventory=inventory)


def test_the_example_of_the_page(tmp_path: Path, stores: list[Path]) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
    variables = {"image_folders": [str(folder) for folder in stores], "scan_state": str(tmp_path / "state")}
    bad = stores[1] / "CANARY^PATIENT"
    bad.write_bytes(dicom(ELF))
    done = run(tmp_path, example, **variables)
    assert not done.ok and "a DICOM file that is a program, too (elf)" in done.output, done.output
    assert "CANARY" not in done.output

    bad.unlink()
    done = run(tmp_path, example, **variables)
    assert done.ok and done.output.count("1 files; nothing found") == 2, done.output


def test_the_page_names_every_kind() -> None:
    assert [kind for kind in KINDS if f"`{kind}`" not in PAGE] == []


REFUSED: dict[str, dict[str, Any]] = {
    "paths is empty": {"paths": []},
    "it must be from 1 to 86400 seconds": {"paths": ["{archive}"], "time_limit": 0.5},
    "it must be from 0 to 10000": {"paths": ["{archive}"], "findings_limit": -1},
    "lies in the store": {"paths": ["{import}", "{archive}"], "state_directory": "{archive}/state"},
}


def test_check_mode_and_what_is_refused(tmp_path: Path, stores: list[Path]) -> None:
    """One play: in check mode and for real the same is found; nothing is written before all options are known good."""
    (stores[0] / "bad").write_bytes(dicom(ELF))
    names = {folder.name: str(folder) for folder in stores}
    state = {"state_directory": str(tmp_path / "state")}
    tasks: list[dict[str, Any]] = [{MODULE: state | {"paths": ["{archive}"]}, "check_mode": True}]
    tasks += [{MODULE: state | options, "ignore_errors": True} for options in REFUSED.values()]
    tasks += [{"ansible.builtin.stat": {"path": state["state_directory"]}}]
    tasks += [{MODULE: state | {"paths": ["{archive}"]}}]
    for number, task in enumerate(tasks):
        task["register"] = f"result_{number}"
    results = "{{ [" + ", ".join(task["register"] for task in tasks) + "] | to_json }}"
    tasks += [{"ansible.builtin.copy": {"content": results, "dest": str(tmp_path / "results.json")}}]
    text = json.dumps([{"hosts": "archives", "gather_facts": False, "tasks": tasks}])
    done = run(tmp_path, re.sub(r"\{(archive|import)\}", lambda match: names[match[1]], text))
    assert done.ok and "Traceback" not in done.output, done.output

    checked, *refused, written, real = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    for says, result in zip(REFUSED, refused, strict=True):
        assert result["failed"] and says in result["msg"]
    assert not written["stat"]["exists"]
    for result in (checked, real):
        assert (result["changed"], result["complete"]) == (False, True)
        assert result["stores"][0]["by_severity"] == {"high": 1, "medium": 0, "low": 0}
    assert real["priority"] == {"processor": True, "disk": True}
    assert (tmp_path / "state").is_dir()
    assert sorted(path.name for folder in stores for path in folder.iterdir()) == ["IM0", "IM0", "bad"]
