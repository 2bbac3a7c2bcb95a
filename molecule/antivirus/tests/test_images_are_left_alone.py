"""The same image, on which a signature raises a false alarm: left alone in the store, refused outside it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sites import lab_site

from lab import nodes, workflows
from playbooks import PROJECT, run_playbook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from false_alarm import EICAR, IMAGE, IMPORT, MARK, SIGNATURES, STORE

SCENARIO = PROJECT / "molecule" / "antivirus"
CONVERGE, EVERYTHING, CANARY = (SCENARIO / f"{name}.yml" for name in ("converge", "everything", "canary"))
CONF = "/etc/clamav/clamd.conf"
UNITS = "/etc/systemd/system"
ONACCESS, CLAMD = "clamav-clamonacc.service", "clamav-daemon.service"
RECORD = "/var/lib/pacs-hardening/antivirus/acceptance.json"
BARE = "ris1"


def run(*argv: str, node: str = "pacs1") -> tuple[int, str]:
    done = nodes.run(node, list(argv))
    return done.returncode, done.stdout + done.stderr


def opens(path: str) -> bool:
    """Whether root can read a file on the archive."""
    status, said = run("/bin/cat", path)
    assert status == 0 or "not permitted" in said, said
    return status == 0


def until(condition: Callable[[], bool], problem: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, problem
        time.sleep(0.2)


def stored() -> str:
    """Where Orthanc keeps the image."""
    pattern = "".join(f"\\x{byte:02x}" for byte in MARK)
    status, said = run("/bin/grep", "-rlaP", pattern, STORE)
    assert status == 0, said
    return said.split()[0]


def digest(path: str) -> str:
    status, said = run("/usr/bin/sha256sum", path)
    assert status == 0, said
    return said.split()[0]


def document(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(nodes.read_file("pacs1", path) or "{}")
    return found


def active(unit: str) -> bool:
    return run("/bin/systemctl", "is-active", "--quiet", unit)[0] == 0


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
    before = digest(path)
    assert not opens(copy), "the false alarm is one"
    assert opens(path)
    assert digest(path) == before


def test_a_stream_of_images_arrives_whole_while_files_are_scanned(copy: str) -> None:
    workflows.start_transfer(count=60, pause=0.02)
    while workflows.transfer_status() is None or not workflows.wait_for_transfer(5).finished:
        assert not opens(copy), "meanwhile the scanner watches"
    sent = workflows.transfer_result()
    assert sent.ok, sent
    assert len(sent.uids) == sent.sent == 60
    assert workflows.found_in_orthanc(sent.uids) == frozenset(sent.uids)
    status, said = run("/usr/bin/find", STORE, "-type", "f", "-exec", "/bin/cat", "{}", "+")
    assert status == 0, said[-300:]


def test_it_was_accepted_on_the_device_and_the_result_is_kept() -> None:
    kept = document(RECORD)
    assert kept["accepted"] is True and kept["findings"] == []
    assert kept["configuration"] == digest(CONF)
    (place,) = kept["places"]
    assert place["directory"] == STORE and place["refused"] == 0
    assert set(place["ratios"]) >= {"write", "open", "read"}
    here = json.loads((Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "pacs1.json").read_text("utf-8"))
    assert here == {"host": "pacs1", **{name: kept[name] for name in ("accepted", "date", "limit", "places")}}


def test_a_run_that_ended_before_the_scanner_was_restarted_is_finished_by_the_next() -> None:
    """Its files lie there, and the scanner that runs was started with others."""
    kept = "/var/lib/pacs-hardening/antivirus/settled.json"
    assert sum(run_playbook(CONVERGE, "--check").changed.values()) == 0
    run("/bin/mv", kept, f"{kept}.away")
    try:
        unfinished = run_playbook(CONVERGE, "--check")
    finally:
        run("/bin/mv", f"{kept}.away", kept)
    assert sum(unfinished.changed.values()) == 1, unfinished.output


def test_the_scan_reports_by_hash_and_touches_nothing(copy: str) -> None:
    path = stored()
    before = digest(path)
    assert run("/bin/systemctl", "start", "pacs-antivirus-scan.service")[0] == 0
    report = document("/var/lib/pacs-antivirus/scan.json")
    assert (report["schema"], report["complete"]) == ("pacs-hardening-antivirus-scan/1", True)
    assert (report["errors"], report["too_large"]) == (0, 0), "the scan's user is let through, and may read"
    found = {(one["root"], one["path_sha256"]) for one in report["found"]}
    hashed = {name: hashlib.sha256(name.encode()).hexdigest() for name in (path, copy)}
    # The stream was of copies of the same image.
    assert found >= {(STORE, hashed[path]), (IMPORT, hashed[copy])}
    assert {root for root, _hash in found} == {STORE, IMPORT}
    assert len(found) == report["infected"] < report["scanned"]
    assert {one["signature"] for one in report["found"]} == {"Site.FalseAlarm.UNOFFICIAL"}
    log = nodes.read_file("pacs1", "/var/log/clamav/pacs-scan.log") or ""
    assert hashed[path] in log
    for text in (log, json.dumps(report)):
        assert Path(path).name not in text and IMAGE not in text
    assert run("/usr/bin/stat", "-c", "%a %U", "/var/lib/pacs-antivirus/scan.json")[1].split() == ["600", "clamav"]
    assert opens(path) and digest(path) == before


def test_a_broken_database_is_refused_and_the_old_one_kept() -> None:
    good = f"{SIGNATURES}/site.hsb"
    run("/bin/cp", good, f"{good}.good")
    try:
        nodes.write_file("pacs1", good, "not a signature\n")
        assert run("/usr/bin/freshclam")[0] != 0
        assert "Site.Eicar" in run("/bin/cat", "/var/lib/clamav/site.hsb")[1]
    finally:
        run("/bin/mv", f"{good}.good", good)


def test_with_debians_unit_and_everything_scanned_the_image_leaves_the_store() -> None:
    """The naive configuration, on the same host, with the same signatures."""
    path = stored()
    before = digest(path)
    ours = f"{UNITS}/{ONACCESS}.d/pacs.conf"
    run("/bin/mkdir", "-p", "/root/quarantine")
    try:
        assert run("/bin/sed", "-i.ours", f"s#^OnAccessExcludePath .*#OnAccessIncludePath {STORE}#", CONF)[0] == 0
        assert run("/bin/systemctl", "restart", CLAMD, ONACCESS)[0] == 0
        until(lambda: not opens(path), "everything is scanned, and the image opens")
        assert run("/bin/mv", ours, f"{ours}.away")[0] == 0
        run("/bin/systemctl", "daemon-reload")
        assert run("/bin/systemctl", "restart", ONACCESS)[0] == 0
        until(lambda: run("/bin/cat", path)[0] != 0 and run("/bin/test", "-e", path)[0] != 0, "it is still there")
        _status, there = run("/bin/ls", "/root/quarantine")
        assert Path(path).name in there
    finally:
        run("/bin/mv", f"{ours}.away", ours)
        run("/bin/mv", f"{CONF}.ours", CONF)
        run("/bin/systemctl", "daemon-reload")
        run("/bin/systemctl", "restart", CLAMD, ONACCESS)
        run("/bin/mv", "-n", f"/root/quarantine/{Path(path).name}", path)
        run("/bin/rm", "-rf", "/root/quarantine")
    assert digest(path) == before


def test_with_debians_units_signatures_of_ones_own_start_nothing_and_nothing_says_so() -> None:
    folders = [f"{UNITS}/clamav-daemon.{kind}.d" for kind in ("service", "socket")]
    for folder in folders:
        assert run("/bin/mv", folder, f"{folder}.away")[0] == 0
    try:
        run("/bin/systemctl", "daemon-reload")
        run("/bin/systemctl", "stop", "clamav-daemon.socket", CLAMD)
        assert run("/bin/systemctl", "start", CLAMD)[0] == 0
        assert not active(CLAMD)
    finally:
        for folder in folders:
            run("/bin/mv", f"{folder}.away", folder)
        run("/bin/systemctl", "daemon-reload")
    assert run("/bin/systemctl", "start", "clamav-daemon.socket", CLAMD, ONACCESS)[0] == 0
    assert active(CLAMD)


def test_a_dead_scanner_is_reported_and_images_still_open(copy: str) -> None:
    # Its timer would bring it back within five minutes.
    run("/bin/systemctl", "stop", "pacs-antivirus-start.timer", ONACCESS, "clamav-daemon.socket", CLAMD)
    assert opens(stored()) and opens(copy)
    found = run_playbook(CANARY)
    assert not found.ok
    said = " ".join(found.output.split())
    assert "answer on /run/clamav/clamd.ctl" in said
    assert f"{IMPORT} is not watched: the test file was opened." in said


def test_a_scanner_that_is_too_slow_for_the_images_retreats_and_stays_away() -> None:
    """Everything is scanned, and that shows in the rates, and in an image that can't be read."""
    slow = run_playbook(EVERYTHING)
    assert slow.ok, slow.output
    kept = document(RECORD)
    assert kept["accepted"] is False
    (place,) = kept["places"]
    assert place["ratios"]["read"] < 0.1
    assert place["refused"] >= 1 and "can't be opened under it." in kept["findings"][0]
    assert opens(stored()), "only the scheduled scan is left"
    assert not active(ONACCESS)
    assert run("/bin/systemctl", "start", ONACCESS)[0] == 0 and not active(ONACCESS), "nobody starts it by mistake"
    again = run_playbook(EVERYTHING)
    assert again.ok and again.changed["pacs1"] == 0, again.output


