"""The table of faults: every test that it names is there, and a fault that wasn't shown is never listed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fault_table import FAULTS, PAGE, PROJECT, Fault, faults, page, problems, results

LISTED = faults(yaml.safe_load(FAULTS.read_text(encoding="utf-8")))
CASES = """<testsuites><testsuite>
<testcase classname="tests.kernel.test_a" name="test_one[x]"/>
<testcase classname="tests.kernel.test_a" name="test_one[y]"/>
<testcase classname="tests.kernel.test_a" name="test_two[x]"/>
<testcase classname="tests.kernel.test_a" name="test_two[y]"><failure/></testcase>
<testcase classname="tests.kernel.test_a" name="test_three"><skipped/></testcase>
</testsuite></testsuites>"""


def test_there_are_enough_and_none_twice() -> None:
    assert len({fault.text for fault in LISTED}) == len(LISTED) >= 20


@pytest.mark.parametrize("test", sorted({test for fault in LISTED for test in fault.tests}))
def test_each_names_tests_that_are_there(test: str) -> None:
    file, _colons, function = test.partition("::")
    assert f"def {function}(" in (PROJECT / file).read_text(encoding="utf-8")


def test_the_page_follows_from_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(LISTED), "run scripts/test, then scripts/lib/fault_table.py"


def test_only_what_ran_and_passed_counts(tmp_path: Path) -> None:
    (tmp_path / "kernel.xml").write_text(CASES, encoding="utf-8")
    ran = results([tmp_path / "kernel.xml"])
    assert ran == {"test_a::test_one": True, "test_a::test_two": False}
    listed = [Fault("f", "e", tuple(f"tests/kernel/test_a.py::test_{name}" for name in ("one", "two", "three")))]
    assert problems(listed, ran) == [
        "tests/kernel/test_a.py::test_two failed: f",
        "tests/kernel/test_a.py::test_three was not run: f",
    ]
