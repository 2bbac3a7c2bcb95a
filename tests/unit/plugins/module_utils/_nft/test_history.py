"""Which changes there were, which is in force, and which one a rollback returns to."""

from __future__ import annotations

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change, Entry
from ansible_collections.pacs.hardening.plugins.module_utils._nft.history import PastChange, choose, history
from ansible_collections.pacs.hardening.plugins.module_utils._nft.openings import (
    OpeningRecord,
    last_opening,
    parse_openings,
)

TABLE = "inet pacs"


def entry(number: int, rules: str, state: str = "confirmed", kind: str = "present", table: str = TABLE) -> Entry:
    """A change whose rules are told by one letter; the kernel lists them as its capital."""
    change_id = f"{number:08d}-00000000"
    day = f"2026-11-{number:02d}T00:00:00Z"
    return Entry(change_id, state, Change(change_id, table, kind, rules, rules.upper(), day, None, None, 10))


def numbers(changes: list[PastChange]) -> list[tuple[int, bool, int | None]]:
    return [(int(past.change.id[:8]), past.in_force, past.steps_back) for past in changes]


PAST = [
    entry(1, "a"),
    entry(2, "b"),
    entry(3, "a"),
    entry(4, "c", state="rolled_back"),
    entry(5, "d"),
    entry(6, "e", table="bridge pacs"),
    entry(7, "d"),
    Entry("00000008-00000000", "confirmed", None),
]


def test_the_newest_comes_first_and_a_ruleset_counts_once() -> None:
    assert numbers(history(PAST, TABLE, "D")) == [
        (7, True, 0),
        (5, False, None),
        (4, False, None),
        (3, False, 1),
        (2, False, 2),
        (1, False, None),
    ]


def test_what_is_in_force_is_what_the_kernel_says() -> None:
    assert [past.change.id[:8] for past in history(PAST, TABLE, "B") if past.in_force] == ["00000002"]
    assert not [past for past in history(PAST, TABLE, "C") if past.in_force], "a rolled back change never is"
    assert not [past for past in history(PAST, TABLE, "?") if past.in_force]
    pending = [*PAST, entry(9, "f", state="pending")]
    assert numbers(history(pending, TABLE, "F"))[0] == (9, True, None)


@pytest.mark.parametrize(("steps", "number"), [(1, 3), (2, 2)])
def test_steps_go_back_ruleset_by_ruleset(steps: int, number: int) -> None:
    choice = choose(history(PAST, TABLE, "D"), None, steps)
    assert choice.change is not None and choice.change.change.id == f"{number:08d}-00000000"
    assert f"going back to the rules of change {number:08d}-00000000, made 2026-11-0{number}" in choice.text
    assert f"{steps} back from the newest" in choice.text


def test_any_confirmed_change_can_be_named() -> None:
    choice = choose(history(PAST, TABLE, "D"), "00000001-00000000", 1)
    assert choice.change is not None and choice.change.change.text_sha256 == "a"


@pytest.mark.parametrize(
    ("change_id", "steps", "text"),
    [
        (
            None,
            3,
            "there is nothing to go back to: only 3 rulesets of this host are kept, 00000007-00000000 (2026-11-07",
        ),
        (
            "00000004-00000000",
            1,
            "change 00000004-00000000 is rolled back, and only a confirmed one can be returned to",
        ),
        ("00000099-00000000", 1, "this host knows no change 00000099-00000000 of this table; there are 00000007"),
        ("00000006-00000000", 1, "this host knows no change 00000006"),
        ("the last one", 1, "'the last one' is no change id; there are 00000007"),
    ],
)
def test_why_there_is_no_way_back(change_id: str | None, steps: int, text: str) -> None:
    choice = choose(history(PAST, TABLE, "D"), change_id, steps)
    assert choice.change is None and text in choice.text


def test_a_young_host_has_no_way_back() -> None:
    assert "no ruleset was ever confirmed" in choose([], None, 1).text
    assert "no ruleset was ever confirmed" in choose(history([entry(1, "a", "pending")], TABLE, "A"), None, 1).text
    assert "only one ruleset of this host" in choose(history([entry(1, "a")], TABLE, "A"), None, 1).text


def test_what_is_in_force_already_is_said_to_be() -> None:
    for change_id in ("00000007-00000000", "00000005-00000000"):
        choice = choose(history(PAST, TABLE, "D"), change_id, 1)
        assert choice.change is not None and "in force already" in choice.text
    back = choose(history(PAST, TABLE, "something else"), "00000007-00000000", 1)
    assert "going back to the rules" in back.text


def test_going_back_to_before_the_first_rules_is_said() -> None:
    past = history([entry(1, "", kind="absent"), entry(2, "a")], TABLE, "A")
    assert "going back to no rules at all of change 00000001" in choose(past, None, 1).text


OPENED = (
    '{"at": "2026-11-27T03:00:00Z", "what": "opened", "until": "2026-11-27T03:30:00Z",'
    ' "by": "anna on tty1", "reason": "CT"}'
)
CLOSED = OPENED.replace("opened", "closed").replace("CT", "")


def test_the_record_of_openings() -> None:
    records = parse_openings(f"{OPENED}\n{CLOSED}\n")
    assert records[0] == OpeningRecord("2026-11-27T03:00:00Z", "opened", "2026-11-27T03:30:00Z", "anna on tty1", "CT")
    assert last_opening(records[:1]) == records[0]
    assert last_opening(records) is None and last_opening([]) is None


@pytest.mark.parametrize(
    "line",
    [OPENED[:60], "", "null", "[]", '{"at": 1}', OPENED.replace('"opened"', '"eaten"'), OPENED.replace('"CT"', "7")],
)
def test_a_line_that_was_cut_short_is_left_out(line: str) -> None:
    assert parse_openings(f"{line}\n{OPENED}\n") == parse_openings(OPENED)
