"""What is made of antivirus evidence: nothing raises, whatever a host says, and who is judged for what."""

from __future__ import annotations

from datetime import date
from typing import Any

import antivirus_evidence as evidence
import pytest
from antivirus_evidence import IMPORT, STORE
from antivirus_example import confirmation, profile, shipped
from compliance_example import NOW, hardened_site, profiles
from compliance_lab import found, whole
from strange import spoilt

from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.collected import HostRecord, read_host
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_antivirus import antivirus_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_files import files_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_governance import (
    place_of,
    read_profiles,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.hand_over import hand_over
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

TODAY = date.fromisoformat(NOW[:10])
PROFILES = read_profiles(shipped(), profiles(), TODAY)
DEVICE = load_site(hardened_site()).site.devices["pacs1"]
PLACE = place_of(DEVICE, PROFILES)


def record(antivirus: Any, directories: Any) -> HostRecord:
    parts = {"antivirus": antivirus, "directories": directories}
    return read_host({"reached": "ok", "reason": "", "evidence": {"format": 1, "parts": parts}})


@pytest.mark.parametrize("part", [evidence.clamav(), evidence.defender()], ids=["clamav", "defender"])
def test_whatever_a_host_says_of_its_antivirus_nothing_raises(part: Any) -> None:
    whole_directories = evidence.directories(STORE, IMPORT)
    seen = [(changed, whole_directories) for changed in spoilt(part["value"])]
    seen += [(part["value"], {"status": "ok", "value": changed}) for changed in spoilt(whole_directories["value"])]
    for value, directories in seen:
        antivirus = {"status": "ok", "value": value}
        known, _unknown = antivirus_facts(DEVICE, record(antivirus, directories), PLACE, TODAY)
        # The rest is for JMESPath, which takes what is a text, a number, a list or nothing.
        assert {type(fact) for fact in known.values()} <= {str, int, bool, list, dict, type(None)}, value


def test_whatever_is_brought_along_of_files_nothing_raises() -> None:
    part, scanned = evidence.directories(STORE, IMPORT), evidence.scanned(STORE, IMPORT)
    looks = [(part["value"], changed) for changed in spoilt(scanned)]
    looks += [(changed, scanned) for changed in spoilt(part["value"])]
    for value, brought in looks:
        host = record({"status": "absent", "reason": "none"}, {"status": "ok", "value": value})
        known, _unknown = files_facts(DEVICE, host, PLACE, brought, TODAY)
        assert known["concerned"] is True


class TestWhoIsJudged:
    def state(self, control: str, subject: str, **antivirus: Any) -> tuple[str, str]:
        lab = whole()
        lab.site["devices"][subject].update(managed=False)
        lab.site["devices"][subject]["antivirus"] = antivirus
        return found(lab.report(), control, subject)

    def test_a_windows_device_is_left_open_and_its_exclusions_are_handed_over(self) -> None:
        lab = whole()
        lab.profiles["viewer"] = {
            **profile(platform="windows"),
            "paths": [{**profile()["paths"][0], "path": "D:\\Images"}],
        }
        lab.site["devices"]["ws1"].update(managed=False)
        lab.site["devices"]["ws1"]["antivirus"] = {"agent": "defender_windows", "profiles": ["viewer"]}
        for control in ("AV-01", "AV-02", "AV-03", "AV-04", "AV-05", "AV-06", "AV-08"):
            state, said = found(lab.report(), control, "ws1")
            assert state == "not_assessed" and "have not been applied" in said, control
        assert found(lab.report(), "AV-07", "ws1")[0] == "pass"
        files = hand_over(load_site(lab.site).site, read_profiles(shipped(), lab.profiles, TODAY))
        (name, text), *others = files.items()
        assert name == "ws1-defender-exclusions.ps1" and not others
        assert "# NOT APPLIED." in text and "Add-MpPreference -ExclusionPath 'D:\\Images'" in text

    def test_unconfirmed_exclusions_are_not_handed_over(self) -> None:
        site = hardened_site()
        site["devices"]["ws1"]["antivirus"] = {"agent": "defender_windows", "profiles": ["viewer"]}
        unconfirmed = {key: value for key, value in profile(platform="windows").items() if key not in confirmation()}
        unconfirmed["paths"] = [{**profile()["paths"][0], "path": "D:\\Images"}]
        assert hand_over(load_site(site).site, read_profiles(shipped(), {"viewer": unconfirmed}, TODAY)) == {}

    def test_a_device_of_which_nothing_is_said_is_left_open_once(self) -> None:
        state, said = self.state("AV-01", "ws1")
        assert state == "not_assessed" and "the site says nothing of its antivirus" in said
        assert self.state("AV-04", "ws1") == ("not_applicable", "no antivirus is known of here; AV-01 says why")

    def test_a_device_whose_maker_forbids_it_is_spared_with_its_reason(self) -> None:
        state, said = self.state("AV-01", "ws1", mds2={"MLDP-2": "no", "MLDP-5": "yes"})
        assert state == "not_applicable" and "MLDP-2 (anti-malware software is supported): no" in said
        assert self.state("AV-07", "ws1", mds2={"MLDP-2": "no", "MLDP-5": "yes"})[0] == "pass"

    def test_what_protects_it_instead_is_shown_with_how_it_was_judged(self) -> None:
        lab = whole()
        (device,) = lab.report().document()["without_antivirus"]
        assert device["name"] == "ct1" and device["instead"] == ["MLDP-4 (only allow-listed software runs): yes"]
        shown = {(one["control"], one["subject"]): one["state"] for one in device["controls"]}
        assert shown == {("AV-07", "ct1"): "pass", ("SEG-02", "core"): "pass", ("SEG-05", "core"): "pass"}
        lab.rules().clear()
        (device,) = lab.report().document()["without_antivirus"]
        assert {one["state"] for one in device["controls"] if one["subject"] == "core"} == {"fail"}

    def test_a_missing_scanner_is_one_failure_and_not_eight(self) -> None:
        lab = whole()
        lab.hosts["pacs1"]["evidence"]["parts"]["antivirus"] = {"status": "absent", "reason": "none is installed"}
        made = lab.report()
        states = {f"AV-0{number}": found(made, f"AV-0{number}", "pacs1")[0] for number in (1, 2, 3, 4, 5, 6, 8)}
        assert states.pop("AV-01") == "fail" and set(states.values()) == {"not_applicable"}

    def test_defender_that_test_files_proved_passes(self) -> None:
        lab = whole()
        lab.hosts["pacs1"]["evidence"]["parts"]["antivirus"] = evidence.defender()
        lab.site["devices"]["pacs1"]["antivirus"]["agent"] = "defender_linux"
        state, said = found(lab.report(), "AV-01", "pacs1")
        assert state == "pass" and "test files showed it" in said

    def test_a_profile_that_hides_a_way_in_is_not_governed(self) -> None:
        lab = whole()
        lab.site["devices"]["pacs1"]["antivirus"]["landing"] = [f"{STORE}/incoming"]
        state, said = found(lab.report(), "AV-07", "pacs1")
        assert state == "fail" and "a place through which files come in" in said
