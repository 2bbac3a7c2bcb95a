"""The playbooks observe, propose and simulate as their users meet them, on hosts that have nothing of ours."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import RAW, SYN, SYN_ACK, pcap, tcp
from seen_flows import CT1, PACS1
from sites import lab_site

from playbooks import PlaybookRun, run_playbook

HERE = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
DOWN = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_retries": 0}


def run(folder: Path, playbook: str, *arguments: str, **variables: Any) -> PlaybookRun:
    """Of the site's two firewalls this machine is one; the other is down."""
    groups = {"internal_firewalls": {"hosts": {"core": HERE}}, "external_firewalls": {"hosts": {"edge": DOWN}}}
    inventory = folder / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"children": groups}}), encoding="utf-8")
    given = {"pacs_site": lab_site(), "pacs_report_directory": str(folder / "made" / "report"), **variables}
    return run_playbook(f"pacs.hardening.{playbook}", *arguments, variables=given, inventory=inventory)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """ct1 opens a connection to pacs1, which answers, and opens one to ct1."""
    path = tmp_path / "day.pcap"
    ends = [(CT1, 40000, PACS1, 11112), (PACS1, 40000, CT1, 11112)]
    packets = [tcp(*one, flags) for one in ends for flags in (SYN,)]
    packets += [tcp(PACS1, 11112, CT1, 40000, SYN_ACK), tcp(CT1, 11112, PACS1, 40000, SYN_ACK)]
    path.write_bytes(pcap(packets, link=RAW))
    return path


def test_observe_tells_of_every_firewall_and_changes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "observe")
    assert done.ok and not any(done.changed.values()), done.output
    assert "core: nothing of this collection is in force there" in done.output
    assert "edge WASN'T READ, so nothing is claimed about it: " in done.output
    assert "Task failed: " not in done.output.partition("PLAY [Say")[2]
    folder = tmp_path / "made" / "report"
    path = folder / "observed.json"
    assert [one["mode"] for one in json.loads(path.read_text(encoding="utf-8"))["firewalls"]] == ["none", None]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_check_mode_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "observe", "--check", "--diff")
    assert done.ok, done.output
    assert "core: nothing of this collection is in force there" in done.output
    assert not (tmp_path / "made").exists()


def test_propose_from_a_capture_alone(tmp_path: Path, capture: Path) -> None:
    site = {key: value for key, value in lab_site().items() if key != "workflows"}
    files = {"pacs_seen_files": [str(capture)], "pacs_read_firewalls": False}
    done = run(tmp_path, "propose", pacs_site=site, **files)
    assert done.ok and not done.unreachable.get("edge"), done.output
    assert "day.pcap: 4 packets, 2 flows" in done.output
    assert "wasn't read" not in done.output
    text = (tmp_path / "made" / "report" / "proposed_site.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["pacs_site"]["workflows"] == [{"modalities": ["ct1"], "archive": "pacs1"}]


def test_a_proposal_is_what_simulate_takes(tmp_path: Path, capture: Path) -> None:
    files = {"pacs_seen_files": [str(capture)], "pacs_read_firewalls": False}
    assert run(tmp_path, "propose", **files).ok
    proposed = yaml.safe_load((tmp_path / "made" / "report" / "proposed_site.yml").read_text(encoding="utf-8"))
    done = run(tmp_path, "simulate", **files, **proposed)
    assert done.ok, done.output
    assert "core would cut none of the 2 flows seen there." in done.output


def test_simulate_fails_where_a_declared_device_is_hurt_unless_told_not_to(tmp_path: Path, capture: Path) -> None:
    site = lab_site()
    site["workflows"] = []
    files = {"pacs_seen_files": [str(capture)], "pacs_read_firewalls": False, "pacs_site": site}
    done = run(tmp_path, "simulate", **files)
    assert not done.ok
    assert "NOT SAFE TO ENFORCE. It would hurt: ct1, pacs1. Declare what belongs to the site" in " ".join(
        done.output.split()
    )
    assert run(tmp_path, "simulate", **files, pacs_simulate_fail_from=2).ok
    assert run(tmp_path, "simulate", **files, firewall_enforce_despite=["ct1", "pacs1"]).ok


def test_simulate_claims_nothing_about_a_firewall_that_is_down(tmp_path: Path, capture: Path) -> None:
    done = run(tmp_path, "simulate", pacs_seen_files=[str(capture)])
    assert not done.ok
    assert "NOT KNOWN whether this site is safe to enforce: edge wasn't read." in done.output


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"pacs_seen_files": ["/nonexistent/day.pcap"]}, "/nonexistent/day.pcap can't be read: No such file"),
        ({"pacs_seen_files": ["/etc/hostname"]}, "hostname: it holds nothing that is known here."),
        ({"pacs_seen_files": ["/"]}, "/ can't be read: Is a directory. Correct pacs_seen_files"),
        ({"pacs_site": {**lab_site(), "zones": {}}}, "lies in no declared zone"),
        ({"pacs_site": {}}, "no site is declared"),
        ({}, "Nothing was seen yet, so there is nothing to propose."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, variables: dict[str, Any], says: str) -> None:
    done = run(tmp_path, "propose", **{"pacs_read_firewalls": False, **variables})
    assert not done.ok
    assert says in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(tmp_path, "observe", pacs_report_directory=str(tmp_path / "file" / "report"))
    assert not done.ok
    assert "The report can't be written to" in done.output
    assert "Name a directory of your own." in done.output
