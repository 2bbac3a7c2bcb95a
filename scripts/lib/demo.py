"""The demo: what is open in a hospital's imaging network, and what still is once the site is declared and enforced.

Everything it says was tried: real connections, real images, the real playbook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sites import lab_remote_site

from lab import authority, exercise, laptop, lifecycle, nodes, probes, state, workflows
from lab.errors import LabError
from lab.exercise import Step
from lab.laptop import Visit
from lab.listing import rules
from lab.probes import Result
from lab.topology import topology
from playbooks import PROJECT, WITH_REMOTE_ACCESS, PlaybookRun, start_playbook, summarise

FIREWALLS = ("core", "edge")
MISTAKE = PROJECT / "scripts" / "lib" / "mistake.yml"
REPORTS = PROJECT / "demo-report"
# Where users of the VPN find what they are handed.
HANDED = state.REMOTE_ACCESS / "tls" / "people"
STUDY = [name for name in workflows.dicom_files() if "/98892001/CT5N/" in name]
WIDTH = 78


@dataclass(frozen=True)
class Look:
    """What was tried at one time, and what came of it; ``report`` is what the dry run says of that time."""

    results: tuple[Result, ...]
    steps: tuple[Step, ...]
    report: Mapping[str, Any]

    def of(self, expected: str) -> list[Result]:
        """The connections that must be ``expected`` (open or shut) once the site is hardened."""
        return [result for result in self.results if result.probe.expected == expected]


def main() -> int:
    began = time.monotonic()
    heading("1/8  The hospital: 9 nodes in containers, real Orthanc, dcmtk, HL7 and SSH")
    untouched_lab()
    heading("2/8  Before: what gets through?")
    results, steps = try_everything()
    heading("3/8  Before: what does a dry run say? It changes nothing, and finds what is open")
    before = Look(results, steps, dry_run("before"))
    heading("4/8  Hardening: ansible-playbook pacs.hardening.site")
    started = time.monotonic()
    hardened = harden()
    seconds = time.monotonic() - started
    if not hardened:
        print(
            "\nThe playbook failed; its output is above. Nothing stays half applied: rules that weren't confirmed are"
            "\ntaken back by the host itself within a minute. Try again:  scripts/demo"
        )
        return 1
    heading("5/8  Now: what gets through?")
    results, steps = try_everything()
    heading("6/8  A radiologist at home reads one study through the VPN, and tries everything else")
    remote = visit_from_home()
    heading("7/8  A mistake on purpose: a ruleset that locks out everybody, you included")
    say("This playbook must fail, and the firewall must take its rules back by itself.")
    mistake = play(str(MISTAKE))
    survived = mistake_was_undone(mistake)
    if survived:
        say("That failure was meant: the firewall has its old rules back and answers its administrators.")
    heading("8/8  Now: what does a dry run say?")
    after = Look(results, steps, dry_run("after"))
    summary(before, after, remote, survived, seconds, time.monotonic() - began)
    good = survived and remote.ok and not wrong(after) and all(step.ok for step in after.steps) and proven(after.report)
    return 0 if good and not proven(before.report) else 1


def harden() -> bool:
    """Run the playbook twice: the gateways' keys are born in the first run, and certificates are used in the second."""
    if not play("pacs.hardening.site").ok:
        return False
    say("The gateways of the VPN have made their keys, and ask for certificates. The lab's own authority signs them:")
    for directory in (HANDED, state.REMOTE_ACCESS / "ipsec"):
        say(f"{directory.relative_to(PROJECT)}: {', '.join(authority.sign(directory))}")
    return play("pacs.hardening.site").ok


def visit_from_home() -> Visit:
    """A teleradiologist reads one study through the VPN, and tries every other listener of the hospital."""
    reader = lab_remote_site()["devices"]["reader1"]
    title = reader["application_entities"][0]["title"]
    workflows.let_read(title, reader["addresses"][0])
    visited = laptop.visit(HANDED, "r.smith", title, workflows.store_images(STUDY).instances)
    if visited.connection.ok:
        say(f"r.smith is let in by certificate and one-time code, as {' and '.join(visited.connection.addresses)}")
        arrived = visited.read.detail or f"{len(visited.read.uids)} images"
        say(f"{'one study found and read (C-FIND, C-GET)':51}{arrived}")
        say(f"{'to the archive, in IPv4 and IPv6':51}{count(visited.of('open'))} get through")
        say(f"{'to everything else in the hospital':51}{count(visited.of('shut'))}, the edge has refused each")
        say(f"{'without the tunnel, to the archive':51}{count(visited.without)}")
        say(f"{'in again with the same code':51}{'yes' if visited.again.ok else 'refused'}")
    for fault in visited.faults:
        say(f"WRONG: {fault}")
    return visited


def untouched_lab() -> None:
    """Bring the lab up; nodes that were hardened by an earlier demo are made anew."""
    lifecycle.up(say)
    if any(rules(name) for name in FIREWALLS):
        say("an earlier run hardened this lab: making its nodes anew ...")
        lifecycle.up(say, fresh=tuple(topology().nodes))


