"""Peak memory of a whole process that compiles, and of one that verifies, as the site grows."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Line, at_most, interleaved, number, ratio
from benchmarks.policies import listing, site

_SIZES = (1_000, 10_000, 50_000)
_GROWTH, _MEGABYTES = at_most(2), at_most(400)
_STEP = Path(__file__).with_name("step.py")


def lines() -> Iterator[Line]:
    """Of the worse of the two steps: growth from 1,000 flows to 10,000, and the peak at 50,000."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        works = {}
        for flows in _SIZES:
            given, policy, ruleset, listed = (folder / f"{flows}.{part}" for part in ("site", "policy", "nft", "json"))
            given.write_text(json.dumps(site(flows)), encoding="utf-8")
            works[f"compile {flows}"] = partial(step, "compile", given, policy, ruleset)
            works[f"compile {flows}"]()
            listed.write_text(listing(ruleset.read_text(encoding="utf-8")), encoding="utf-8")
            works[f"verify {flows}"] = partial(step, "verify", listed, policy)
        found = interleaved(works)
    worst = {}
    for flows in _SIZES:
        compiling, verifying = found[f"compile {flows}"], found[f"verify {flows}"]
        worst[flows] = compiling if compiling.median > verifying.median else verifying
        yield number(f"peak memory of compile, {flows:,} flows", compiling, " MB", None)
        yield number(f"peak memory of verify, {flows:,} flows", verifying, " MB", None)
    few, more, many = (worst[flows] for flows in _SIZES)
    yield ratio("peak memory, 10,000 flows", more, "1,000 flows", few, _GROWTH, " MB")
    yield number("peak memory, 50,000 flows", many, " MB", _MEGABYTES)


def step(name: str, *files: Path) -> float:
    """Run one step in a process of its own; return its peak memory in MB."""
    command = [sys.executable, str(_STEP), name, *map(str, files)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