def test_with_the_images_excluded_it_is_accepted_again_and_all_is_repaired() -> None:
    repaired = run_playbook(CONVERGE)
    assert repaired.ok, repaired.output
    assert document(RECORD)["accepted"] is True
    assert active(ONACCESS)


def test_nothing_is_left_behind() -> None:
    _status, said = run("/usr/bin/find", IMPORT, STORE, "-name", ".pacs-hardening-*")
    assert said == ""


def state() -> str:
    """What a role could have changed on a host."""
    _status, said = run("/usr/bin/find", "/etc", "/usr/local", "/var/lib", "-newer", "/run/mark", node=BARE)
    _status, packages = run("/usr/bin/dpkg-query", "-W", node=BARE)
    return said + packages


def test_on_a_bare_host_check_mode_shows_all_and_changes_nothing() -> None:
    run("/bin/mkdir", "-p", IMPORT, node=BARE)
    run("/usr/bin/touch", "/run/mark", node=BARE)
    before = state()
    done = run_playbook(CONVERGE, "--check", "--diff", variables={"antivirus_hosts": BARE})
    assert done.ok, done.output
    assert "+OnAccessExcludePath /var/lib/orthanc/db-v6" in done.output
    assert state() == before


def test_where_the_maker_forbids_antivirus_nothing_is_installed() -> None:
    site = lab_site()
    site["devices"][BARE]["antivirus"] = {"mds2": {"MLDP-2.3": "no", "MLDP-4": "yes"}}
    run("/usr/bin/touch", "/run/mark", node=BARE)
    before = state()
    done = run_playbook(CONVERGE, variables={"antivirus_hosts": BARE, "pacs_site": site})
    assert done.ok, done.output
    assert done.changed[BARE] == 0
    assert "Nothing is installed on ris1" in " ".join(done.output.split())
    assert state() == before
    assert run("/usr/bin/dpkg-query", "-W", "clamav-daemon", node=BARE)[0] != 0


def test_the_test_file_is_one() -> None:
    """The positive control of all that opens: with the scanner back, what is infected does not."""
    nodes.write_file("pacs1", f"{IMPORT}/infected", EICAR)
    try:
        until(lambda: not opens(f"{IMPORT}/infected"), "it opens")
    finally:
        run("/bin/rm", "-f", f"{IMPORT}/infected")
