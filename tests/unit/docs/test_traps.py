"""Each trap of the antivirus page has a test, and that test is there."""

from __future__ import annotations

import re

from playbooks import PROJECT

ROWS = re.findall(
    r"^\| (\d+) [^|]+\| [^|]+\| `([^:`]+)::(\w+)` \|$", (PROJECT / "docs" / "antivirus.md").read_text("utf-8"), re.M
)


def test_every_trap_is_listed_once() -> None:
    assert [int(number) for number, _file, _name in ROWS] == list(range(1, 19))


def test_each_has_a_test_of_its_own_that_is_there() -> None:
    assert len({name for _number, _file, name in ROWS}) == len(ROWS)
    for number, file, name in ROWS:
        text = (PROJECT / file).read_text("utf-8")
        assert re.search(rf"^ *def {name}\(", text, re.M), f"trap {number}: {file} has no {name}"
