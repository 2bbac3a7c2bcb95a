"""The lab with canaries in it, untouched and half hardened. Run by prepare.yml."""

from __future__ import annotations

import json
from collections.abc import Callable

from audits import UNNAMED_STORE, UNPROTECTED, Audit
from canaries import PASSWORD, PATIENT

from lab import nodes, workflows
from lab.topology import topology
from playbooks import run_playbook

FIREWALLS = ("core", "edge")
CREDENTIALS = "/etc/orthanc/credentials.json"
WORKLIST = "/etc/lab/worklist-entry.dump"


def test_a_patient_and_a_password_are_planted() -> None:
    stored = workflows.store_images(["test_files/CT_small.dcm"], patient=PATIENT)
    assert stored.ok, stored.detail
    users = json.loads(nodes.read_file("pacs1", CREDENTIALS) or "{}")
    users["RegisteredUsers"]["radiology"] = PASSWORD
    nodes.write_file("pacs1", CREDENTIALS, json.dumps(users), mode=0o640)
    nodes.run("pacs1", ["/bin/chgrp", "orthanc", CREDENTIALS], check=True)
    entry = nodes.read_file("ris1", WORKLIST) or ""
    assert "LAB^SYNTHETIC" in entry
    nodes.write_file("ris1", WORKLIST, entry.replace("LAB^SYNTHETIC", PATIENT))
    for node, unit in (("pacs1", "orthanc"), ("ris1", "lab-worklist")):
        nodes.run(node, ["/bin/systemctl", "restart", unit], check=True)
    nodes.wait_ready([topology().node("pacs1"), topology().node("ris1")])
    assert workflows.read_worklist().ok


def test_the_untouched_lab_is_judged_and_left_as_it_is(judge_untouched: Callable[..., Audit]) -> None:
    for name in FIREWALLS:
        assert nodes.run(name, ["/usr/bin/test", "-e", "/usr/sbin/nft"]).returncode != 0, "this needs hosts without nft"
    made = judge_untouched("untouched")
    assert made.verdict == "fail" and set(made.reached().values()) == {"ok"}
    of_firewalls = {(f"SEG-0{number}", name) for number in (1, 2, 5, 7) for name in FIREWALLS}
    of_network = {("SEG-03", name) for name in ("pacs1", "ris1", "his1", "ws1")}
    assert made.in_state("fail") == of_firewalls | of_network | UNPROTECTED | {("AE-01", "pacs1"), ("CFG-01", "pacs1")}
    assert made.in_state("error", "not_assessed") == UNNAMED_STORE | {("INV-02", name) for name in FIREWALLS}, (
        "nothing remembers"
    )
    assert "from ris1 to pacs1 (198.18.30.10) tcp 22: it is open, and nothing declares it" in made.observed(
        "SEG-03", "ris1"
    )
    assert {cell["state"] for cell in made.report["reachability"]["cells"]} == {"not enforced"}


def test_half_of_it_hardened_is_told_from_the_other_half(judge_untouched: Callable[..., Audit]) -> None:
    done = run_playbook("pacs.hardening.site", "--limit", "core")
    assert done.ok and done.changed["core"], done.output
    made = judge_untouched("half")
    for control in ("SEG-01", "SEG-02", "SEG-05"):
        assert (made.state(control, "core"), made.state(control, "edge")) == ("pass", "fail")
    assert made.in_state("error", "not_assessed") == UNNAMED_STORE | {("INV-02", "edge")}
