"""Run the stages of scripts/test, report each in one line, end with a summary.

Ends with 0 when every chosen stage passed, 1 when one failed, 2 for arguments it doesn't know, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from stage_table import DEFAULT, FAST, SOAK, Stage, choose, stages

TAIL = 40  # lines of a failed stage's log that are shown
PLAIN = {"NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "PY_COLORS": "0"}  # output goes to a file
GRACE = 10  # seconds between asking a stage to end and ending it


@dataclass(frozen=True)
class Outcome:
    """How a stage ended; ``seconds`` is its wall time, ``reason`` is empty where it passed."""

    stage: Stage
    seconds: float
    reason: str

    @property
    def passed(self) -> bool:
        return not self.reason


class Runner:
    """Runs stages, quick ones ``jobs`` at a time; remembers their processes so that an interrupt ends them too."""

    def __init__(self, project: Path, logs: Path, *, jobs: int, stop: bool) -> None:
        self._project, self._logs, self._jobs, self._stop = project, logs, jobs, stop
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False
        self.outcomes: list[Outcome] = []

    def run(self, chosen: Sequence[Stage]) -> None:
        """Run them all; with ``stop`` start none after a failure."""
        quick = [stage for stage in chosen if not stage.alone]
        with ThreadPoolExecutor(self._jobs) as pool:
            waiting, futures = list(quick), set[Future[Outcome]]()
            while waiting or futures:
                while waiting and len(futures) < self._jobs and not self._stopped():
                    futures.add(pool.submit(self._run_stage, waiting.pop(0)))
                if not futures:
                    break
                done, futures = wait(futures, return_when=FIRST_COMPLETED)
                for future in done:
                    self._report(future.result())
        for stage in chosen:
            if stage.alone and not self._stopped():
                self._report(self._run_stage(stage))
        ran = {outcome.stage.name for outcome in self.outcomes}
        for stage in chosen:
            if stage.name not in ran:
                self.outcomes.append(Outcome(stage, 0.0, "not run: --stop after a failure"))

    def end(self) -> None:
        """End what is running, each with its children."""
        self._ended = True
        with self._lock:
            running = list(self._running)
        for process in running:
            _end(process)

    def log(self, stage: Stage) -> Path:
        """Where a stage's output is kept until its next run."""
        return self._logs / f"{stage.name.replace('/', '-')}.log"

    def _stopped(self) -> bool:
        return self._ended or (self._stop and any(not outcome.passed for outcome in self.outcomes))

    def _run_stage(self, stage: Stage) -> Outcome:
        if stage.needs and any(not outcome.passed for outcome in self.outcomes if outcome.stage.name == stage.needs):
            return Outcome(stage, 0.0, f"not run: {stage.needs} failed")
        began = time.monotonic()
        with self.log(stage).open("wb") as log:
            process = subprocess.Popen(
                stage.command,
                cwd=self._project,
                env={**os.environ, **PLAIN},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with self._lock:
                self._running.add(process)
            try:
                status = process.wait(timeout=stage.limit)
                reason = f"status {status}" if status else ""
            except subprocess.TimeoutExpired:
                _end(process)
                reason = f"not done after {stage.limit} s"
            finally:
                with self._lock:
                    self._running.discard(process)
        return Outcome(stage, time.monotonic() - began, reason)

    def _report(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        print(line(outcome), flush=True)
        if outcome.passed or outcome.seconds == 0 or self._ended:
            return
        log = self.log(outcome.stage)
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()
        for row in text[-TAIL:]:
            print(f"    | {row}")
        print(f"    | all {len(text)} lines: {log}", flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def line(outcome: Outcome) -> str:
    """One line about one stage."""
    verdict = "passed" if outcome.passed else f"FAILED ({outcome.reason})"
    return f"{outcome.stage.name:<28} {outcome.seconds:7.1f} s  {verdict}"


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """A table of all stages and a closing line that counts them."""
    passed = sum(outcome.passed for outcome in outcomes)
    rows = ["", *(line(outcome) for outcome in outcomes), ""]
    return "\n".join([*rows, f"stages: {passed} passed, {len(outcomes) - passed} failed in {seconds:.0f} s"])


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line of scripts/test."""
    parser = argparse.ArgumentParser(prog="scripts/test", description="Test the collection on this machine.")
    tier = parser.add_mutually_exclusive_group()
    tier.add_argument("--fast", dest="tier", action="store_const", const=FAST, help="no lab: at most 3 minutes")
    tier.add_argument("--soak", dest="tier", action="store_const", const=SOAK, help="everything: at most 85 minutes")
    parser.add_argument("--stop", action="store_true", help="start nothing more after a failure")
    parser.add_argument("--keep-lab", action="store_true", help="leave the lab up for another run")
    parser.add_argument("--list", action="store_true", help="list the stages and end")
    parser.add_argument("stage", nargs="*", help="only these (molecule: every scenario, molecule/NAME: one)")
    parser.set_defaults(tier=DEFAULT)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = arguments(argv)
    project = Path(os.environ["PACS_ROOT"])
    table = stages(project)
    if options.list:
        for stage in table:
            print(f"{stage.name:<28} {'/'.join(sorted(stage.tiers)):<18} {stage.what}")
        return 0
    try:
        chosen = choose(table, options.tier, options.stage)
    except ValueError as error:
        print(f"scripts/test: {error}", file=sys.stderr)
        return 2
    runner = Runner(project, Path(os.environ["PACS_LOGS"]), jobs=min(2, os.cpu_count() or 1), stop=options.stop)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    lab_is_ours = any(stage.name == "lab" for stage in chosen) and not options.keep_lab and not _lab_is_up(project)
    try:
        runner.run(chosen)
    except KeyboardInterrupt:
        runner.end()
        print("interrupted; a lab that was started stays up (scripts/demo --down removes it)", file=sys.stderr)
        return 130
    if lab_is_ours:
        _lab(project, "down")
    print(summary(runner.outcomes, time.monotonic() - began), flush=True)
    return 0 if all(outcome.passed for outcome in runner.outcomes) else 1


def _lab(project: Path, command: str) -> int:
    environment = {**os.environ, "PYTHONPATH": str(project / "tests")}
    return subprocess.run(
        [sys.executable, "-m", "lab", command],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode


def _lab_is_up(project: Path) -> bool:
    return _lab(project, "status") == 0


if __name__ == "__main__":
    sys.exit(main())
