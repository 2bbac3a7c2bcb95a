"""The role removable_media and the media modules, as a play runs them on a host that nobody prepared."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from media import FILES, write_medium

from playbooks import PlaybookRun, run_playbook

WATCHED = Path("/etc/udev/rules.d"), Path("/etc/systemd/system")
MOUNTS = [{"device": "/dev/sr0", "where": "/media/cd-1"}]
RULES = "/etc/udev/rules.d/70-pacs-removable-media.rules"


def state() -> dict[str, str]:
    """The files that the role would write, by their content."""
    files = [path for folder in WATCHED if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"import1": here}}}), "utf-8")
    return path


def play(inventory: Path, content: dict[str, Any], *arguments: str) -> PlaybookRun:
    playbook = inventory.with_name("play.yml")
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, **content}]), encoding="utf-8")
    return run_playbook(playbook, *arguments, inventory=inventory)


class TestRole:
    def dry_run(self, inventory: Path, **variables: Any) -> PlaybookRun:
        before = state()
        role = {"role": "pacs.hardening.removable_media", "vars": variables}
        done = play(inventory, {"roles": [role]}, "--check", "--diff")
        assert state() == before
        return done

    def test_a_dry_run_shows_every_line_and_changes_nothing(self, inventory: Path) -> None:
        done = self.dry_run(
            inventory,
            removable_media_permitted=[{"vendor": "0781", "product": "558A"}],
            removable_media_mounts=MOUNTS,
            removable_media_landing=str(inventory.with_name("landing")),
        )
        assert done.ok, done.output
        assert done.changed == {"import1": 2}
        for line in (
            f"+++ after: {RULES}",
            '+ATTR{authorized}="0"',
            '+ATTRS{idVendor}=="0781", ATTRS{idProduct}=="558a", GOTO="pacs_removable_media_end"',
            r"+++ after: /etc/systemd/system/media-cd\x2d1.mount",
            "+Options=ro,noexec,nosuid,nodev",
        ):
            assert line in done.output
        assert not inventory.with_name("landing").exists()

    def test_what_makes_no_sense_is_refused_in_words(self, inventory: Path) -> None:
        done = self.dry_run(
            inventory,
            removable_media_permitted=[{"vendor": "SanDisk", "product": "5581"}],
            removable_media_mounts=[{"device": "sr0", "where": "/media/cd"}],
        )
        assert not done.ok
        said = " ".join(done.output.split())
        assert "permitted[0].vendor is 'SanDisk'; write four hexadecimal digits, as lsusb shows." in said
        assert "mounts[0].device is 'sr0'; write an absolute path" in said


class TestModules:
    def test_judged_and_imported_once(self, inventory: Path, tmp_path: Path) -> None:
        medium, landing = write_medium(tmp_path / "medium"), tmp_path / "landing"
        landing.mkdir(0o750)
        options = {"medium": str(medium), "without_antivirus": True, "antivirus_socket": ""}
        bring_in = {**options, "landing": str(landing), "receipts": str(tmp_path / "state" / "receipts")}
        tasks = [
            {"pacs.hardening.dicom_media_info": options, "register": "judged"},
            {"pacs.hardening.dicom_media_import": bring_in, "register": "imported"},
            {"pacs.hardening.dicom_media_import": bring_in, "register": "again"},
            {"ansible.builtin.assert": {"that": "judged.verdict == imported.verdict == again.verdict == 'import'"}},
        ]
        dry = play(inventory, {"tasks": tasks}, "--check", "--diff")
        assert dry.ok, dry.output
        assert dry.changed == {"import1": 2} and not list(landing.iterdir())
        assert "+Verdict: IMPORT: nothing speaks against it." in dry.output

        done = play(inventory, {"tasks": tasks})
        assert done.ok, done.output
        assert done.changed == {"import1": 1}
        assert sum(path.is_file() for path in landing.rglob("*")) == FILES

    def test_what_makes_no_sense_is_refused_in_words(self, inventory: Path) -> None:
        refused = [
            ({"medium": "/nonexistent"}, "/nonexistent can't be opened: No such file or directory; mount the medium"),
            ({"medium": "/media", "time_limit": 0}, "time_limit is 0; it must be from 1 to 86400 seconds."),
            ({"medium": "/media", "label": "a\nb"}, "label must be at most 80 characters on one line."),
            ({"medium": "/media", "tolerate": ["infected"]}, "value of tolerate must be one or more of"),
        ]
        tasks = [{"pacs.hardening.dicom_media_info": options, "ignore_errors": True} for options, _says in refused]
        output = " ".join(play(inventory, {"tasks": tasks}).output.split())
        assert not [says for _options, says in refused if says not in output], output
        assert "Traceback" not in output
