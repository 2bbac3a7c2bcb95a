"""Nothing runs from a medium; what may be imported of it lands; of others nothing does, and the receipt says why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from media import FILES, lose_files, make_polyglots, write_medium

from lab import nodes
from playbooks import PlaybookRun, run_playbook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prepare import FOLDER, put_medium

WHERE, LANDING, RECEIPTS = "/media/inbox-1", "/srv/import", "/var/lib/pacs-hardening/media_receipts"
UNIT = r"media-inbox\x2d1.mount"
RULES = "/etc/udev/rules.d/70-pacs-removable-media.rules"


def run(*argv: str, node: str = "ws1") -> tuple[int, str]:
    done = nodes.run(node, list(argv))
    return done.returncode, done.stdout + done.stderr


def bring_in(*arguments: str, **variables: object) -> PlaybookRun:
    given = {"pacs_media_hosts": "ws1", "pacs_media_where": WHERE, "pacs_media_landing": LANDING, **variables}
    return run_playbook("pacs.hardening.media_import", *arguments, variables=given)


def landed() -> list[str]:
    return run("/usr/bin/find", LANDING, "-type", "f")[1].split()


def test_the_rules_are_where_udev_reads_them() -> None:
    assert 'ATTR{authorized}="0"' in run("/bin/cat", RULES, node="ris1")[1]
    station = run("/bin/cat", RULES)[1]
    assert "UDISKS_IGNORE" in station and "authorized" not in station


class TestTheMount:
    @pytest.fixture
    def program(self) -> Iterator[str]:
        nodes.write_file("ws1", f"{FOLDER}/PROGRAM", "#!/bin/sh\necho ran\n", mode=0o755)
        assert run("/bin/systemctl", "start", UNIT) == (0, "")
        yield "PROGRAM"
        assert run("/bin/systemctl", "stop", UNIT)[0] == 0
        run("/bin/rm", f"{FOLDER}/PROGRAM")

    def test_nothing_runs_from_it_and_nothing_is_written_to_it(self, program: str) -> None:
        assert run(f"{FOLDER}/{program}") == (0, "ran\n"), "where it isn't mounted, it runs"
        status, said = run("/bin/sh", "-c", f"{WHERE}/{program}")
        assert status == 126 and "Permission denied" in said
        assert run("/bin/touch", f"{FOLDER}/X")[0] == 0
        status, said = run("/bin/touch", f"{WHERE}/X")
        assert status != 0 and "Read-only file system" in said
        run("/bin/rm", f"{FOLDER}/X")
        options = run("/bin/findmnt", "-no", "OPTIONS", WHERE)[1].strip().split(",")
        assert {"ro", "noexec", "nosuid", "nodev"} <= set(options)

    def test_nothing_starts_it_by_itself(self) -> None:
        assert run("/bin/systemctl", "is-active", UNIT)[1].strip() == "inactive"
        assert run("/bin/systemctl", "is-enabled", UNIT)[1].strip() == "static"


class TestImport:
    def test_a_dry_run_mounts_and_copies_nothing(self) -> None:
        done = bring_in("--check")
        assert done.ok, done.output
        assert "nothing is judged" in " ".join(done.output.split())
        assert not landed()

    def test_without_a_scanner_nothing_is_imported(self) -> None:
        done = bring_in()
        assert not done.ok
        assert "no virus scanner has judged it: no clamd is running" in done.output
        assert not landed()

    def test_a_clean_medium_lands_once(self) -> None:
        first = bring_in(pacs_media_without_antivirus=True, pacs_media_label="ticket 4711")
        second = bring_in(pacs_media_without_antivirus=True)
        assert first.ok, first.output
        assert "Medium ticket 4711, judged on ws1" in first.output
        assert "Verdict: IMPORT" in first.output and "Mounted: " in first.output
        assert "without ro" not in first.output and "ro, noexec, nosuid, nodev" in first.output
        assert len(landed()) == FILES
        modes = run("/usr/bin/find", LANDING, "-type", "f", "-printf", "%m %u\\n")[1].split("\n")
        assert set(modes) == {"640 root", ""}
        assert second.ok and len(landed()) == FILES
        assert run("/bin/findmnt", WHERE)[0] != 0, "it is unmounted in the end"

    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            (make_polyglots, "a DICOM file that is a program, too (elf)"),
            (lose_files, "a file that the DICOMDIR names and the medium doesn't have"),
        ],
    )
    def test_of_others_nothing_lands(self, tmp_path: Path, spoil: Callable[[Path], None], says: str) -> None:
        medium = write_medium(tmp_path / "medium")
        spoil(medium)
        put_medium(medium)
        before = landed()
        done = bring_in(pacs_media_without_antivirus=True)
        assert not done.ok
        assert "Verdict: QUARANTINE" in done.output
        assert says in done.output
        assert landed() == before
        assert run("/bin/findmnt", WHERE)[0] != 0, "it is unmounted in the end"

    def test_the_receipts_are_for_root_alone(self) -> None:
        names = run("/usr/bin/find", RECEIPTS, "-printf", "%m %f\\n")[1].strip().split("\n")
        assert names[0] == "700 media_receipts"
        assert {name.split()[0] for name in names[1:]} == {"600"}
        assert {name.rpartition("-")[2] for name in names[1:]} >= {"import.txt", "quarantine.json"}
