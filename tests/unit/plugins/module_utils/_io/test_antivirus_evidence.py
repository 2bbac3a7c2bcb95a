"""Antivirus on a host made of folders: what is there, what isn't, and what vanishes while it is looked at."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from evidence import FakeHost

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.antivirus import (
    CANARY_RECORD,
    SCAN_REPORT,
    SCAN_SCHEMA,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import Tried, keep
from ansible_collections.pacs.hardening.plugins.module_utils._io.directories import walk
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host

SHIPPED = ("/usr/sbin/clamonacc", "-F", "--log=/var/log/clamav/clamonacc.log", "--move=/root/quarantine")


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return FakeHost(tmp_path)


def part(host: FakeHost, name: str = "antivirus") -> dict[str, Any]:
    found: dict[str, Any] = host.parts(name)[name]
    return found


def clamav(host: FakeHost) -> dict[str, Any]:
    found: dict[str, Any] = part(host)["value"]["clamav"]
    return found


def installed(host: FakeHost, text: str = "") -> None:
    host.write("usr/sbin/clamd", "")
    host.write("etc/clamav/clamd.conf", text)


def watcher(host: FakeHost, *marked: Path) -> Path:
    """A clamonacc that has these directories marked."""
    folder = host.process(41, "clamonacc", *SHIPPED)
    (folder / "fd").mkdir()
    (folder / "fd" / "4").symlink_to("anon_inode:[fanotify]")
    marks = [
        f"fanotify ino:{path.stat().st_ino:x} sdev:fe00000 mflags:0 mask:8030000 ignored_mask:0" for path in marked
    ]
    host.write("proc/41/fdinfo/4", "pos:\t0\n" + "".join(f"{mark}\n" for mark in marks))
    return folder


def test_a_host_with_nothing_has_none(host: FakeHost) -> None:
    assert part(host)["status"] == "absent"
    assert part(host, "directories")["status"] == "absent"


def test_installed_and_dead(host: FakeHost) -> None:
    installed(host)
    found = clamav(host)
    assert found["daemon"]["running"] is False and found["on_access"] is None


def test_what_it_watches_is_what_the_kernel_says(host: FakeHost) -> None:
    for name in ("import", "other", "store"):
        (host.folder / name).mkdir()
    names = {name: str(host.folder / name) for name in ("import", "other", "store")}
    installed(
        host,
        f"OnAccessIncludePath {names['import']}\nOnAccessIncludePath {names['other']}\n"
        f"OnAccessExcludePath {names['store']}\nOnAccessIncludePath /nowhere/at/all\n",
    )
    watcher(host, host.folder / "import")
    found = clamav(host)
    assert found["on_access"] == {
        "running": 1,
        "takes_away": ["--move=/root/quarantine"],
        "hands_over_files": False,
        "marks": 1,
        "blocks": True,
    }
    marked = {path: about["marked"] for path, about in found["paths"].items()}
    assert marked == {names["import"]: True, names["other"]: False, names["store"]: False, "/nowhere/at/all": False}
    assert found["paths"]["/nowhere/at/all"]["exists"] is False


def test_a_mark_on_another_file_system_is_another_directory(host: FakeHost) -> None:
    (host.folder / "import").mkdir()
    installed(host, f"OnAccessIncludePath {host.folder}/import\n")
    watcher(host, host.folder / "import")
    host.write("proc/self/mountinfo", "26 1 254:7 / / rw,relatime - ext4 /dev/vda rw\n")
    assert clamav(host)["paths"][f"{host.folder}/import"]["marked"] is False


def test_what_vanishes_meanwhile_is_not_known_and_breaks_nothing(host: FakeHost) -> None:
    installed(host)
    folder = watcher(host)
    shutil.rmtree(folder / "fd")
    assert clamav(host)["on_access"]["marks"] is None
    host.write("proc/41/cmdline", "")  # as of a process that is about to be reaped
    assert clamav(host)["on_access"] is None
    shutil.rmtree(folder)
    assert clamav(host)["on_access"] is None


def test_a_daemon_whose_socket_is_gone(host: FakeHost) -> None:
    installed(host, f"LocalSocket {host.folder}/clamd.ctl\n")
    host.process(40, "clamd", "/usr/sbin/clamd", "--foreground=true")
    daemon = clamav(host)["daemon"]
    assert (daemon["running"], daemon["answers"]) == (True, False)
    assert "gives no answer: No such file" in daemon["problem"]


def test_a_configuration_that_can_not_be_read_is_said(host: FakeHost) -> None:
    host.process(40, "clamd", "/usr/sbin/clamd", f"--config-file={host.folder}/gone.conf")
    found = clamav(host)
    assert found["configuration"] is None and "gone.conf can't be read" in found["configuration_problem"]


def test_schedules_that_take_away(host: FakeHost) -> None:
    installed(host)
    host.write("etc/cron.daily/scan", "#!/bin/sh\nclamscan -r --remove /home\n")
    host.write("etc/systemd/system/scan.service", "[Service]\nExecStart=/usr/bin/clamscan -r /srv\n")
    assert part(host)["value"]["takes_away"] == [f"{host.folder}/etc/cron.daily/scan: --remove"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: ownership is what is looked at")
def test_settings_that_others_may_change(host: FakeHost) -> None:
    installed(host)
    file = host.folder / "etc" / "clamav" / "clamd.conf"
    assert clamav(host)["writable"] == []
    file.chmod(0o646)
    assert clamav(host)["writable"] == [str(file)]
    file.chmod(0o644)
    shutil.chown(file, 1000)
    assert clamav(host)["writable"] == [str(file)]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the record belongs to root")
def test_what_was_kept_comes_back(host: FakeHost) -> None:
    installed(host)
    record = f"{host.folder}{CANARY_RECORD}"
    keep(record, False, ["It isn't watched."], [Tried("/srv/import", False, "opened", False)])
    canary = part(host)["value"]["canary"]
    assert (canary["proven"], canary["findings"]) == (False, ["It isn't watched."])
    assert canary["tried"] == [{"directory": "/srv/import", "place": "outside", "seen": "opened", "right": False}]
    assert Path(record).stat().st_mode & 0o777 == 0o600
    Path(record).write_text("broken", encoding="utf-8")
    assert part(host)["value"]["canary"] is None


def test_the_last_scan(host: FakeHost) -> None:
    installed(host)
    assert clamav(host)["scan"]["last"] is None
    host.write(SCAN_REPORT.lstrip("/"), json.dumps({"schema": SCAN_SCHEMA, "infected": 1}))
    assert clamav(host)["scan"]["last"]["infected"] == 1


def test_another_makers_scanner_is_named(host: FakeHost) -> None:
    host.process(50, "falcon-sensor", "falcon-sensor")
    assert part(host)["value"]["others"] == ["CrowdStrike Falcon"]


def test_defender_by_its_folder_and_its_managed_configuration(host: FakeHost) -> None:
    (host.folder / "opt" / "microsoft" / "mdatp").mkdir(parents=True)
    found = part(host)["value"]["defender"]
    assert found["running"] is False and "can't be read" in found["problem"]
    managed = "etc/opt/microsoft/mdatp/managed/mdatp_managed.json"
    host.write(managed, json.dumps({"antivirusEngine": {"enforcementLevel": "passive"}}))
    host.process(60, "wdavdaemon", "/opt/microsoft/mdatp/sbin/wdavdaemon")
    found = part(host)["value"]["defender"]
    assert found["running"] is True and found["managed"]["level"] == "passive"
    host.write(managed, "{")
    assert part(host)["value"]["defender"]["problem"].endswith("can't be parsed")


class TestDirectories:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        top = tmp_path / "top"
        for name in ("a/b", "store/deep"):
            (top / name).mkdir(parents=True)
        (top / "a" / "large").write_bytes(b"x" * 100)
        (top / "a" / "b" / "run").write_bytes(b"x")
        (top / "a" / "b" / "run").chmod(0o755)
        (top / "store" / "deep" / "image").write_bytes(b"x" * 100)
        (top / "link").symlink_to("/")
        return top

    def test_what_lies_there_is_counted(self, host: FakeHost, tree: Path) -> None:
        installed(host, f"OnAccessExcludePath {tree}/store\nOnAccessMaxFileSize 99\nMaxFileSize 100\n")
        parts = host_evidence(["directories"], 10, host.host, [str(tree), f"{tree}/store"])["parts"]
        value = parts["directories"]["value"]
        assert value["sizes"] == [99, 100]
        counted = {Path(path).name: about["counted"] for path, about in value["paths"].items()}
        assert counted["top"] == {"directories": 3, "files": 2, "executable": 1, "larger": [1, 0], "whole": True}
        assert counted["store"] == {"directories": 2, "files": 1, "executable": 0, "larger": [1, 0], "whole": True}

    def test_it_ends_when_its_time_is_over(self, tree: Path) -> None:
        ticks = iter(range(100))
        counted = walk(str(tree), [], [], 2, lambda: next(ticks))
        assert not counted.whole and counted.directories == 1

    def test_what_is_not_there(self, tree: Path) -> None:
        assert walk(f"{tree}/nowhere", [], [], 1).whole is False

    def test_a_million_files_are_not_waited_for(self) -> None:
        parts = host_evidence(["directories"], 0.5, Host(), ["/usr"])["parts"]
        assert parts["directories"]["status"] == "ok"
