"""The role antivirus, in check mode on a host that nobody prepared: it shows what it would do, and does nothing."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from antivirus_example import confirmation
from sites import lab_site

from playbooks import PlaybookRun, run_playbook

#: Where it would write. Others change units of their own meanwhile.
WATCHED = (Path("/etc/clamav"), Path("/usr/local/lib/pacs-hardening"), Path("/etc/opt/microsoft"))
UNITS = ("pacs-antivirus*", "clamav-*.d/*")
ORTHANC = {
    "orthanc": {"template": "orthanc_debian", **confirmation(confirmed_on="2026-11-02", expires_on="2027-10-31")}
}


def state() -> dict[str, str]:
    """The files that the role would write, by their content."""
    files = [path for folder in WATCHED if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    files += [path for pattern in UNITS for path in Path("/etc/systemd/system").glob(pattern)]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def play(tmp_path: Path) -> Any:
    inventory = tmp_path / "hosts.yml"
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"pacs1": here}}}), "utf-8")
    playbook = tmp_path / "play.yml"
    role = {"role": "pacs.hardening.antivirus"}
    tasks = {"name": "Antivirus", "hosts": "all", "gather_facts": False, "roles": [role]}
    playbook.write_text(yaml.safe_dump([tasks], sort_keys=False), encoding="utf-8")

    def run(**variables: Any) -> PlaybookRun:
        before = state()
        done = run_playbook(playbook, "--check", "--diff", variables=variables, inventory=inventory)
        assert state() == before
        return done

    return run


def test_a_dry_run_shows_every_line_and_changes_nothing(play: Any) -> None:
    done = play(
        antivirus_agent="clamav",
        antivirus_profile_names=["orthanc"],
        antivirus_profiles=ORTHANC,
        antivirus_landing=["/srv/import"],
        antivirus_prevention=True,
        antivirus_scan={"calendar": "Sun 02:00"},
        antivirus_prove=True,
    )
    assert done.ok, done.output
    for line in (
        "+OnAccessExcludePath /var/lib/orthanc/db-v6",
        "+OnAccessIncludePath /srv/import",
        "+OnAccessPrevention yes",
        "+ExecStart=/usr/sbin/clamonacc -F --fdpass --log=/var/log/clamav/clamonacc.log",
        "+OnCalendar=Sun 02:00",
    ):
        assert line in done.output
    assert done.changed == {"pacs1": 1}


def test_the_site_names_agent_and_profiles(play: Any) -> None:
    site = lab_site()
    site["devices"]["pacs1"]["antivirus"] = {"agent": "clamav", "profiles": ["orthanc"]}
    done = play(pacs_site=site, pacs_antivirus_profiles=ORTHANC)
    assert done.ok, done.output
    assert "+OnAccessExcludePath /var/lib/orthanc/db-v6" in done.output


def test_a_device_whose_maker_forbids_it_is_left_alone(play: Any) -> None:
    site = lab_site()
    site["devices"]["pacs1"]["antivirus"] = {"mds2": {"MLDP-2.3": "no", "MLDP-4": "yes"}}
    done = play(pacs_site=site, antivirus_agent="clamav")
    assert done.ok, done.output
    assert done.changed == {"pacs1": 0}
    said = " ".join(done.output.split())
    assert "Nothing is installed on pacs1: its maker answers MLDP-2.3 (the owner may install or update it): no" in said
    assert "What protects it instead: MLDP-4 (only allow-listed software runs): yes" in said


def test_the_agent_of_another_maker_is_left_alone_where_it_is_not(play: Any) -> None:
    done = play(antivirus_agent="defender_linux", antivirus_profile_names=["orthanc"], antivirus_profiles=ORTHANC)
    assert done.ok, done.output
    assert done.changed == {"pacs1": 0}
    assert "mdatp is not installed: nothing was applied." in done.output
    assert "not verified against a live agent" in done.output


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"antivirus_agent": "clamav", "antivirus_profile_names": ["orthanc_debian"]}, "nobody has confirmed it"),
        ({}, "No agent is named for pacs1. Set antivirus.agent of its device"),
        ({"antivirus_agent": "defender_windows"}, "is to be handed over"),
        (
            {
                "antivirus_agent": "clamav",
                "antivirus_profile_names": ["orthanc"],
                "antivirus_profiles": ORTHANC,
                "antivirus_landing": ["/var/lib/orthanc/db-v6/import"],
            },
            "is a place through which files come in, holds one, or lies in one",
        ),
    ],
)
def test_what_must_not_be_is_refused_before_anything_is_touched(
    play: Any, variables: dict[str, Any], said: str
) -> None:
    done = play(**variables)
    assert not done.ok
    assert done.changed == {"pacs1": 0}
    assert said in " ".join(done.output.split()), done.output