def try_everything() -> tuple[tuple[Result, ...], tuple[Step, ...]]:
    """Try every connection of the matrix and play the imaging workflow."""
    results = probes.run()
    opened = [result for result in results if result.outcome == "open"]
    say(f"{len(opened)} of {len(results)} connections tried get through, in IPv4 and IPv6")
    steps = []
    for step in exercise.play():
        steps.append(step)
        say(f"{step.title:51}{'' if step.ok else 'FAILS: '}{step.detail}")
    return tuple(results), tuple(steps)


def dry_run(when: str) -> Mapping[str, Any]:
    """Judge the site and keep the report of that time. Like any audit it may end in failures; those are listed."""
    directory = REPORTS / when
    (directory / "report.json").unlink(missing_ok=True)
    run = play("pacs.hardening.compliance", {"pacs_report_directory": str(directory)})
    try:
        report: Mapping[str, Any] = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"the dry run wrote no report (its output is above): {error}") from error
    if not run.ok:
        say("A dry run fails where a check of high risk fails, so that a pipeline stops there.")
    return report


def failures(report: Mapping[str, Any]) -> str:
    return f"{report['summary']['by_state']['fail']} fail"


def proven(report: Mapping[str, Any]) -> bool:
    """Whether the rules in force on every firewall are proven equal to the declared site (control SEG-02)."""
    states = [finding["state"] for finding in report["findings"] if finding["control"] == "SEG-02"]
    return len(states) == len(FIREWALLS) and set(states) == {"pass"}


def play(playbook: str, variables: Mapping[str, Any] | None = None) -> PlaybookRun:
    """Run a playbook, its output as it comes."""
    process = start_playbook(playbook, *WITH_REMOTE_ACCESS, variables=variables)
    assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
    lines = []
    for line in process.stdout:
        lines.append(line)
        sys.stdout.write(f"    {line}" if line.strip() else "")
        sys.stdout.flush()
    return summarise(process.wait(), "".join(lines))


def mistake_was_undone(run: PlaybookRun) -> bool:
    """The playbook says so, and the firewall answers its administrators again with the rules from before."""
    answered = nodes.run("ops1", ["/usr/bin/nc", "-z", "-w", "3", "198.18.0.14", "22"], timeout=20).returncode == 0
    return not run.ok and answered and "from_modality_to_pacs" in rules("core")


def wrong(looked: Look) -> list[Result]:
    return [result for result in looked.results if not result.as_expected]


def summary(before: Look, after: Look, remote: Visit, survived: bool, seconds: float, total: float) -> None:
    """One screen of 24 lines."""
    heading(f"{lab_remote_site()['name']}: hardened in {seconds:.0f} s, the whole demo in {total:.0f} s")
    row("", "before", "now")
    row("imaging workflow, steps that work", working(before.steps), working(after.steps))
    row("declared connections that get through", count(before.of("open")), count(after.of("open")))
    row("undeclared connections that get through", count(before.of("shut")), count(after.of("shut")))
    for source, results in by_source(after.of("shut")):
        earlier = [result for result in before.of("shut") if result.probe.source == source]
        row(f"  {source} -> {targets(results)}", verdict(earlier), verdict(results))
    print(f"{'a radiologist at home: one study read, all else shut':{WIDTH - 18}}{'yes' if remote.ok else 'NO':>18}")
    undone = "undone by the host" if survived else "NOT UNDONE"
    print(f"{'a ruleset that locks out its author':{WIDTH - 18}}{undone:>18}")
    row("compliance report, checks of all that it judges", failures(before.report), failures(after.report))
    row("  the firewalls' rules are proven to be what is declared", yes(before.report), yes(after.report))
    for result in wrong(after):
        print(f"  WRONG: {result.probe} is {result.outcome}, must be {result.probe.expected}")
    sudo = "sudo " if os.environ.get("SUDO_USER") else ""
    print(
        f"\nA dry run:  {sudo}.venv/bin/ansible-playbook pacs.hardening.site --check --diff"
        "\nThe site:   inventories/lab/group_vars/all/site.yml, and beside it lab_remote/"
        "\nReports:    demo-report/before/report.html, demo-report/after/report.html"
        "\nRemove it:  scripts/demo --down"
    )


def by_source(results: Iterable[Result]) -> list[tuple[str, list[Result]]]:
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.probe.source, []).append(result)
    return list(grouped.items())


def targets(results: Sequence[Result]) -> str:
    return ", ".join(dict.fromkeys(result.probe.target for result in results))


def verdict(results: Sequence[Result]) -> str:
    opened = sum(result.outcome == "open" for result in results)
    return "open" if opened == len(results) else "shut" if not opened else f"{opened} open"


def yes(report: Mapping[str, Any]) -> str:
    return "yes" if proven(report) else "no"


def count(results: Sequence[Result]) -> str:
    return f"{sum(result.outcome == 'open' for result in results)} of {len(results)}"


def working(steps: Sequence[Step]) -> str:
    return f"{sum(step.ok for step in steps)} of {len(steps)}"


def row(text: str, before: str, now: str) -> None:
    print(f"{text:{WIDTH - 18}}{before:>9}{now:>9}")


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * min(len(text), WIDTH)}", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    try:
        with state.locked("demo"):
            sys.exit(main())
    except BrokenPipeError:  # `scripts/demo | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        print(f"\nscripts/demo: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
