"""What the compliance report says of the archive with antivirus, and of the same archive once its scanner is dead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from audits import Audit, audit
from sites import lab_site

from lab import nodes
from playbooks import PROJECT

CONVERGE = PROJECT / "molecule" / "antivirus" / "converge.yml"
FOLDER = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".cache")) / "antivirus-compliance"
JUDGED = {*(f"AV-0{number}" for number in range(1, 9)), "FILE-01", "FILE-02", "FILE-03"}


def look(name: str) -> Audit:
    """The dry run of the archive alone, with the profiles of the play that set it up."""
    site = lab_site()
    site["devices"]["pacs1"]["antivirus"] = {"agent": "clamav", "profiles": ["orthanc"], "landing": ["/srv/import"]}
    play = yaml.safe_load(CONVERGE.read_text(encoding="utf-8"))[0]
    given: dict[str, Any] = {
        "pacs_site": site,
        "pacs_antivirus_profiles": {
            key: {name: str(value) for name, value in profile.items()}
            for key, profile in play["vars"]["pacs_antivirus_profiles"].items()
        },
        "pacs_report_fail_on": "never",
        # A busy machine plays all the hosts at once here.
        "compliance_timeout": 60,
        "compliance_part_timeout": 8,
    }
    made = audit(FOLDER / name, "--limit", "pacs1", **given)
    assert made.run.status == 0 and not any(made.run.changed.values()), made.run.output
    return made


@pytest.fixture(scope="module")
def protected() -> Audit:
    return look("protected")


@pytest.fixture(scope="module")
def dead() -> Iterator[Audit]:
    nodes.run("pacs1", ["/bin/systemctl", "start", "pacs-antivirus-scan.service"], check=True)
    nodes.run("pacs1", ["/bin/systemctl", "stop", "clamav-clamonacc"], check=True)
    yield look("dead")
    nodes.run("pacs1", ["/bin/systemctl", "start", "clamav-clamonacc"], check=True)


def test_the_archive_is_judged_as_it_is(protected: Audit) -> None:
    states = {control: protected.state(control, "pacs1") for control in JUDGED}
    said = {control: protected.observed(control, "pacs1") for control in JUDGED}
    assert states == {
        **{f"AV-0{number}": "pass" for number in (1, 3, 4, 5, 6, 7)},
        # The lab's own signatures have no date, its store is on a file system with everything else, nobody looked into
        # its files, and the scheduled scan hasn't run yet.
        "AV-02": "fail",
        "AV-08": "not_assessed",
        "FILE-01": "not_assessed",
        "FILE-02": "not_assessed",
        "FILE-03": "fail",
    }, said
    assert "its signatures have no date" in " ".join(said["AV-02"])
    assert "/srv/import: refused" in said["AV-03"]
    assert "without noexec, nosuid, nodev" in " ".join(said["FILE-03"])


def test_a_scanner_that_died_fails_and_is_said(protected: Audit, dead: Audit) -> None:
    assert protected.state("AV-01", "pacs1") == "pass", "the control"
    assert dead.state("AV-01", "pacs1") == "fail"
    assert "clamonacc doesn't run: nothing is scanned when it is opened" in " ".join(dead.observed("AV-01", "pacs1"))


def test_what_the_scheduled_scan_found_is_said_and_no_file_is_named(dead: Audit) -> None:
    said = " ".join(dead.observed("AV-08", "pacs1"))
    assert dead.state("AV-08", "pacs1") == "fail"
    assert "the last scheduled scan found something in" in said and ".dcm" not in said


def test_it_took_a_moment_and_planted_nothing(protected: Audit, dead: Audit) -> None:
    assert protected.host("pacs1")["parts"]["antivirus"] == dead.host("pacs1")["parts"]["antivirus"] == "ok"
    folders = ["/srv/import", "/var/lib/orthanc/db-v6"]
    words = ["/usr/bin/find", *folders, "-name", ".pacs-hardening-canary-*"]
    assert nodes.run("pacs1", words, check=True).stdout == ""
