"""The same image, on which a signature raises a false alarm: left alone in the store, refused outside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import nodes, workflows
from playbooks import PROJECT, run_playbook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from false_alarm import EICAR, IMAGE, IMPORT, MARK, SIGNATURES, STORE

CONVERGE = PROJECT / "molecule" / "antivirus" / "converge.yml"
CONF = "/etc/clamav/clamd.conf"


def run(*argv: str) -> tuple[int, str]:
    done = nodes.run("pacs1", list(argv))
    return done.returncode, done.stdout + done.stderr


def opens(path: str) -> bool:
    """Whether root can read a file on the archive."""
    status, said = run("/bin/cat", path)
    assert status == 0 or "not permitted" in said, said
    return status == 0


def stored() -> str:
    """Where Orthanc keeps the image."""
    pattern = "".join(f"\\x{byte:02x}" for byte in MARK)
    status, said = run("/bin/grep", "-rlaP", pattern, STORE)
    assert status == 0, said
    return said.split()[0]


@pytest.fixture
def copy() -> Iterator[str]:
    """The image once more, where files come in."""
    path = f"{IMPORT}/{IMAGE}"
    assert run("/bin/cp", stored(), path)[0] == 0
    yield path
    run("/bin/rm", "-f", path)


def test_what_runs_moves_nothing() -> None:
    _status, said = run("/bin/ps", "-eo", "args")
    (command,) = (line for line in said.splitlines() if line.startswith("/usr/sbin/clamonacc"))
    assert "--fdpass" in command
    assert "--move" not in command and "--remove" not in command and "--copy" not in command


def test_the_image_is_readable_and_whole_in_the_store_and_refused_outside(copy: str) -> None:
    path = stored()
    before = run("/usr/bin/sha256sum", path)
    assert before[0] == 0
    assert not opens(copy), "the false alarm is one"
    assert opens(path)
    assert run("/usr/bin/sha256sum", path) == before


def test_images_are_stored_and_found() -> None:
    sent = workflows.store_images()
    assert sent.ok, sent.detail
    assert workflows.found_in_orthanc(sent.uids) == frozenset(sent.uids)


def test_with_everything_scanned_the_same_image_is_gone_for_its_readers() -> None:
    """The naive configuration, on the same host, with the same signatures."""
    try:
        assert run("/bin/sed", "-i.ours", f"s#^OnAccessExcludePath .*#OnAccessIncludePath {STORE}#", CONF)[0] == 0
        assert run("/bin/systemctl", "restart", "clamav-daemon", "clamav-clamonacc")[0] == 0
        path = stored_under_scan()
        assert not opens(path)
    finally:
        run("/bin/mv", f"{CONF}.ours", CONF)
        run("/bin/systemctl", "restart", "clamav-daemon", "clamav-clamonacc")


def stored_under_scan() -> str:
    """The first image in the store that can't be read any more; waits until the scanner watches."""
    for _attempt in range(100):
        status, said = run("/usr/bin/find", STORE, "-type", "f", "-exec", "/bin/cat", "{}", "+")
        if "not permitted" in said:
            line = next(line for line in said.splitlines() if "not permitted" in line)
            return line.split(": ")[1].strip("'\u2018\u2019")
        assert status == 0, said
    raise AssertionError("nothing in the store is refused")


def test_the_scan_reports_and_touches_nothing(copy: str) -> None:
    assert run("/bin/systemctl", "start", "pacs-antivirus-scan.service")[0] == 0
    status, report = run("/bin/cat", "/var/log/clamav/pacs-scan.log")
    assert status == 0
    assert f"{stored()}: Site.FalseAlarm.UNOFFICIAL FOUND" in report
    assert f"{copy}: Site.FalseAlarm.UNOFFICIAL FOUND" in report, "the scan's user is let through"
    assert "SCAN SUMMARY" in report
    assert run("/usr/bin/stat", "-c", "%a", "/var/log/clamav/pacs-scan.log")[1].strip() == "600"
    assert opens(stored())


def test_a_broken_database_is_refused_and_the_old_one_kept() -> None:
    good = f"{SIGNATURES}/site.hsb"
    run("/bin/cp", good, f"{good}.good")
    try:
        nodes.write_file("pacs1", good, "not a signature\n")
        assert run("/usr/bin/freshclam")[0] != 0
        assert "Site.Eicar" in run("/bin/cat", "/var/lib/clamav/site.hsb")[1]
    finally:
        run("/bin/mv", f"{good}.good", good)


def test_a_scanner_that_died_is_found_and_images_still_open() -> None:
    run("/bin/systemctl", "stop", "clamav-clamonacc")
    try:
        assert opens(stored())
        nodes.write_file("pacs1", f"{IMPORT}/test", EICAR)
        assert opens(f"{IMPORT}/test"), "it doesn't watch"
    finally:
        run("/bin/rm", "-f", f"{IMPORT}/test")
    repaired = run_playbook(CONVERGE)
    assert repaired.ok, repaired.output
    assert repaired.changed["pacs1"] == 1


def test_no_test_file_is_left_behind() -> None:
    _status, said = run("/usr/bin/find", IMPORT, STORE, "-name", ".pacs-hardening-canary-*")
    assert said == ""
