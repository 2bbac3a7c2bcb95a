"""What keeps a scanner from watching, or from leaving alone; tests/kernel shows that each is true of clamonacc."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.entries import read_exclusions
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.facts import read_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import ProfileError

STORE, IMPORT = "/srv/import/store", "/srv/import"


def seen(**changes: Any) -> dict[str, Any]:
    """A directory as it should be."""
    return {"exists": True, "mount_point": "/", "filesystem": "ext4", **changes}


def found(excluded: str, paths: dict[str, Any], watches: int | None = 8192) -> list[tuple[str, str, str]]:
    host = read_facts({"watched": [IMPORT], "paths": paths, "watches": watches})
    return [(one.rule, one.level, one.subject) for one in lint(read_exclusions([excluded]), host)]


@pytest.mark.parametrize(
    ("excluded", "paths", "expected"),
    [
        (STORE, {IMPORT: seen(directories=12), STORE: seen()}, []),
        (STORE, {STORE: seen(exists=False)}, [("void", "refuse", STORE)]),
        (STORE, {STORE: seen(real_path="/srv/import/2026")}, [("void", "refuse", STORE)]),
        ("/srv/link", {"/srv/link": seen(real_path=STORE)}, [("void", "refuse", "/srv/link")]),
        ("/srv/link", {"/srv/link": seen(real_path="/data/images")}, [("link", "warn", "/srv/link")]),
        ("/srv/store", {"/srv/store": seen(exists=False)}, [("missing", "warn", "/srv/store")]),
        (
            "/srv/store",
            {"/srv/store": seen(second_names=["/srv/import/share"])},
            [("second_name", "refuse", "/srv/store")],
        ),
        ("/srv/store", {"/srv/store": seen(second_names=["/mnt/share"])}, []),
        (STORE, {IMPORT: seen(exists=False)}, [("watched_missing", "refuse", IMPORT)]),
        (STORE, {IMPORT: seen(real_path="/data/import")}, [("watched_link", "warn", IMPORT)]),
        (STORE, {IMPORT: seen(mounts_below=["/srv/import/cd"])}, [("mounts_below", "refuse", IMPORT)]),
        (STORE, {IMPORT: seen(mounts_below=[STORE])}, []),
        (STORE, {IMPORT: seen(larger_files=3)}, [("unscanned", "warn", IMPORT)]),
        (STORE, {IMPORT: seen(directories=8000)}, [("watches", "refuse", IMPORT)]),
    ],
)
def test_each_is_told_apart(excluded: str, paths: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert found(excluded, paths) == expected


def test_an_exclusion_of_the_second_name_mends_it() -> None:
    paths = {"/srv/store": seen(second_names=["/srv/import/share"])}
    host = read_facts({"watched": [IMPORT], "paths": paths})
    assert lint(read_exclusions(["/srv/store", "/srv/import/share"]), host) == ()


def test_a_limit_that_nobody_knows_says_nothing() -> None:
    assert found(STORE, {IMPORT: seen(directories=8000)}, None) == []


def test_a_count_that_was_given_up_says_so() -> None:
    paths = {IMPORT: seen(directories=8000, larger_files=2, counted=False)}
    texts = [str(one) for one in lint((), read_facts({"watched": [IMPORT], "paths": paths, "watches": 100}))]
    assert "holds 2 or more files" in texts[0]
    assert "is 8000 or more directories, and one user may watch 100" in texts[1]


@pytest.mark.parametrize("wrong", [True, -1, "many", 1.5])
def test_a_count_that_is_none_is_a_fault(wrong: object) -> None:
    with pytest.raises(ProfileError, match="is not a number"):
        read_facts({"watches": wrong})
