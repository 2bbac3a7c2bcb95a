"""The program of the scheduled scan, as on a host: what it keeps of what clamscan says, and that it names no file."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._io import agent, antivirus_scan
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_scan import MOST, SCHEMA, Report

PATH = "/srv/import/MUELLER^HANS.dcm"
SUMMARY = (
    "\n----------- SCAN SUMMARY -----------\nKnown viruses: 2\nEngine version: 1.4.6\nScanned directories: 3\n"
    "Scanned files: 7\nInfected files: 1\nTotal errors: 1\nStart Date: 2026:11:27 08:33:37\n"
)
OUTPUT = (
    f"{PATH}: Site.Eicar.UNOFFICIAL FOUND\n"
    "/var/lib/archive/a: b/c: Heuristics.Limits.Exceeded.MaxFileSize FOUND\n"
    "/srv/import/locked: Access denied\n" + SUMMARY
)


def sha(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """As the module puts it on the host."""
    path = tmp_path / "antivirus_scan.py"
    path.write_text(agent.program_text("antivirus_scan"), encoding="utf-8")
    return path


def command(program: Path, report: Path, shell: str) -> list[str]:
    options = [f"--report={report}", "--root=/srv/import", "--excluded=/var/lib/archive"]
    return [sys.executable, "-I", "-B", str(program), *options, "--", "/bin/sh", "-c", shell]


def run(program: Path, shell: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = program.parent / "scan.json"
    done = subprocess.run(command(program, report, shell), capture_output=True, text=True, check=False, timeout=30)
    kept: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return done, kept


def test_what_was_found_is_kept_by_directory_and_hash(program: Path) -> None:
    done, kept = run(program, f"cat <<'END'\n{OUTPUT}END\nexit 1")
    assert done.returncode == 0, done.stderr
    assert (kept["schema"], kept["complete"]) == (SCHEMA, True)
    assert (kept["engine"], kept["signatures"], kept["scanned"]) == ("1.4.6", 2, 7)
    assert (kept["infected"], kept["too_large"], kept["errors"]) == (1, 1, 1)
    assert kept["paths"] == ["/srv/import"] and kept["excluded"] == ["/var/lib/archive"]
    assert kept["started"] <= kept["ended"] and kept["ended"].endswith("Z")
    too_large = "Heuristics.Limits.Exceeded.MaxFileSize"
    assert kept["found"] == [
        {"signature": "Site.Eicar.UNOFFICIAL", "root": "/srv/import", "path_sha256": sha(PATH)},
        {"signature": too_large, "root": "/var/lib/archive", "path_sha256": sha("/var/lib/archive/a: b/c")},
    ]
    for text in (done.stdout, done.stderr, json.dumps(kept)):
        assert "MUELLER" not in text and "locked" not in text
    assert f"/srv/import, path with SHA-256 {sha(PATH)}: Site.Eicar.UNOFFICIAL FOUND\n" in done.stdout


@pytest.mark.parametrize("shell", ["exit 2", "echo 'LibClamAV Error: no database' >&2; exit 2", "kill -9 $$"])
def test_a_scan_that_did_not_come_to_its_end_is_not_complete(program: Path, shell: str) -> None:
    done, kept = run(program, shell)
    assert done.returncode == 1
    assert kept["complete"] is False and kept["scanned"] is None and kept["ended"]


def test_one_that_is_stopped_keeps_what_it_knows(program: Path) -> None:
    report = program.parent / "scan.json"
    shell = f"echo '{PATH}: Site.Eicar FOUND'; exec sleep 60"
    process = subprocess.Popen(command(program, report, shell), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "FOUND" in process.stdout.readline()
    assert json.loads(report.read_text("utf-8"))["complete"] is False, "it says so from the start"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 1 and time.monotonic() - began < 10
    process.stdout.close()
    kept = json.loads(report.read_text("utf-8"))
    assert (kept["complete"], kept["infected"]) == (False, 1)


def test_many_findings_are_counted_and_not_all_are_told() -> None:
    report = Report(["/x"], [])
    for number in range(MOST + 5):
        report.read(b"/x/%d: Y FOUND\n" % number)
    assert report.document["infected"] == MOST + 5
    assert len(report.document["found"]) == MOST


@given(st.binary(max_size=80))
def test_no_line_says_more_than_it_may(line: bytes) -> None:
    report = Report(["/srv"], [])
    said = report.read(b"/srv/" + line.replace(b"\n", b"") + b": Access denied\n")
    assert said is not None and said.startswith("/srv, path with SHA-256 ") and said.endswith(": ERROR")


def test_the_program_needs_nothing_of_ours() -> None:
    text = agent.program_text("antivirus_scan")
    assert text == Path(antivirus_scan.__file__).read_text("utf-8")
    assert "import ansible" not in text and "from ansible" not in text
