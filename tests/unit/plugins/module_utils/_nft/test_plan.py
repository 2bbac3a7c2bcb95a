"""What is done, and what the diff shows, for every state of a host."""

from __future__ import annotations

import dataclasses

from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import (
    Observed,
    Wanted,
    canonical_digest,
    make_plan,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import digest

TEXT = "table inet pacs {\n}\n"
WANTED = Wanted(TEXT, canonical="[1]", listing="table inet pacs {\n}\n")
CONFIRMED = Change(
    id="00000001-00000000",
    table="inet pacs",
    kind="present",
    text_sha256=digest(TEXT),
    canonical_sha256=digest("[1]"),
    created_utc="2026-11-23T18:03:26Z",
    deadline=None,
    deadline_utc=None,
    keep=10,
)
IN_FORCE = Observed("table inet pacs {\n}\n", "[1]", CONFIRMED)


def test_nothing_to_do() -> None:
    plan = make_plan(WANTED, IN_FORCE)
    assert not plan.changed
    assert plan.before == plan.after


def test_a_bare_host_gets_everything() -> None:
    plan = make_plan(WANTED, Observed(None, None, None, (("/tool", "absent", "installed"),)))
    assert plan.replace and plan.install
    assert plan.before == "# /tool: absent\n"
    assert plan.after == TEXT + "# /tool: installed\n"


def test_drift_of_the_live_table_is_repaired() -> None:
    assert make_plan(WANTED, dataclasses.replace(IN_FORCE, canonical="[2]")).replace
    assert make_plan(WANTED, dataclasses.replace(IN_FORCE, canonical=None)).replace
    assert make_plan(WANTED, dataclasses.replace(IN_FORCE, listing=None, canonical=None)).replace


def test_a_host_that_would_boot_with_other_rules_is_changed_and_the_diff_says_why() -> None:
    for confirmed in (None, dataclasses.replace(CONFIRMED, text_sha256="0" * 64)):
        plan = make_plan(WANTED, dataclasses.replace(IN_FORCE, confirmed=confirmed))
        assert plan.replace
        assert "# boot:" in plan.before and plan.before != plan.after


def test_only_files_differ() -> None:
    plan = make_plan(WANTED, dataclasses.replace(IN_FORCE, host_faults=(("/tool", "differs", "as installed"),)))
    assert plan.install and not plan.replace
    assert "# /tool: differs\n" in plan.before


def test_without_a_private_namespace_the_last_listing_decides() -> None:
    unproven = Wanted(TEXT)
    known = dataclasses.replace(CONFIRMED, canonical_sha256=canonical_digest("[1]"))
    assert not make_plan(unproven, dataclasses.replace(IN_FORCE, confirmed=known)).changed
    assert make_plan(unproven, dataclasses.replace(IN_FORCE, confirmed=known, canonical="[2]")).replace


def test_absent_needs_no_files_on_a_host_that_never_had_the_table() -> None:
    faults = (("/tool", "absent", "installed"),)
    assert not make_plan(Wanted(None), Observed(None, None, None, faults)).changed
    gone = dataclasses.replace(CONFIRMED, kind="absent")
    assert not make_plan(Wanted(None), Observed(None, None, gone, faults)).changed
    assert make_plan(Wanted(None), IN_FORCE).replace
    # Absent now, but the boot unit would bring it back.
    assert make_plan(Wanted(None), dataclasses.replace(IN_FORCE, listing=None, canonical=None)).replace


def test_another_fallback_is_stored_and_the_rules_are_left_alone() -> None:
    wanted = dataclasses.replace(WANTED, fallback="new\nrules\n")
    for stored, shown in ((None, "# fallback: none\n"), ("old\n", "# fallback: old\n")):
        plan = make_plan(wanted, dataclasses.replace(IN_FORCE, fallback=stored))
        assert plan.changed and plan.store_fallback and not plan.replace and not plan.install
        assert plan.before == TEXT + shown
        assert plan.after == TEXT + "# fallback: new\n# fallback: rules\n"
    assert not make_plan(wanted, dataclasses.replace(IN_FORCE, fallback="new\nrules\n")).changed
    assert not make_plan(WANTED, dataclasses.replace(IN_FORCE, fallback="old\n")).changed, "left out: it stays"


def test_a_new_change_brings_its_fallback_with_it() -> None:
    plan = make_plan(dataclasses.replace(WANTED, fallback="new\n"), Observed(None, None, None))
    assert plan.replace and not plan.store_fallback
    assert "# fallback: new\n" in plan.after
