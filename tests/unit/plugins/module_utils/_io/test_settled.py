"""What a daemon is held to: written down whole, and nothing is taken for done that isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._io.settled import (
    digest,
    read_settled,
    settle,
    unsettled,
)

WANTED = {"/etc/a": digest("a"), "/etc/b": digest("b")}


def test_what_is_settled_is_done_and_everything_else_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "settled.json")
    assert unsettled(read_settled(path), WANTED) == set(WANTED), "no run has come to its end"
    settle(path, WANTED)
    assert unsettled(read_settled(path), WANTED) == set()
    assert unsettled(read_settled(path), {**WANTED, "/etc/b": digest("c")}) == {"/etc/b"}
    assert (tmp_path / "state" / "settled.json").stat().st_mode & 0o777 == 0o600


def test_a_run_that_names_less_takes_nothing_back(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "settled.json")
    settle(path, WANTED)
    settle(path, {"/etc/a": digest("other")})
    assert unsettled(read_settled(path), WANTED) == {"/etc/a"}


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"'])
def test_what_is_not_whole_settles_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settled.json"
    path.write_text(text, encoding="utf-8")
    assert unsettled(read_settled(str(path)), WANTED) == set(WANTED)
