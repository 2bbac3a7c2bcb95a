"""One change of several firewalls: all keep their new rules, or all go back; and one message says what became of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.asked import Compared
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.batch import (
    Verdict,
    judge,
    read_looked,
    read_members,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.outcome import Outcome, conclude, read_settled

BOTH = ("core", "edge")
ARMED = {
    "core": {"change_id": "00000007-aaaaaaaa", "deadline": "2026-11-27T05:01:00Z"},
    "edge": {"change_id": "00000003-bbbbbbbb", "deadline": "2026-11-27T05:01:02Z"},
}
SEEN = {"core": {"reached": True}, "edge": {"reached": True}}
CONFIRMED = {"core": {"confirmed": True}, "edge": {"confirmed": True}}
BACK = {"core": {"confirmed": False, "rolled_back": True}, "edge": {"confirmed": False, "rolled_back": True}}
LOST = Compared(lost=("ws1 -> pacs1:11112 C-ECHO worked before the change, and doesn't any more: no connection",))


def failed(message: str) -> dict[str, Any]:
    """A firewall that could not apply its rules."""
    return {"change_id": "00000003-bbbbbbbb", "applied": {"failed": True, "msg": message}}


def judged(
    members: dict[str, Any] | None = None, seen: dict[str, Any] | None = None, compared: Compared | None = None
) -> Verdict:
    return judge(BOTH, read_members(members or ARMED), compared or Compared(), read_looked(seen or SEEN))


def concluded(
    verdict: Verdict,
    settled: dict[str, Any],
    restored: dict[str, Any] | None = None,
    members: dict[str, Any] | None = None,
) -> Outcome:
    return conclude(BOTH, read_members(members or ARMED), verdict, read_settled(settled), read_settled(restored or {}))


class TestJudgement:
    def test_everything_works(self) -> None:
        assert judged() == Verdict()
        assert judged().passed

    def test_a_lost_connection_speaks_against_it(self) -> None:
        verdict = judged(compared=LOST)
        assert verdict.failures == LOST.lost
        assert "look at what the proof can't see: routes and address translation on core, edge" in verdict.advice[0]

    def test_a_vantage_point_that_is_cut_off_speaks_against_it(self) -> None:
        verdict = judged(compared=Compared(cut=("ws1 could be reached before the change, and can't be any more: x",)))
        assert not verdict.passed and "management sources" in verdict.advice[0]

    def test_one_firewall_that_failed_is_enough(self) -> None:
        verdict = judged({**ARMED, "edge": failed("table inet pacs: the rules were not applied")})
        assert verdict.failures == ("edge: table inet pacs: the rules were not applied",)

    def test_one_that_nobody_reached_is_enough(self) -> None:
        verdict = judged({**ARMED, "edge": {"applied": {"unreachable": True, "msg": "timed out"}}})
        assert verdict.failures == ("edge: it can't be reached, and nothing was changed there: timed out",)

    def test_rules_that_let_no_new_connection_in_speak_against_the_change(self) -> None:
        cut = {**ARMED["edge"], "waiting": {"unreachable": True, "msg": "timed out"}}
        verdict = judged({**ARMED, "edge": cut})
        assert verdict.failures[0].startswith("edge: no new connection could be made under the new rules: timed out. ")
        late = {**ARMED["edge"], "waiting": {"failed": True, "msg": "change 3 doesn't wait any more"}}
        assert judged({**ARMED, "edge": late}).failures == ("edge: change 3 doesn't wait any more",)

    def test_where_not_all_are_armed_nothing_was_tried_and_silence_is_no_failure(self) -> None:
        verdict = judged({**ARMED, "edge": failed("no")}, {"core": {"reached": False}}, LOST)
        assert verdict.failures == ("edge: no",)

    def test_one_that_vanished_from_the_run_is_missed(self) -> None:
        assert judged({"core": ARMED["core"]}).failures[0].startswith("edge dropped out of the run")

    def test_one_that_can_not_be_reached_afterwards_speaks_against_it(self) -> None:
        verdict = judged(seen={**SEEN, "edge": {"reached": False, "reason": "connection lost: timed out"}})
        assert verdict.failures == ("edge can't be reached any more over a new connection: connection lost: timed out",)
        assert "If edge is up" in verdict.advice[0]
        assert not judged(seen={"core": {"reached": True}}).passed, "nobody looked at edge"

    def test_one_without_new_rules_is_no_failure(self) -> None:
        assert judged({**ARMED, "edge": {"change_id": ""}}).passed

    def test_what_is_declared_and_refused_speaks_against_it(self) -> None:
        verdict = judged(seen={**SEEN, "core": {"reached": True, "refused": ["ct1 -> pacs1:11112 tcp, twice"]}})
        assert verdict.failures == ("core refuses what is declared: ct1 -> pacs1:11112 tcp, twice",)

    def test_what_speaks_against_nobody_is_noted_once(self) -> None:
        unconfirmed = [{"text": "ct1 -> pacs1:11112 tcp, used about every 40 min before. Ask Anna for a test"}]
        seen = {name: {"reached": True, "unconfirmed": unconfirmed, "now_refused": ["x"]} for name in BOTH}
        compared = Compared(mended=("m works now",), broken_before=("b doesn't work",), unasked=("u",))
        verdict = judged(seen=seen, compared=compared)
        assert verdict.passed
        assert verdict.notes == (
            "m works now",
            "b doesn't work",
            "u",
            "now refused: x",
            f"not yet confirmed: {unconfirmed[0]['text']}",
        )


class TestOutcome:
    def test_confirmed_everywhere(self) -> None:
        assert concluded(Verdict(), CONFIRMED) == Outcome(BOTH, "")

    def test_the_message_says_why_and_which_rules_are_in_force_and_what_to_do(self) -> None:
        outcome = concluded(judged(compared=LOST), BACK)
        assert outcome.message == (
            "The change was taken back:\n"
            "  1. ws1 -> pacs1:11112 C-ECHO worked before the change, and doesn't any more: no connection\n"
            "Which rules are in force now:\n"
            "  core: those from before (change 00000007-aaaaaaaa is rolled back)\n"
            "  edge: those from before (change 00000003-bbbbbbbb is rolled back)\n"
            "What to do:\n"
            "  The rules were proven to let through what is declared. So look at what the proof can't see: routes and "
            "address translation on core, edge, tables that somebody else has loaded meanwhile (`nft list ruleset`), "
            "the device itself.\n"
            "  Then run again."
        )

    def test_one_that_can_not_be_asked_goes_back_by_itself(self) -> None:
        gone = {"unreachable": True, "msg": "Failed to connect to the host via ssh"}
        outcome = concluded(judged(compared=LOST), {**BACK, "edge": gone})
        assert (
            "  edge: it can't be asked (Failed to connect to the host via ssh). By itself it puts those from before "
            "back at 2026-11-27T05:01:02Z (change 00000003-bbbbbbbb), and whenever it starts anew."
        ) in outcome.message

    def test_a_failed_confirmation_takes_back_what_was_confirmed(self) -> None:
        late = {"failed": True, "rolled_back": True, "msg": "change 00000003-bbbbbbbb can't be confirmed: too late"}
        settled = {**CONFIRMED, "edge": late}
        outcome = concluded(Verdict(), settled, {"core": {"confirmed": True}})
        assert "1. edge didn't confirm: change 00000003-bbbbbbbb can't be confirmed: too late" in outcome.message
        assert "core: those from before; it had confirmed already, so they were applied anew" in outcome.message
        assert "edge: those from before (change 00000003-bbbbbbbb is rolled back)" in outcome.message
        assert outcome.confirmed == ()

    def test_one_that_keeps_the_new_rules_is_shouted(self) -> None:
        settled = {**CONFIRMED, "edge": {"unreachable": True, "msg": "gone"}}
        for restored in ({}, {"core": {"failed": True, "msg": "disk full"}}):
            assert "core: THE NEW ONES" in concluded(Verdict(), settled, restored).message

    def test_nothing_was_armed_at_all(self) -> None:
        members = {"core": failed("another change waits"), "edge": {}}
        outcome = concluded(judged(members), {}, members=members)
        assert outcome.message == (
            "Nothing was changed:\n  1. core: another change waits\nWhat to do:\n  Mend that, and run again."
        )

    def test_only_files_had_to_change(self) -> None:
        members = {"core": {"change_id": ""}, "edge": {"change_id": ""}}
        assert concluded(judged(members), {}, members=members) == Outcome((), "")

    def test_a_long_list_is_cut_short(self) -> None:
        verdict = Verdict(failures=tuple(f"probe {number}" for number in range(40)))
        assert "  and 25 more\n" in concluded(verdict, BACK).message
