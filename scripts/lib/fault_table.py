"""Write docs/faults.md from tests/faults.yml and the results of test runs: what may go wrong in the middle of a change,
and in what it ended. Fails, and writes nothing, where a fault wasn't injected or didn't end as it must.

The stages kernel and molecule leave their results in .cache/results (JUnit XML). They stay until the same stage runs
again: a default run, and the scenarios of the soak tier by name or with --soak, together make the table.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

PROJECT = Path(__file__).resolve().parents[2]
FAULTS = PROJECT / "tests" / "faults.yml"
PAGE = PROJECT / "docs" / "faults.md"
RESULTS = PROJECT / ".cache" / "results"
ENDS = {"old": "the rules from before", "new": "the confirmed new rules", "either": "one or the other, never between"}
HEAD = """# What may go wrong in the middle of a change

Each of these faults was really injected by the tests named, in runs of `scripts/test`, and each ended as is said here:
in the rules from before or in the confirmed new ones, never between, and nobody was locked out. Written by
`scripts/lib/fault_table.py`.

| what goes wrong | ends in | injected by | where |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Fault:
    """One fault: ``tests`` are FILE::FUNCTION."""

    text: str
    ends: str
    tests: tuple[str, ...]


def faults(document: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """The faults of tests/faults.yml. Raises KeyError for an end that is none."""
    return tuple(Fault(item["fault"], ENDS[item["ends"]], tuple(item["tests"])) for item in document)


def results(files: Iterable[Path]) -> dict[str, bool]:
    """Whether every run of a test passed, by FILE::FUNCTION with the file's stem; one that was skipped wasn't run."""
    found: dict[str, list[bool]] = defaultdict(list)
    for file in files:
        # Our own test runners wrote these.
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314
            if case.find("skipped") is None:
                module = (case.get("classname") or "").rpartition(".")[2]
                function = (case.get("name") or "").partition("[")[0]
                found[f"{module}::{function}"].append(case.find("failure") is None and case.find("error") is None)
    return {name: all(passed) for name, passed in found.items()}


def problems(listed: Iterable[Fault], ran: Mapping[str, bool]) -> list[str]:
    """What is missing or failed, in sentences."""
    return [
        f"{test} {'failed' if key(test) in ran else 'was not run'}: {fault.text}"
        for fault in listed
        for test in fault.tests
        if not ran.get(key(test))
    ]


def key(test: str) -> str:
    """The name of a test in the results."""
    file, _colons, function = test.partition("::")
    return f"{Path(file).stem}::{function}"


def page(listed: Iterable[Fault]) -> str:
    """The page, a line a fault."""
    lines = []
    for fault in listed:
        names = "<br>".join(f"`{test.partition('::')[2]}`" for test in fault.tests)
        places = "<br>".join(dict.fromkeys(_place(test) for test in fault.tests))
        lines.append(f"| {fault.text} | {fault.ends} | {names} | {places} |\n")
    return HEAD + "".join(lines)


def _place(test: str) -> str:
    parts = Path(test.partition("::")[0]).parts
    return f"lab, scenario {parts[1]}" if parts[0] == "molecule" else "network namespace"


def main() -> int:
    """Write the page, or say why not."""
    listed = faults(yaml.safe_load(FAULTS.read_text(encoding="utf-8")))
    wrong = problems(listed, results(sorted(RESULTS.glob("*.xml"))))
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        print("Run `scripts/test kernel molecule` first (every scenario, those of the soak tier too).", file=sys.stderr)
        return 1
    PAGE.write_text(page(listed), encoding="utf-8")
    print(f"{len(listed)} faults: docs/faults.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
