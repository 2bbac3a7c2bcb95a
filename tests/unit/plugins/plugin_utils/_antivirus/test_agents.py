"""One list of exclusions, each agent's dialect. tests/kernel tries what ClamAV makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import pytest
from antivirus_example import TODAY, confirmation, loaded, profile
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agent import AGENTS
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents import (
    clamav,
    clamav_dialects,
    clamav_scan,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_dialects import (
    argument,
    expression,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.defender_schema import schema_faults
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.defender_windows import quoted
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.entries import read_exclusions
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.paths import covers, has_pattern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import Rendered
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.vocabulary import ANTIVIRUS_AGENTS

OWN: dict[str, Any] = {
    "orthanc": {"template": "orthanc_debian", **confirmation()},
    "archive": profile(
        paths=[{**profile()["paths"][0], "path": "/srv/image store (1)"}],
        processes=[{"path": "/opt/archive/bin/mover", "reason": "moves", "compensating_controls": ["canary"]}],
    ),
}
STORES = ("/var/lib/orthanc/db-v6", "/srv/image store (1)")


def rendered(agent: str, own: dict[str, Any] | None = None, **changes: Any) -> Rendered:
    profiles = OWN if own is None else own
    platform = AGENTS[agent].platform
    exclusions = govern(loaded(profiles), list(profiles), TODAY).exclusions
    watched = ["/srv/import", "/home"] if platform == "linux" else []
    policy = load_policy({"host": "pacs1", "watched": watched, **changes}, exclusions, platform)
    return AGENTS[agent].render(policy)


def text_of(files: Rendered, path: str) -> str:
    (found,) = (file.text for file in files.files if file.path == path)
    assert found is not None
    return found


def options(text: str, name: str) -> list[str]:
    """The values of one option of a ClamAV configuration, in order."""
    return [line.partition(" ")[2] for line in text.splitlines() if line.split(" ")[0] == name]


def test_a_site_names_the_agents_that_there_are() -> None:
    assert tuple(AGENTS) == ANTIVIRUS_AGENTS


class TestClamd:
    def test_each_exclusion_is_written_in_both_dialects(self) -> None:
        text = text_of(rendered("clamav"), clamav.CLAMD_CONF)
        assert options(text, "OnAccessExcludePath") == list(STORES)
        assert options(text, "ExcludePath") == ["^/var/lib/orthanc/db-v6(/|$)", "^/srv/image store [(]1[)](/|$)"]

    def test_what_is_watched_blocks_only_if_it_is_said(self) -> None:
        text = text_of(rendered("clamav"), clamav.CLAMD_CONF)
        assert options(text, "OnAccessIncludePath") == ["/srv/import", "/home"]
        assert options(text, "OnAccessPrevention") == ["no"]
        assert options(text_of(rendered("clamav", prevention=True), clamav.CLAMD_CONF), "OnAccessPrevention") == ["yes"]

    def test_the_traps_are_closed(self) -> None:
        text = text_of(rendered("clamav", limits={"file": "1000M", "on_access": "300M"}), clamav.CLAMD_CONF)
        assert options(text, "OnAccessExcludeUname") == ["clamav"]
        assert options(text, "OnAccessDenyOnError") == ["no"]
        assert options(text, "AlertExceedsMax") == ["no"]
        assert options(text, "OnAccessMaxFileSize") == ["300M"]
        assert options(text, "MaxFileSize") == options(text, "StreamMaxLength") == ["1000M"]
        assert options(text, "MaxScanSize") == ["2000M"]
        assert options(text, "LocalSocketMode") == ["660"]
        for trap in ("OnAccessMountPath", "OnAccessExcludeUID", "VirusEvent", "TCPSocket"):
            assert options(text, trap) == []

    def test_processes_are_said_to_be_none_of_clamavs(self) -> None:
        said = rendered("clamav").shortcomings
        assert said[0] == "ClamAV excludes no processes: /opt/archive/bin/mover is scanned like any other."

    def test_what_is_not_seen_or_not_blocked_is_said(self) -> None:
        detects = rendered("clamav", {}).shortcomings
        assert "only reports what it finds: infected files open" in detects[0]
        assert detects[1:] == ("Files larger than 200M open unscanned.",)
        assert rendered("clamav", {}, prevention=True).shortcomings == detects[1:]
        assert rendered("clamav", {}, watched=[]).shortcomings == ()

    def test_where_it_was_found_too_slow_nothing_is_watched(self) -> None:
        made = rendered("clamav", {}, retreated=True, scan={"calendar": "daily"})
        assert clamav.ONACCESS in made.stopped and clamav_scan.TIMER in made.running
        assert "found that too slow" in made.shortcomings[0]
        assert made.files == rendered("clamav", {}, scan={"calendar": "daily"}).files, "the next run changes nothing"


def test_apparmor_lets_clamd_read_what_is_watched() -> None:
    text = text_of(rendered("clamav", watched=["/srv/import folder"]), clamav.APPARMOR_LOCAL)
    assert text.splitlines()[1:] == ['"/srv/import folder/" r,', '"/srv/import folder/**" r,']
    unit = text_of(rendered("clamav"), "/etc/systemd/system/clamav-daemon.service.d/pacs.conf")
    assert "ExecStartPre=-/sbin/apparmor_parser --replace /etc/apparmor.d/usr.sbin.clamd\n" in unit


class TestUnits:
    def test_debians_move_is_replaced(self) -> None:
        text = text_of(rendered("clamav"), "/etc/systemd/system/clamav-clamonacc.service.d/pacs.conf")
        commands = [line for line in text.splitlines() if line.startswith("ExecStart=")]
        assert commands == [
            "ExecStart=",
            "ExecStart=/usr/sbin/clamonacc -F --fdpass --log=/var/log/clamav/clamonacc.log",
        ]
        for file in rendered("clamav", scan={"calendar": "Sun 02:00"}).files:
            assert not re.search(r"--(move|remove|copy)", file.text or ""), file.path

    def test_what_must_run(self) -> None:
        made = rendered("clamav")
        assert made.running[0] == clamav.FRESHCLAM, "nothing else starts without signatures"
        assert set(made.running) == {
            *(clamav.FRESHCLAM, clamav.CLAMD_SOCKET, clamav.CLAMD),
            *(clamav.ONACCESS, clamav.START_TIMER),
        }
        assert clamav.ONACCESS in rendered("clamav", watched=[]).stopped, "it ends at once where it watches nothing"

    def test_signatures_of_the_sites_own_are_enough_to_start(self) -> None:
        own = {"source": "files", "custom": ["file:///srv/signatures/site.hsb"]}
        for unit in ("clamav-daemon.service.d", "clamav-daemon.socket.d"):
            path = f"/etc/systemd/system/{unit}/pacs.conf"
            assert "ConditionPathExistsGlob=\n" in text_of(rendered("clamav", updates=own), path)
            assert "Condition" not in text_of(rendered("clamav"), path)

    def test_antivirus_comes_after_images(self) -> None:
        unit = f"/etc/systemd/system/{clamav_dialects.SLICE}"
        text = text_of(rendered("clamav", resources={"cpu_weight": 5, "cpu_quota": 50}), unit)
        assert "CPUWeight=5\n" in text and "IOWeight=20\n" in text and "CPUQuota=50%\n" in text
        assert "CPUQuota" not in text_of(rendered("clamav"), unit)
        files = rendered("clamav", scan={"calendar": "daily"}).files
        inside = [file.path for file in files if clamav_dialects.SLICE in (file.text or "")]
        assert len(inside) == 4, "clamd, clamonacc, freshclam and the scan"


class TestScan:
    SERVICE = f"/etc/systemd/system/{clamav_scan.UNIT}.service"

    def command(self, **scan: Any) -> str:
        text = text_of(rendered("clamav", scan={"calendar": "Sun 02:00", **scan}), self.SERVICE)
        (line,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
        return line

    def test_it_looks_into_what_is_excluded_on_access(self) -> None:
        command = self.command()
        assert command.endswith('"--" "/srv/import" "/home" "/var/lib/orthanc/db-v6" "/srv/image store (1)"')
        assert "--exclude-dir" not in command
        assert '"--root=/srv/import" "--root=/home" "--excluded=/var/lib/orthanc/db-v6"' in command
        assert '"--alert-exceeds-max=yes"' in command

    def test_or_goes_round_it(self) -> None:
        command = self.command(paths=["/srv"], excluded=False)
        assert '"--exclude-dir=^/srv/image store [(]1[)](/|$$)"' in command, "systemd takes $$ for $"
        assert "db-v6" not in command, "the scan doesn't come through there"
        assert command.endswith('"--" "/srv"')

    def test_there_is_none_unless_it_is_asked_for(self) -> None:
        made = rendered("clamav")
        scans = [file for file in made.files if clamav_scan.UNIT in file.path or file.path == clamav_scan.PROGRAM]
        assert [(file.text, file.program) for file in scans] == [(None, None)] * 3
        assert clamav_scan.TIMER in made.stopped
        assert clamav_scan.TIMER in rendered("clamav", scan={"calendar": "daily"}).running

    def test_it_starts_when_it_is_said(self) -> None:
        text = text_of(
            rendered("clamav", scan={"calendar": "Sun 02:00"}), f"/etc/systemd/system/{clamav_scan.UNIT}.timer"
        )
        assert "OnCalendar=Sun 02:00\n" in text


class TestFreshclam:
    def text(self, **updates: Any) -> str:
        return text_of(rendered("clamav", updates=updates), clamav.FRESHCLAM_CONF)

    def test_from_the_internet(self) -> None:
        text = self.text()
        assert options(text, "DatabaseMirror") == ["database.clamav.net"]
        assert options(text, "DNSDatabaseInfo") == ["current.cvd.clamav.net"]
        assert options(text, "ExcludeDatabase") == []

    def test_from_a_mirror(self) -> None:
        text = self.text(source="mirror", mirrors=["http://mirror.example"], custom=["http://mirror.example/site.hsb"])
        assert options(text, "PrivateMirror") == ["http://mirror.example"]
        assert options(text, "DatabaseCustomURL") == ["http://mirror.example/site.hsb"]
        assert options(text, "DNSDatabaseInfo") == options(text, "ScriptedUpdates") == ["no"]
        assert options(text, "DatabaseMirror") == []

    @pytest.mark.parametrize("source", ["files", "internet"])
    def test_with_signatures_of_the_sites_own_nothing_is_asked_of_the_makers(self, source: str) -> None:
        text = self.text(source=source, official=False, custom=["file:///srv/signatures/site.hsb"])
        assert options(text, "ExcludeDatabase") == ["daily", "main", "bytecode"]
        assert options(text, "PrivateMirror") == ["http://127.0.0.1:9"]
        assert options(text, "DatabaseMirror") == []

    def test_a_broken_database_is_refused(self) -> None:
        assert options(self.text(), "TestDatabases") == ["yes"]


@pytest.mark.skipif(shutil.which("clamconf") is None, reason="no clamconf: install clamav-daemon")
@pytest.mark.parametrize("source", ["internet", "mirror", "files"])
def test_clamav_reads_what_we_write(tmp_path: Path, source: str) -> None:
    updates: dict[str, Any] = {"source": source, "custom": ["file:///srv/signatures/site.hsb"]}
    if source == "mirror":
        updates["mirrors"] = ["http://mirror.example"]
    files = rendered("clamav", updates=updates, limits={"file": "2047M", "unpacked": "4095M"})
    for path in (clamav.CLAMD_CONF, clamav.FRESHCLAM_CONF):
        (tmp_path / PurePosixPath(path).name).write_text(text_of(files, path), encoding="utf-8")
    read = subprocess.run(["clamconf", "-c", str(tmp_path), "-n"], capture_output=True, text=True, check=False)
    assert "ERROR" not in read.stdout + read.stderr
    assert 'OnAccessExcludePath = "/var/lib/orthanc/db-v6", "/srv/image store (1)"' in read.stdout
    assert 'MaxFileSize = "2146435072"' in read.stdout
    assert 'DatabaseCustomURL = "file:///srv/signatures/site.hsb"' in read.stdout

    # It does see what is wrong.
    (tmp_path / "clamd.conf").write_text("OnAccessExcludePaht /x\n", encoding="utf-8")
    read = subprocess.run(["clamconf", "-c", str(tmp_path), "-n"], capture_output=True, text=True, check=False)
    assert "ERROR" in read.stdout + read.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.skipif(shutil.which("clamscan") is None, reason="no clamscan: install clamav")
def test_systemd_reads_the_units_of_our_own(tmp_path: Path) -> None:
    files = rendered("clamav", scan={"calendar": "Sun 02:00"}, resources={"cpu_quota": 50})
    units = [PurePosixPath(file.path) for file in files.files if file.path.startswith("/etc/systemd/system/pacs")]
    assert len(units) == 5
    for unit in units:
        (tmp_path / unit.name).write_text(text_of(files, str(unit)), encoding="utf-8")
    command = ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in units)]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not [line for line in read.stderr.splitlines() if str(tmp_path) in line], read.stderr
    assert read.returncode == 0, read.stderr


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="/"), min_size=1)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))
LITERAL = PATHS.filter(lambda path: not has_pattern(path, "linux"))


@given(LITERAL, LITERAL)
def test_an_expression_matches_a_path_and_what_is_below_it_and_nothing_else(path: str, other: str) -> None:
    for candidate in (other, path, f"{path}/x", f"{path}x", path[:-1] or "/", f"/x{path}", path.replace(".", "x", 1)):
        matched = re.search(expression(path), candidate) is not None
        assert matched is covers(path, candidate, "linux"), (path, candidate)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])))
def test_a_word_stays_one_word_for_systemd(text: str) -> None:
    word = argument(text)
    assert word[0] == word[-1] == '"'
    inside = word[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', inside), "no quote ends it early"
    unescaped = re.sub(r"\\(.)", r"\1", inside).replace("%%", "%").replace("$$", "$")
    assert unescaped == text


class TestDefenderOnLinux:
    def document(self, **changes: Any) -> dict[str, Any]:
        (file,) = rendered("defender_linux", **changes).files
        assert file.path == "/etc/opt/microsoft/mdatp/managed/mdatp_managed.json"
        document: dict[str, Any] = json.loads(file.text or "")
        return document

    def test_each_exclusion_has_its_scope(self) -> None:
        settings = self.document()["exclusionSettings"]
        assert settings["mergePolicy"] == "admin_only"
        assert settings["exclusions"] == [
            *({"$type": "excludedPath", "isDirectory": True, "path": path, "scopes": ["epp"]} for path in STORES),
            {"$type": "excludedFileName", "name": "/opt/archive/bin/mover", "scopes": ["epp"]},
        ]

    def test_it_passes_our_own_linter_and_holds_the_same_list(self) -> None:
        found = read_exclusions(self.document())
        assert lint(found) == ()
        assert [one.value for one in found if one.kind == "path"] == list(STORES)

    def test_it_protects_only_where_blocking_is_wanted(self) -> None:
        assert self.document(prevention=True)["antivirusEngine"]["enforcementLevel"] == "real_time"
        assert self.document()["antivirusEngine"]["enforcementLevel"] == "passive"
        assert any("passive" in one for one in rendered("defender_linux").shortcomings)

    def test_no_image_is_sent_away_and_import_media_are_scanned(self) -> None:
        document = self.document()
        assert document["cloudService"]["automaticSampleSubmissionConsent"] == "none"
        assert document["antivirusEngine"]["nonExecMountPolicy"] == "unmute"

    def test_what_is_not_documented_is_refused(self) -> None:
        assert schema_faults(self.document()) == ()
        for change, said in (
            ({"antivirusEngine": {"enforcementLevel": "on"}}, "'on' is not documented"),
            ({"antivirusEngine": {"nonExecMountPolicey": "mute"}}, "no such key is documented"),
            ({"antivirusEngien": {}}, "no such section is documented"),
            ({"cloudService": {"enabled": "yes"}}, "is of another type"),
            ({"exclusionSettings": {"mergePolicy": "merge", "exclusions": []}}, "exclusions of others are merged in"),
            ({"exclusionSettings": {"exclusions": []}}, "exclusions of others are merged in"),
        ):
            assert said in str(schema_faults({**self.document(), **change})), change

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ({"$type": "excludedPath", "path": "/x", "isDirectory": True}, "the key 'scopes' is missing"),
            ({"$type": "excludedPath", "path": "/x", "isDirectory": True, "scopes": []}, "are no documented scopes"),
            ({"$type": "excludedPath", "path": "/x", "isDirectory": True, "scopes": ["edr"]}, "no documented scopes"),
            ({"$type": "excludedPath", "path": "/x", "isDirectory": "yes", "scopes": ["epp"]}, "of another type"),
            ({"$type": "excludedFolder", "path": "/x"}, "of no documented type"),
            ({"$type": "excludedFileName", "name": "x", "path": "/x", "scopes": ["epp"]}, "no such key is documented"),
        ],
    )
    def test_an_exclusion_says_what_it_covers(self, entry: dict[str, Any], said: str) -> None:
        settings = {"mergePolicy": "admin_only", "exclusions": [entry]}
        assert said in str(schema_faults({"exclusionSettings": settings}))

    def test_it_is_said_to_be_unverified(self) -> None:
        assert "not verified against a live agent" in rendered("defender_linux").shortcomings[0]


class TestDefenderOnWindows:
    OWN: ClassVar[dict[str, Any]] = {
        "viewer": profile(
            platform="windows",
            paths=[{**profile()["paths"][0], "path": "D:\\Anna's Images"}],
            processes=[{"path": "C:\\Viewer\\v.exe", "reason": "x", "compensating_controls": ["canary"]}],
        )
    }

    def test_it_is_a_file_to_hand_over(self) -> None:
        made = rendered("defender_windows", self.OWN)
        (file,) = made.files
        assert (file.path, file.applied) == ("pacs1-defender-exclusions.ps1", False)
        lines = (file.text or "").splitlines()
        assert lines[0].startswith("\ufeff# NOT APPLIED.")
        assert "Add-MpPreference -ExclusionPath 'D:\\Anna''s Images'" in lines
        assert "Add-MpPreference -ExclusionProcess 'C:\\Viewer\\v.exe'" in lines
        assert "has not been applied" in made.shortcomings[0]

    def test_a_quote_doesnt_end_the_string(self) -> None:
        assert quoted("a'; Remove-Item x; '\u2019") == "'a''; Remove-Item x; ''\u2019\u2019'"
