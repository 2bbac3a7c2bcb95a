"""What worked before a change is held against what works after it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.asked import (
    Compared,
    compare,
    lost_ids,
    read_asked,
    worth_repeating,
)

TEXT = "ws1 -> pacs1:11112 C-ECHO"


def asked(outcome: str = "open", detail: str = "C-ECHO answered", **changes: Any) -> dict[str, Any]:
    """One vantage point with one probe, as the action returns it."""
    return {
        "vantage": "ws1",
        "reached": True,
        "reason": "",
        "probes": [{"id": "a", "text": TEXT}],
        "results": [{"id": "a", "outcome": outcome, "detail": detail, "connected": outcome == "open"}],
        **changes,
    }


def compared(before: dict[str, Any], *after: dict[str, Any]) -> Compared:
    return compare(read_asked([before]), read_asked(list(after)))


def test_what_works_on_is_counted() -> None:
    assert compared(asked(), asked()) == Compared(working=1)


@pytest.mark.parametrize("outcome", ["refused", "timeout", "unreachable", "error", "skipped"])
def test_what_worked_and_does_not_any_more_is_lost(outcome: str) -> None:
    found = compared(asked(), asked(outcome, "no connection within 3 s"))
    assert found.lost == (f"{TEXT} worked before the change, and doesn't any more: no connection within 3 s",)
    assert found.working == 0


def test_a_probe_without_a_result_is_lost_too() -> None:
    found = compared(asked(), asked(results=[]))
    assert found.lost == (f"{TEXT} worked before the change, and doesn't any more: nothing is known about it",)


def test_what_was_broken_before_is_told_and_not_blamed() -> None:
    found = compared(asked("refused", "connection refused"), asked("refused", "connection refused"))
    assert found == Compared(
        broken_before=(f"{TEXT} doesn't work, and didn't before the change either (connection refused)",)
    )


def test_what_a_change_mends_is_mentioned() -> None:
    found = compared(asked("timeout", "no connection within 3 s"), asked())
    assert found == Compared(mended=(f"{TEXT} works now; before the change it didn't (no connection within 3 s)",))


def test_a_vantage_point_that_was_not_there_before_shows_nothing() -> None:
    found = compared(asked(reached=False, reason="connection refused", results=[]))
    assert found == Compared(unasked=("nothing was tried from ws1, which can't be reached: connection refused",))


@pytest.mark.parametrize("after", [[], [asked(reached=False, reason="connection lost: timed out", results=[])]])
def test_a_vantage_point_that_was_there_before_and_is_gone_may_have_been_cut_off(after: list[dict[str, Any]]) -> None:
    found = compared(asked(), *after)
    assert len(found.cut) == 1 and found.cut[0].startswith("ws1 could be reached before the change, and can't be")
    assert found.lost == ()


def test_what_was_left_out_is_said() -> None:
    found = compared(asked(left_out=7), asked())
    assert found.unasked == ("7 declared connections from ws1 are beyond what is tried",)


def test_a_peer_that_hung_is_left_in_peace_and_silence_is_asked_again() -> None:
    (before,) = read_asked(
        [
            asked(
                probes=[],
                results=[
                    {"id": "works", "outcome": "open", "detail": "", "connected": True},
                    {"id": "hung", "outcome": "timeout", "detail": "connected, then nothing", "connected": True},
                    {"id": "dropped", "outcome": "timeout", "detail": "no connection", "connected": False},
                    {"id": "shut", "outcome": "refused", "detail": "", "connected": False},
                    {"id": "late", "outcome": "skipped", "detail": "not asked", "connected": False},
                ],
            )
        ]
    )
    assert worth_repeating(before.results) == {"works", "dropped", "shut"}
    assert lost_ids(before.results, {}) == {"works"}


@pytest.mark.parametrize("value", [None, "x", [None], [{}], {"vantage": "a"}, [{"vantage": 3}]])
def test_garbage_is_no_vantage_point(value: object) -> None:
    assert read_asked(value) == ()
