"""What is tried from where: nothing that the site forbids, and the same plan every time."""

from __future__ import annotations

from typing import Any

from sites import lab_site

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import PROBE_ARGUMENTS, read_probes
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.probe_plan import (
    MOST_DECLARED,
    MOST_UNDECLARED,
    Plan,
    plan_gate,
    plan_probes,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


def plans(site: dict[str, Any] | None = None) -> dict[str, Plan]:
    return plan_probes(compile_site(site or lab_site()))


def test_only_managed_devices_are_vantage_points() -> None:
    assert set(plans()) == {"pacs1", "ris1", "his1", "ws1", "ops1"}


def test_the_module_takes_every_probe() -> None:
    for plan in plans().values():
        items = [{**{name: None for name in PROBE_ARGUMENTS}, **one.argument()} for one in plan.probes]
        defaults = {name: spec.get("default") for name, spec in PROBE_ARGUMENTS.items()}
        filled = [{key: defaults[key] if value is None else value for key, value in item.items()} for item in items]
        assert all(set(one.argument()) <= set(PROBE_ARGUMENTS) for one in plan.probes)
        assert read_probes(filled)[1] == []


def test_what_is_declared_is_asked_in_its_own_words() -> None:
    (probe,) = (one for one in plans()["ws1"].probes if one.declared and one.family == 4)
    assert probe.argument() == {
        "id": "ws1 to pacs1, 198.18.30.10 port 11112",
        "address": "198.18.30.10",
        "port": 11112,
        "application": "dicom",
        "called_aet": "PACS1",
        "probe": "echo",
    }


def test_a_modality_is_left_alone_unless_the_site_says_otherwise() -> None:
    assert {one.probe for one in plans()["pacs1"].probes if one.target == "ct1"} == {"passive"}
    site = lab_site()
    site["devices"]["ris1"]["probe"] = "never"
    for plan in plans(site).values():
        assert {one.probe for one in plan.probes if one.target == "ris1"} <= {"never"}


def test_what_is_not_declared_is_a_sample_of_every_zone_and_both_ip_versions() -> None:
    undeclared = [one for one in plans()["ws1"].probes if not one.declared]
    assert len(undeclared) == MOST_UNDECLARED
    assert {one.zone for one in undeclared} == {"", "management", "pacs", "ris", "his"}
    assert {one.family for one in undeclared} == {4, 6}
    assert {one.port for one in undeclared} == {22}


def test_what_administrators_may_do_is_never_taken_for_undeclared() -> None:
    assert all(one.declared for one in plans()["ops1"].probes)


def test_unmanaged_devices_get_no_undeclared_probe() -> None:
    assert not [one for plan in plans().values() for one in plan.probes if one.target == "ct1" and not one.declared]


def test_a_large_site_is_tried_in_part_and_says_so() -> None:
    site = lab_site()
    for number in range(MOST_DECLARED):
        site["devices"][f"ws{number + 100}"] = {
            "zone": "reading",
            "addresses": [f"198.18.60.{number + 100}"],
            "managed": True,
        }
    plan = plans(site)["ops1"]
    assert len([one for one in plan.probes if one.declared]) == MOST_DECLARED
    assert plan.left_out > 0


def gate(*firewalls: str, site: dict[str, Any] | None = None) -> dict[str, list[str]]:
    plans_of = plan_gate(compile_site(site or lab_site()), firewalls)
    return {name: [one.text for one in plan.probes] for name, plan in plans_of.items()}


class TestGate:
    """What must still work once a firewall has changed."""

    def test_it_is_what_is_declared_through_the_firewall_and_may_be_tried(self) -> None:
        planned = gate("core")
        assert planned["ws1"] == ["ws1 -> pacs1:11112 C-ECHO", "ws1 -> pacs1:11112 C-ECHO over IPv6"]
        assert planned["pacs1"] == ["pacs1 -> ws1:11112 C-ECHO", "pacs1 -> ws1:11112 C-ECHO over IPv6"], (
            "and nothing to ct1, a passive modality"
        )
        assert planned["his1"] == ["his1 -> ris1:2575 TCP", "his1 -> ris1:2575 TCP over IPv6"]
        assert {text.partition(":")[0] for text in planned["ops1"]} == {
            f"ops1 -> {name}" for name in ("core", "edge", "pacs1", "ris1", "his1", "ws1")
        }

    def test_a_flow_that_meets_another_firewall_only_is_left_alone(self) -> None:
        assert gate("edge") == {"ops1": ["ops1 -> edge:22 TCP", "ops1 -> edge:22 TCP over IPv6"]}
        assert gate("core", "edge") == gate("core")
        assert gate() == {}

    def test_a_peer_that_says_never_is_never_asked(self) -> None:
        site = lab_site()
        site["devices"]["pacs1"]["probe"] = "never"
        assert "ws1" not in gate("core", site=site)
        site["devices"]["ct1"]["probe"] = "echo"
        assert "pacs1 -> ct1:11112 C-ECHO" in gate("core", site=site)["pacs1"], "the control"

    def test_a_large_site_is_tried_in_part(self) -> None:
        site = lab_site()
        for number in range(MOST_DECLARED):
            site["devices"][f"ws{number + 100}"] = {
                "zone": "reading",
                "addresses": [f"198.18.60.{number + 100}"],
                "managed": True,
            }
        plan = plan_gate(compile_site(site), ["core"])["ops1"]
        assert len(plan.probes) == MOST_DECLARED
        assert plan.left_out == 12
