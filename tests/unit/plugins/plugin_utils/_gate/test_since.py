"""What a firewall's own counters say after a change: refused, now refused, not yet confirmed."""

from __future__ import annotations

from typing import Any

import pytest
from seen_flows import CT1, PACS1, STRANGER, WS1, declared, seen, undeclared
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.since import Since, since_change
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.view import read_view
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

STORE = declared(CT1, PACS1, 11112, "ct1 -> pacs1: RAD-8, RAD-10", count=3)
COMMIT = declared(PACS1, CT1, 11112, "pacs1 -> ct1: RAD-10", count=1)
RETRIEVE = declared(WS1, PACS1, 11112, "ws1 -> pacs1: RAD-14, RAD-16")
WORKLIST = declared(CT1, "198.18.40.10", 11112, "ct1 -> ris1: RAD-5")
FRESH = {"idle": 3, "count": 2}
ORDER = declared("198.18.20.11", "198.18.40.10", 2575, "ct1 -> ris1: conduit orders")


def site() -> dict[str, Any]:
    document = lab_site()
    document["devices"]["ct1"]["contact"] = "Anna Example, ext. 4711"
    return document


def change(
    before: dict[str, Any], after: dict[str, Any], *despite: str, document: dict[str, Any] | None = None
) -> Since:
    compiled = compile_site(document or site())
    just_changed = {"since": "2026-11-27T05:00:05Z", "read_at": "2026-11-27T05:00:20Z"}
    return since_change(
        compiled.site,
        compiled.policies["core"],
        read_view(seen(**before)),
        read_view(seen(**{"mode": "enforce", **just_changed, **after})),
        despite,
    )


class TestSilence:
    """Silence is told, and speaks against nobody."""

    def test_a_flow_of_an_unmanaged_device_names_the_person_and_the_test(self) -> None:
        (one,) = change({"declared": [STORE]}, {}).unconfirmed
        assert str(one) == (
            "ct1 -> pacs1:11112 tcp, used about every 40 min before. Ask Anna Example, ext. 4711 for a test at CT1's "
            "console: DICOM echo (C-ECHO) to PACS1, or send a test image"
        )

    def test_one_that_was_seen_again_is_confirmed(self) -> None:
        assert change({"declared": [STORE]}, {"declared": [{**STORE, "count": 1}]}) == Since()

    def test_the_way_back_to_a_modality_needs_its_person_too(self) -> None:
        (one,) = change({"declared": [COMMIT]}, {}).unconfirmed
        assert str(one) == (
            "pacs1 -> ct1:11112 tcp, used once in the 2 h before. Ask Anna Example, ext. 4711 for a test from PACS1: "
            "DICOM echo (C-ECHO) to CT1, or send a test image"
        )

    def test_what_probes_can_show_needs_nobody(self) -> None:
        assert change({"declared": [RETRIEVE]}, {}) == Since()

    def test_a_device_without_a_contact_is_somebodys_all_the_same(self) -> None:
        (one,) = change({"declared": [STORE]}, {}, document=lab_site()).unconfirmed
        assert one.contact == "whoever looks after ct1"

    def test_an_hl7_port_gets_a_message_and_any_other_port_is_used_once(self) -> None:
        document = site()
        document["conduits"] = [
            {"from": "ct1", "to": "ris1", "service": "hl7_mllp", "reason": "orders"},
            {"from": "ct1", "to": "ris1", "service": "https", "reason": "help pages"},
        ]
        pages = declared(CT1, "198.18.40.10", 443, "ct1 -> ris1: conduit help pages", count=1)
        tests = {one.test for one in change({"declared": [ORDER, pages]}, {}, document=document).unconfirmed}
        assert tests == {
            "at CT1's console: send a test message (HL7) to RIS1",
            "at CT1's console: use ris1, port 443, once",
        }

    def test_what_is_not_declared_any_more_is_not_missed(self) -> None:
        gone = declared(CT1, PACS1, 4242, "ct1 -> pacs1: conduit old port")
        assert change({"declared": [gone]}, {}) == Since()

    def test_the_busiest_comes_first(self) -> None:
        found = change({"declared": [COMMIT, {**WORKLIST, "count": 720}, STORE]}, {}).unconfirmed
        assert [one.flow for one in found] == [
            "ct1 -> ris1:11112 tcp",
            "ct1 -> pacs1:11112 tcp",
            "pacs1 -> ct1:11112 tcp",
        ]
        assert found[0].often == "used about every 10 s before"

    def test_a_firewall_that_had_no_rules_has_nothing_to_say(self) -> None:
        assert change({"mode": "none", "declared": []}, {}) == Since()

    def test_ranges_and_zones_tell_by_their_names(self) -> None:
        document = site()
        document["conduits"] = [
            {"from": "reading", "to": "ct1", "protocol": "tcp", "ports": ["5000-5010"], "reason": "remote view"}
        ]
        used = {
            "set": "range4_from_reading_to_modality",
            "key": ["198.18.60.0/24", CT1, "tcp", "5000-5010"],
            "note": "reading -> ct1: conduit remote view",
            "count": 2,
        }
        (one,) = change({"declared": [used]}, {"unused": [used["note"]]}, document=document).unconfirmed
        assert one.flow == "reading -> ct1:5000-5010 tcp"
        assert change({"declared": [used]}, {"unused": []}) == Since(), "it isn't in the new rules"


