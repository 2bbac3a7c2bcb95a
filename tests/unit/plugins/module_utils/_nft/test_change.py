"""Ids, the journal's values, and who decides about a change."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import RULESET_ARGUMENTS, out_of_bounds
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import (
    Change,
    Entry,
    is_live,
    newest_confirmed,
    next_change_id,
    parse_change,
    pending,
    pending_message,
    require_change_id,
    superseded,
    unfinished,
    valid_change_id,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

CHANGE = Change(
    id="00000012-1a2b3c4d",
    table="inet pacs",
    kind="present",
    text_sha256="a" * 64,
    canonical_sha256="b" * 64,
    created_utc="2026-11-23T18:03:26Z",
    deadline=1000.5,
    deadline_utc="2026-11-23T18:04:31Z",
    keep=10,
)


def entry(number: int, state: str, table: str = "inet pacs", restored: bool = True) -> Entry:
    change_id = f"{number:08d}-00000000"
    return Entry(change_id, state, dataclasses.replace(CHANGE, id=change_id, table=table), restored)


@pytest.mark.parametrize(
    "text", ["", "1", "../../etc", "00000012-1a2b3c4", "00000012-1A2B3C4D", "00000012-1a2b3c4d\n", "٠٠٠٠٠٠١٢-1a2b3c4d"]
)
def test_only_our_ids_reach_a_path_or_a_unit_name(text: str) -> None:
    assert not valid_change_id(text)
    with pytest.raises(HardeningError, match="not a change id"):
        require_change_id(text)


def test_ids_rise() -> None:
    assert next_change_id([], "00000000") == "00000001-00000000"
    assert next_change_id(["00000009-ffffffff", "00000010-00000000", "junk"], "1a2b3c4d") == "00000011-1a2b3c4d"


def test_a_change_survives_the_disk() -> None:
    assert parse_change(CHANGE.to_json()) == CHANGE
    unarmed = dataclasses.replace(CHANGE, deadline=None, deadline_utc=None, canonical_sha256=None)
    assert parse_change(unarmed.to_json()) == unarmed


@given(st.integers(0, len(CHANGE.to_json()) - 2))
def test_a_truncated_change_is_refused(length: int) -> None:
    with pytest.raises(HardeningError):
        parse_change(CHANGE.to_json()[:length])


@given(st.sampled_from([field.name for field in dataclasses.fields(CHANGE)]), st.integers() | st.text() | st.booleans())
def test_no_value_on_disk_gives_a_traceback(field: str, value: object) -> None:
    raw = json.loads(CHANGE.to_json())
    raw[field] = value
    try:
        parse_change(json.dumps(raw))
    except HardeningError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("now", "armed", "same_boot", "live"),
    [
        (999.0, True, True, True),
        (1000.5, True, True, False),  # The deadline has passed.
        (999.0, False, True, False),  # Its process died before arming, or somebody stopped the timer.
        (999.0, True, False, False),  # The host was restarted.
    ],
)
def test_when_a_pending_change_can_still_be_confirmed(now: float, armed: bool, same_boot: bool, live: bool) -> None:
    assert is_live(Entry(CHANGE.id, "pending", CHANGE), now, armed, same_boot) is live


def test_a_damaged_journal_can_not_be_confirmed() -> None:
    assert not is_live(Entry(CHANGE.id, "pending", None), 0.0, True, True)


def test_the_refusal_names_change_and_deadline() -> None:
    message = pending_message(Entry(CHANGE.id, "pending", CHANGE), 990.5)
    assert CHANGE.id in message
    assert "2026-11-23T18:04:31Z (10 s from now)" in message


def test_newest_confirmed_is_by_table() -> None:
    entries = [entry(1, "confirmed"), entry(3, "confirmed", "bridge pacs"), entry(2, "confirmed"), entry(4, "pending")]
    found = newest_confirmed(entries, "inet pacs")
    assert found is not None and found.id.startswith("00000002")
    assert newest_confirmed(entries, "inet pacs_observe") is None


def test_an_unfinished_rollback_counts_only_while_it_is_the_newest_change() -> None:
    half = entry(2, "rolled_back", restored=False)
    assert unfinished([entry(1, "confirmed"), half]) == half
    assert unfinished([half, entry(3, "confirmed")]) is None
    assert unfinished([entry(2, "rolled_back")]) is None
    assert unfinished([]) is None


def test_pending_is_in_order() -> None:
    assert [item.id[:8] for item in pending([entry(5, "pending"), entry(2, "pending"), entry(1, "confirmed")])] == [
        "00000002",
        "00000005",
    ]


def test_the_newest_are_kept() -> None:
    entries = [entry(number, "confirmed") for number in range(5)] + [entry(9, "confirmed", "bridge pacs")]
    assert superseded(entries, "inet pacs", 3) == [
        ("confirmed", "00000000-00000000"),
        ("confirmed", "00000001-00000000"),
    ]


def test_bounds_are_named() -> None:
    given_arguments = {name: spec.get("default") for name, spec in RULESET_ARGUMENTS.items()}
    assert out_of_bounds(given_arguments) is None
    assert "confirm_timeout is -1" in str(out_of_bounds({**given_arguments, "confirm_timeout": -1}))
    assert "keep is 0" in str(out_of_bounds({**given_arguments, "keep": 0}))
