"""The playbook compliance always ends in a report, whatever becomes of the hosts, and changes none of them."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from sites import lab_site

from playbooks import PlaybookRun, run_playbook

_PYTHON = "/usr/bin/python3"
_DOWN = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_retries": 0}
_HERE = {"ansible_connection": "local", "ansible_python_interpreter": _PYTHON}


def quiet_site() -> dict[str, Any]:
    """The lab's site, from which nothing can be sent: this machine stands in for its hosts."""
    site = lab_site()
    for device in site["devices"].values():
        device["probe"] = "never"
    for firewall in site["firewalls"].values():
        firewall.pop("addresses")
    return site


def run(folder: Path, hosts: dict[str, Any], *arguments: str, **variables: Any) -> PlaybookRun:
    inventory = folder / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    given = {"pacs_site": quiet_site(), "pacs_report_directory": str(folder / "made" / "report"), **variables}
    return run_playbook("pacs.hardening.compliance", *arguments, variables=given, inventory=inventory)


def result(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "made" / "report" / "report.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PlaybookRun]:
    """One run over a host that answers, one that is down, one that is slow, one without Python, and a stranger."""
    folder = tmp_path_factory.mktemp("compliance")
    slow = folder / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 30\n", encoding="utf-8")
    slow.chmod(0o755)
    hosts = {
        "ops1": _HERE,
        "core": _DOWN,
        "edge": _DOWN,
        "pacs1": {**_HERE, "ansible_python_interpreter": str(slow)},
        "ris1": {**_HERE, "ansible_python_interpreter": "/nonexistent/python"},
        "printer": _DOWN,
    }
    return folder, run(folder, hosts, compliance_timeout=10)


def test_every_host_appears_with_its_reason(mixed: tuple[Path, PlaybookRun]) -> None:
    folder, done = mixed
    hosts = {host["name"]: host for host in result(folder)["hosts"]}
    reached = {name: host["reached"] for name, host in hosts.items()}
    assert reached == {
        "ops1": "ok",
        "core": "unreachable",
        "edge": "unreachable",
        "pacs1": "timeout",
        "ris1": "failed",
        "his1": "failed",
        "ws1": "failed",
    }, done.output
    assert "Connection refused" in hosts["core"]["reason"]
    assert "10 second" in hosts["pacs1"]["reason"] or "(10)" in hosts["pacs1"]["reason"]
    assert "/nonexistent/python" in hosts["ris1"]["reason"]
    assert "not in the inventory" in hosts["his1"]["reason"]
    assert set(hosts["ops1"]["parts"].values()) <= {"ok", "absent", "error"} and hosts["ops1"]["parts"]


def test_the_stranger_is_listed_and_left_alone(mixed: tuple[Path, PlaybookRun]) -> None:
    folder, done = mixed
    assert result(folder)["limits"][-1].endswith("they aren't judged: printer.")
    assert done.unreachable["printer"] == 0


def test_nothing_is_changed_and_the_files_are_private(mixed: tuple[Path, PlaybookRun]) -> None:
    folder, done = mixed
    assert not any(done.changed.values())
    made = folder / "made" / "report"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert sorted(path.name for path in made.iterdir()) == ["report.html", "report.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o600}


def test_the_run_fails_by_threshold_and_says_the_result_first(mixed: tuple[Path, PlaybookRun]) -> None:
    folder, done = mixed
    # One at least, RPT-03; what the machine that runs this test adds, which is ops1 here, is its own.
    output = " ".join(done.output.split())
    assert not done.ok and re.search(r"\d checks? of high risk or above failed", output), done.output
    assert "NOT PASSED: Lab Hospital" in done.output
    assert "high RPT-03" in done.output
    assert f"Report: {folder}/made/report/report.html" in done.output
    assert "Traceback" not in done.output


def test_with_nobody_there_it_is_incomplete_and_no_failure(tmp_path: Path) -> None:
    names = ("core", "edge", "pacs1", "ris1", "his1", "ws1", "ops1")
    done = run(tmp_path, dict.fromkeys(names, _DOWN))
    assert done.ok, done.output
    assert "NOT COMPLETE: Lab Hospital" in done.output
    assert result(tmp_path)["summary"]["verdict"] == "incomplete"


def test_an_unusable_waiver_fails_the_run_and_never_spares_it(tmp_path: Path) -> None:
    names = ("core", "edge", "pacs1", "ris1", "his1", "ws1", "ops1")
    waived = run(tmp_path, dict.fromkeys(names, _DOWN), pacs_waivers=[{"control": "SEG-01"}])
    assert not waived.ok and "1 waiver is expired or unusable." in " ".join(waived.output.split())


def test_check_mode_judges_and_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, {"core": _DOWN}, "--check", pacs_report_fail_on="never")
    assert done.ok, done.output
    assert "Lab Hospital" in done.output and not (tmp_path / "made").exists()


def test_a_broken_site_is_one_message_before_anything_is_read(tmp_path: Path) -> None:
    site = quiet_site()
    site["devices"]["ct1"]["zone"] = "modalty"
    done = run(tmp_path, {"core": _DOWN}, pacs_site=site)
    assert not done.ok and "Did you mean 'modality'?" in done.output
    assert not any(done.unreachable.values()) and not (tmp_path / "made").exists()


def test_a_directory_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("a file stands here", encoding="utf-8")
    done = run(tmp_path, {"core": _DOWN}, pacs_report_fail_on="never")
    assert not done.ok and "The report can't be written to" in " ".join(done.output.split())