class TestRefusals:
    """What the enforcing rules refused since they are in force."""

    def test_declared_but_by_another_interface_speaks_against_the_change(self) -> None:
        found = change({}, {"undeclared": [undeclared(CT1, PACS1, 11112, declared=True, **FRESH)]})
        assert len(found.refused) == 1
        assert "ct1 -> pacs1:11112 tcp, 2 times, last 3 s ago; it is declared, but came or went by" in found.refused[0]

    def test_unless_it_was_refused_before_or_is_given_up_by_name(self) -> None:
        entry = undeclared(CT1, PACS1, 11112, declared=True, **FRESH)
        assert change({"mode": "enforce", "undeclared": [entry]}, {"undeclared": [entry]}) == Since()
        given_up = change({}, {"undeclared": [entry]}, "ct1")
        assert given_up.refused == () and len(given_up.now_refused) == 1

    def test_what_passed_before_and_is_not_declared_is_listed_and_not_blamed(self) -> None:
        found = change({}, {"undeclared": [undeclared(STRANGER, PACS1, 22, **FRESH)]})
        assert found == Since(now_refused=("198.18.20.77 (modality) -> pacs1:22 tcp, 2 times, last 3 s ago",))

    def test_a_flow_that_the_model_gave_up_is_listed(self) -> None:
        old = declared(CT1, PACS1, 4242, "ct1 -> pacs1: conduit old port")
        after = {"undeclared": [undeclared(CT1, PACS1, 4242, **FRESH)]}
        found = change({"mode": "enforce", "declared": [old]}, after)
        assert found.now_refused == ("ct1 -> pacs1:4242 tcp, 2 times, last 3 s ago",)
        assert change({"mode": "enforce"}, after) == Since(), "the control: refused before and after"

    @pytest.mark.parametrize(("idle", "counts"), [(3, True), (15, False), (3600, False)])
    def test_only_what_came_after_the_change_counts(self, idle: int, counts: bool) -> None:
        """The new rules are in force for 15 seconds."""
        found = change({}, {"undeclared": [undeclared(STRANGER, PACS1, 22, idle=idle)]})
        assert bool(found.now_refused) is counts

    def test_watching_refuses_nothing(self) -> None:
        after = {"mode": "watch", "undeclared": [undeclared(CT1, PACS1, 11112, declared=True, **FRESH)]}
        assert change({}, after) == Since()
