"""The antivirus filters and the test, as a playbook uses them; their documented examples run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from antivirus_example import confirmation
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.filter.antivirus_device import antivirus_device
from ansible_collections.pacs.hardening.plugins.filter.antivirus_exclusions import antivirus_exclusions
from ansible_collections.pacs.hardening.plugins.filter.antivirus_files import antivirus_files
from ansible_collections.pacs.hardening.plugins.filter.antivirus_findings import antivirus_findings
from ansible_collections.pacs.hardening.plugins.test.narrow_exclusion import narrow_exclusion
from playbooks import PROJECT, run_playbook

STORE = "/var/lib/orthanc/db-v6"
TODAY = "2026-11-27"
OWN = {"orthanc": {"template": "orthanc_debian", **confirmation()}}
SIDECARS = (
    "filter/antivirus_exclusions",
    "filter/antivirus_files",
    "filter/antivirus_findings",
    "filter/clamav_findings",
    "test/narrow_exclusion",
)


def test_the_list_says_who_answers_for_each_entry() -> None:
    (one,) = antivirus_exclusions(OWN, today=TODAY)
    assert (one["kind"], one["value"], one["contains"]) == ("path", STORE, ["store", "index"])
    assert (one["profile"], one["owner"], one["expires_on"]) == ("orthanc", "PACS administration", "2027-10-31")
    assert one["expired"] is False
    assert antivirus_exclusions(OWN, today="2027-11-01")[0]["expired"] is True
    assert one["compensating_controls"][0]["check"]


def test_names_choose() -> None:
    assert antivirus_exclusions(OWN, [], today=TODAY) == []
    assert antivirus_exclusions(OWN, "orthanc", today=TODAY) == antivirus_exclusions(OWN, today=TODAY)
    with pytest.raises(AnsibleFilterError, match="orthanc_debian: nobody has confirmed it"):
        antivirus_exclusions(OWN, ["orthanc_debian"], today=TODAY)
    (open_to_all,) = antivirus_exclusions({}, ["orthanc_debian"], medical_device=False, today=TODAY)
    assert open_to_all["owner"] is None


def test_what_one_filter_returns_the_other_reads() -> None:
    exclusions = antivirus_exclusions(OWN, today=TODAY)
    assert antivirus_findings(exclusions) == []
    (finding,) = antivirus_findings(exclusions, {"landing": [STORE]})
    assert finding["rule"] == "landing"
    assert finding["text"].startswith("exclusions[0]: ")


def test_profiles_are_judged_whole() -> None:
    assert antivirus_findings(OWN, today=TODAY) == []
    (finding,) = antivirus_findings(OWN, today="2028-01-01")
    assert (finding["rule"], finding["place"]) == ("expired", "pacs_antivirus_profiles.orthanc")


@pytest.mark.parametrize(
    ("value", "narrow"), [(STORE, True), ("/var", False), (".dcm", False), ({"value": "/x", "kind": "user"}, True)]
)
def test_the_test(value: object, narrow: bool) -> None:
    assert narrow_exclusion(value) is narrow


def test_windows_is_said() -> None:
    assert narrow_exclusion("D:\\Images", "windows")
    assert not narrow_exclusion("D:\\Images")


@pytest.mark.parametrize("bad", ["soon", "2026-13-01"])
def test_a_day_that_is_none_is_said(bad: str) -> None:
    with pytest.raises(AnsibleFilterError, match="is not a date"):
        antivirus_exclusions(OWN, today=bad)


def test_files_are_rendered_from_confirmed_profiles() -> None:
    policy = {"host": "pacs1", "watched": ["/srv/import"]}
    made = antivirus_files(policy, "clamav", OWN, today=TODAY)
    clamd = next(file for file in made["files"] if file["path"] == "/etc/clamav/clamd.conf")
    assert f"\nOnAccessExcludePath {STORE}\n" in clamd["text"]
    assert (clamd["mode"], clamd["unit"], clamd["applied"]) == ("0644", "clamav-daemon.service", True)
    assert STORE not in str(antivirus_files(policy, "clamav", OWN, [], today=TODAY))
    with pytest.raises(AnsibleFilterError, match="nobody has confirmed it"):
        antivirus_files(policy, "clamav", names=["orthanc_debian"], today=TODAY)
    with pytest.raises(AnsibleFilterError, match=r"no agent is named 'clam'. Did you mean 'clamav'\?"):
        antivirus_files(policy, "clam")


def test_a_device_is_found_by_its_host() -> None:
    site = lab_site()
    site["devices"]["pacs1"]["antivirus"] = {"agent": "clamav", "profiles": ["orthanc"]}
    site["devices"]["ris1"]["antivirus"] = {"mds2": {"MLDP-2.3": False, "MLDP-4": "yes"}}
    found = antivirus_device(site, "pacs1")
    assert (found["device"], found["agent"], found["profiles"]) == ("pacs1", "clamav", ["orthanc"])
    assert found["forbidden_by"] == []
    found = antivirus_device(site, "ris1")
    assert found["forbidden_by"] == ["MLDP-2.3 (the owner may install or update it): no"]
    assert found["instead"] == ["MLDP-4 (only allow-listed software runs): yes"]
    assert antivirus_device(site, "elsewhere")["device"] is None
    assert antivirus_device({}, "pacs1")["agent"] is None
    with pytest.raises(AnsibleFilterError, match="The declared site has"):
        antivirus_device({"name": "x"}, "pacs1")


@pytest.mark.parametrize("sidecar", SIDECARS)
def test_the_documented_examples_run(sidecar: str, tmp_path: Path) -> None:
    documentation = yaml.safe_load((PROJECT / "plugins" / f"{sidecar}.yml").read_text(encoding="utf-8"))
    tasks: list[dict[str, Any]] = yaml.safe_load(documentation["EXAMPLES"])
    playbook = tmp_path / "example.yml"
    play = {"name": "Example", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    playbook.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    done = run_playbook(playbook)
    assert done.ok, done.output
    assert "skipped=0" in done.output
