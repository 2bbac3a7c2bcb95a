"""What antivirus programs, their configurations and their reports say, read as they write it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import parse_configuration
from ansible_collections.pacs.hardening.plugins.module_utils._evidence import antivirus
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.mounts import (
    mount_of,
    mounts_below,
    parse_marks,
    parse_mounts,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io import antivirus_scan
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents import (
    clamav,
    clamav_scan,
    defender_linux,
)

# As Linux 6.1 shows it of clamonacc 1.4.6, watching two directories with prevention, and then without.
BLOCKING = """pos:	0
flags:	02
mnt_id:	17
ino:	1038
fanotify flags:34 event-flags:8000
fanotify ino:ea2008 sdev:fe00000 mflags:0 mask:8030000 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:0820ea00
fanotify ino:ea2007 sdev:fe00001 mflags:0 mask:8030000 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:0720ea00
"""
REPORTING = BLOCKING.replace("mask:8030000", "mask:8000021")

MOUNTS = r"""21 26 0:20 / /proc rw,relatime - proc proc rw
26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 26 8:1 / /srv rw,nosuid - xfs /dev/sda1 rw
32 31 8:17 / /srv/import rw,nosuid,nodev,noexec - ext4 /dev/sdb1 rw
33 31 8:18 / /srv/with\040blank rw - ext4 /dev/sdb2 rw
34 31 0:50 / /srv/import rw - nfs4 nas:/x rw
"""


@pytest.mark.parametrize(("text", "blocks"), [(BLOCKING, True), (REPORTING, False)])
def test_what_the_scanner_has_marked(text: str, blocks: bool) -> None:
    marks = parse_marks(text)
    assert [(one.device, one.inode, one.blocks) for one in marks] == [
        ((254, 0), 0xEA2008, blocks),
        ((254, 1), 0xEA2007, blocks),
    ]
    assert parse_marks("fanotify flags:34 event-flags:8000\n") == []


def test_what_is_mounted_where() -> None:
    mounts = parse_mounts(MOUNTS)
    found = mount_of(mounts, "/srv/import/cd")
    assert found is not None and (found.filesystem, found.device) == ("nfs4", (0, 50)), "the last hides the others"
    beside = mount_of(mounts, "/srv/imports")
    assert beside is not None and (beside.point, beside.options) == ("/srv", ("nosuid", "rw"))
    assert mounts_below(mounts, "/srv") == ["/srv/import", "/srv/with blank"]
    assert mount_of([], "/srv") is None


def test_the_configuration_with_what_holds_where_nothing_is_set() -> None:
    document = antivirus.configuration_document("/x", parse_configuration("OnAccessIncludePath /srv\nUser clamav\n"))
    assert (document["on_access_limit"], document["file_limit"]) == (5 << 20, 100 << 20)
    assert document["include"] == ["/srv"] and document["exclude"] == []
    assert not document["prevention"] and not document["runs_on_find"]
    text = "OnAccessMaxFileSize 200M\nMaxFileSize 1G\nOnAccessPrevention yes\nVirusEvent /bin/true\n"
    document = antivirus.configuration_document("/x", parse_configuration(text))
    assert (document["on_access_limit"], document["file_limit"]) == (200 << 20, 1 << 30)
    assert document["prevention"] and document["runs_on_find"]
    assert "true" not in json.dumps({**document, "prevention": 0, "runs_on_find": 0}), "what it runs isn't told"


@pytest.mark.parametrize(("text", "number"), [("25M", 25 << 20), ("7", 7), ("2k", 2048), ("", None), ("many", None)])
def test_sizes(text: str, number: int | None) -> None:
    assert antivirus.size(text) == number


def test_what_a_command_line_takes_away() -> None:
    shipped = "/usr/sbin/clamonacc -F --log=/var/log/clamav/clamonacc.log --move=/root/quarantine"
    assert antivirus.taking_away(shipped.split()) == ["--move=/root/quarantine"]
    assert antivirus.taking_away(["/usr/sbin/clamonacc", "-F", "--fdpass", "--removed=no"]) == []
    unit = f"[Service]\n# clamscan --remove\nExecStart=\nExecStart={shipped}\n"
    assert antivirus.taking_away_in(unit) == ["--move=/root/quarantine"]
    assert antivirus.taking_away_in("0 3 * * * root nice clamscan -r --remove /home\n") == ["--remove"]
    assert antivirus.taking_away_in("0 3 * * * root rsync --remove /home\n") == []


def test_which_configuration_a_command_line_names() -> None:
    names = ("--config-file", "-c")
    assert antivirus.option(["clamd", "--config-file=/x"], *names) == "/x"
    assert antivirus.option(["clamd", "-c", "/x"], *names) == "/x"
    assert antivirus.option(["clamd", "-c"], *names) is None
    assert antivirus.option(["clamd"], *names) is None


def test_of_defenders_configuration_only_what_is_judged() -> None:
    text = json.dumps(
        {
            "antivirusEngine": {"enforcementLevel": "real_time", "exclusionsMergePolicy": "merge", "secret": "x"},
            "exclusionSettings": {
                "mergePolicy": "admin_only",
                "exclusions": [{"$type": "excludedPath", "path": "/srv", "scopes": ["epp"], "secret": "x"}, "odd"],
            },
            "secret": "x",
        }
    )
    document = antivirus.defender_document(text)
    assert (document["level"], document["merge"], document["older_merge"]) == ("real_time", "admin_only", "merge")
    entries = document["sections"]["exclusionSettings"]["exclusions"]
    assert entries == [{"$type": "excludedPath", "path": "/srv", "scopes": ["epp"]}, {}]
    assert "secret" not in json.dumps(document)
    assert antivirus.defender_document("[]")["level"] is None
    with pytest.raises(ValueError, match="Expecting"):
        antivirus.defender_document("{")


def test_the_report_of_the_scheduled_scan_in_numbers() -> None:
    report = {
        "schema": "pacs-hardening-antivirus-scan/1",
        "started": "2026-11-22T02:00:03Z",
        "ended": "2026-11-22T02:00:04Z",
        "complete": True,
        "paths": ["/srv/import"],
        "excluded": ["/srv/store"],
        "scanned": 41,
        "infected": 1,
        "too_large": "many",
        "errors": 1,
        "found": [{"directory": "/srv/import", "path": "ab", "name": "Site.FalseAlarm"}],
    }
    assert antivirus.parse_scan(json.dumps(report)) == {
        "ended": "2026-11-22T02:00:04Z",
        "complete": True,
        "paths": ["/srv/import"],
        "excluded": ["/srv/store"],
        "scanned": 41,
        "infected": 1,
        "too_large": None,
        "errors": 1,
    }
    for text in ("", "[]", "{}"):
        assert antivirus.parse_scan(text) is None


def test_what_was_kept_of_test_files() -> None:
    kept = antivirus.canary_document("2026-11-22T02:00:04Z", True, [], [{"directory": "/srv", "right": True}])
    assert antivirus.parse_canary(json.dumps(kept)) == kept
    for text in ("", "[]", '{"format": 2}', '{"format": 1, "tried": 1, "findings": []}'):
        assert antivirus.parse_canary(text) is None


def test_what_is_looked_for_is_what_the_role_leaves() -> None:
    assert (antivirus.SCAN_REPORT, antivirus.SCAN_TIMER) == (clamav_scan.REPORT, clamav_scan.TIMER)
    assert antivirus.SCAN_SCHEMA == antivirus_scan.SCHEMA
    assert clamav.CLAMD_CONF in antivirus.CONFIGURATIONS
    assert defender_linux.MANAGED == antivirus.MANAGED
