"""A device with C(probe: never) is sent nothing, neither by the dry run nor by a change and its gate."""

from __future__ import annotations

from collections.abc import Callable

from arrivals import counting
from audits import Audit
from sites import lab_site

from lab import nodes
from playbooks import run_playbook

Judge = Callable[..., Audit]


def test_nothing_is_sent_to_a_device_that_says_never(judge_lab: Judge, hardened: Audit) -> None:
    site = lab_site()
    site["devices"]["ct1"]["probe"] = "never"
    site["conduits"] = [{"from": "ops1", "to": "ct1", "protocol": "tcp", "ports": [2222], "reason": "a change"}]
    with counting("ct1") as counted:
        done = run_playbook("pacs.hardening.site", variables={"pacs_site": site})
        made = judge_lab("never", pacs_site=site)
        assert counted() == 0
    assert done.ok and done.changed["core"] == 1 and "probing ws1 -> pacs1:11112" in done.output, done.output
    assert made.state("SEG-02", "core") == "pass"
    with counting("ct1") as counted:
        nodes.run("pacs1", ["/bin/nc", "-z", "-w", "2", "198.18.20.11", "11112"])
        assert counted() > 0, "the control: what is sent is counted"
    assert run_playbook("pacs.hardening.site").ok
