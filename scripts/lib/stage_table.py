"""What scripts/test can run: one row a stage.

Quick stages share the machine's cores; a stage that is ``alone`` has them to itself. ``tiers`` name the runs that
include it; a run may also name stages one by one. A stage is a script in scripts/stages; it gets no input and passes by
ending with status 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FAST, DEFAULT, SOAK = "fast", "default", "soak"
TIERS = (FAST, DEFAULT, SOAK)
# Molecule scenarios that the default run has no time for; every other is part of it.
SOAK_SCENARIOS = frozenset(
    {"demo", "faults", "gate", "remote_access", "vendor_access", "vpn_ipsec", "vpn_tls", "watch"}
)


@dataclass(frozen=True)
class Stage:
    """One thing that scripts/test runs; ``limit`` is in seconds, after which it is ended and has failed."""

    name: str
    what: str
    command: tuple[str, ...]
    limit: int
    tiers: frozenset[str]
    alone: bool = False
    needs: str | None = None  # a stage that must have passed


def _stage(
    name: str, what: str, limit: int, first_tier: str, *arguments: str, alone: bool = False, needs: str | None = None
) -> Stage:
    tiers = frozenset(TIERS[TIERS.index(first_tier) :])
    script = name.partition("/")[0]
    return Stage(name, what, ("bash", f"scripts/stages/{script}.sh", *arguments), limit, tiers, alone, needs)


def _tier(scenario: str) -> str:
    """The first tier that runs a Molecule scenario."""
    return SOAK if scenario in SOAK_SCENARIOS else DEFAULT


def stages(project: Path) -> tuple[Stage, ...]:
    """Every stage, in the order in which they start. Each Molecule scenario of ``project`` is one."""
    scenarios = sorted(path.parent.name for path in project.glob("molecule/*/molecule.yml"))
    return (
        # First, for it takes longest: the others share the second core meanwhile.
        _stage("unit", "unit and property tests", 1200, FAST),
        _stage("lint", "ansible-lint (production), ruff, shellcheck, changelog", 600, FAST),
        _stage("sanity", "ansible-test sanity, every Python of a managed host that is here", 1200, FAST),
        _stage("types", "mypy, strict", 600, FAST),
        _stage("build", "the artefact: built, looked through, installed without a registry", 600, FAST),
        _stage("kernel", "rules in the real kernel, in network namespaces", 900, DEFAULT, alone=True),
        _stage("lab", "the miniature hospital in containers comes up", 1500, DEFAULT, alone=True),
        *(
            _stage(f"molecule/{name}", "Molecule scenario in the lab", 1200, _tier(name), name, alone=True, needs="lab")
            for name in scenarios or ["none"]
        ),
        _stage("soak", "property tests at depth, long runs", 5100, SOAK, alone=True),
    )


def choose(table: Sequence[Stage], tier: str, names: Sequence[str]) -> tuple[Stage, ...]:
    """The stages of a tier, or those named (``molecule`` means every scenario) with what they need.

    Raises ValueError for a name that is none, listing those there are.
    """
    if not names:
        return tuple(stage for stage in table if tier in stage.tiers)
    wanted: set[str] = set()
    for name in names:
        found = [stage for stage in table if name in (stage.name, stage.name.partition("/")[0])]
        if not found:
            raise ValueError(f"there is no stage {name!r}; there are: {' '.join(stage.name for stage in table)}")
        for stage in found:
            wanted |= {stage.name} | ({stage.needs} if stage.needs else set())
    return tuple(stage for stage in table if stage.name in wanted)
