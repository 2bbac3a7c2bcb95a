"""scripts/test: which stages a run has, how it reports them, and that a failure is never lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import run_stages
from run_stages import Outcome, Runner, summary
from stage_table import DEFAULT, FAST, SOAK, SOAK_SCENARIOS, Stage, choose, stages


def stage(name: str, script: str = "true", *, limit: int = 20, alone: bool = False, needs: str | None = None) -> Stage:
    return Stage(name, "", ("bash", "-c", script), limit, frozenset({DEFAULT}), alone, needs)


def run(tmp_path: Path, *chosen: Stage, stop: bool = False, jobs: int = 2) -> dict[str, Outcome]:
    runner = Runner(tmp_path, tmp_path, jobs=jobs, stop=stop)
    runner.run(chosen)
    return {outcome.stage.name: outcome for outcome in runner.outcomes}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("site", "lockout"):
        (tmp_path / "molecule" / name).mkdir(parents=True)
        (tmp_path / "molecule" / name / "molecule.yml").touch()
    return tmp_path


def names(chosen: tuple[Stage, ...]) -> list[str]:
    return [one.name for one in chosen]


def test_every_scenario_is_a_stage_of_the_default_run(project: Path) -> None:
    table = stages(project)
    assert {"molecule/lockout", "molecule/site", "lab", "kernel", "sanity"} <= set(names(choose(table, DEFAULT, [])))
    assert "soak" not in names(choose(table, DEFAULT, []))
    assert names(choose(table, SOAK, [])) == names(table)


def test_a_scenario_of_the_soak_tier_is_left_out_of_the_default_run_and_can_be_named(project: Path) -> None:
    slow = min(SOAK_SCENARIOS)
    (project / "molecule" / slow).mkdir()
    (project / "molecule" / slow / "molecule.yml").touch()
    table = stages(project)
    assert f"molecule/{slow}" not in names(choose(table, DEFAULT, []))
    assert f"molecule/{slow}" in names(choose(table, SOAK, []))
    assert names(choose(table, DEFAULT, [f"molecule/{slow}"])) == ["lab", f"molecule/{slow}"]


def test_every_scenario_of_the_soak_tier_is_there() -> None:
    root = Path(run_stages.__file__).resolve().parents[2]
    assert {path.parent.name for path in root.glob("molecule/*/molecule.yml")} >= SOAK_SCENARIOS


def test_the_fast_run_needs_no_lab(project: Path) -> None:
    assert names(choose(stages(project), FAST, [])) == ["unit", "lint", "sanity", "types", "build"]


def test_a_named_scenario_brings_its_lab(project: Path) -> None:
    assert names(choose(stages(project), DEFAULT, ["molecule/site"])) == ["lab", "molecule/site"]
    assert names(choose(stages(project), DEFAULT, ["molecule"])) == ["lab", "molecule/lockout", "molecule/site"]


def test_a_project_without_scenarios_fails_rather_than_pass_with_nothing_run(tmp_path: Path) -> None:
    assert "molecule/none" in names(choose(stages(tmp_path), DEFAULT, []))


def test_an_unknown_name_lists_those_there_are(project: Path) -> None:
    with pytest.raises(ValueError, match=r"no stage 'lnit'.*lint sanity"):
        choose(stages(project), DEFAULT, ["lnit"])


def test_every_stage_has_its_script() -> None:
    root = Path(run_stages.__file__).resolve().parents[2]
    assert all((root / one.command[1]).is_file() for one in stages(root))


def test_the_others_go_on_after_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = run(tmp_path, stage("bad", "echo why; exit 3"), stage("good"), stage("last", alone=True))
    assert outcomes["bad"].reason == "status 3"
    assert outcomes["good"].passed
    assert outcomes["last"].passed
    assert "| why" in capsys.readouterr().out


def test_stop_leaves_the_rest_out_and_counts_it_as_failed(tmp_path: Path) -> None:
    outcomes = run(tmp_path, stage("bad", "false"), stage("next"), stage("last", alone=True), stop=True, jobs=1)
    assert not outcomes["next"].passed
    assert not outcomes["last"].passed


def test_a_stage_whose_need_failed_is_not_run(tmp_path: Path) -> None:
    lab, scenario = stage("lab", "false", alone=True), stage("molecule/site", "touch ran", alone=True, needs="lab")
    assert run(tmp_path, lab, scenario)["molecule/site"].reason == "not run: lab failed"
    assert not (tmp_path / "ran").exists()


def test_a_stage_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    hung = run(tmp_path, stage("hung", "(sleep 60; touch late) & wait", limit=1))["hung"]
    assert hung.reason == "not done after 1 s"
    assert time.monotonic() - began < 10


def test_stages_get_no_input(tmp_path: Path) -> None:
    assert run(tmp_path, stage("asks", "! read -r line"))["asks"].passed


def test_quick_stages_share_the_time(tmp_path: Path) -> None:
    began = time.monotonic()
    meet = "touch {0}; for i in $(seq 100); do [[ -e {1} ]] && exit 0; sleep 0.1; done; exit 1"
    outcomes = run(tmp_path, stage("a", meet.format("a", "b")), stage("b", meet.format("b", "a")))
    assert all(outcome.passed for outcome in outcomes.values())
    assert time.monotonic() - began < 10


def test_the_closing_line_counts_stages() -> None:
    good, bad = Outcome(stage("lint"), 1.0, ""), Outcome(stage("unit"), 2.0, "status 1")
    assert summary([good, bad], 3.2).splitlines()[-1] == "stages: 1 passed, 1 failed in 3 s"
    assert "FAILED (status 1)" in summary([good, bad], 3.2)


def test_main_ends_with_1_when_a_stage_failed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACS_ROOT", str(project))
    monkeypatch.setenv("PACS_LOGS", str(project))
    assert run_stages.main(["unit"]) == 1  # the empty project has no scripts
    assert run_stages.main(["--list"]) == 0
    assert run_stages.main(["nonsense"]) == 2
