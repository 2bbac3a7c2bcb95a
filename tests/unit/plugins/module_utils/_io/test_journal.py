"""The journal on a real disk."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._io import files
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, boottime, utc
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Layout(journal=str(tmp_path / "pacs-hardening" / "nft"), run=str(tmp_path / "run")))


def new_change(journal: Journal) -> Change:
    return Change(journal.new_id(), "inet pacs", "present", "a" * 64, None, utc(), boottime() + 60, utc(60), 2)


def test_a_change_is_written_whole_private_and_pending(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    assert journal.state_of(change.id) == "pending"
    assert [entry.change for entry in journal.entries()] == [change]
    root = Path(journal.layout.journal).parent
    for path in [root, *root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_one_rename_decides_and_the_second_one_loses(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    assert journal.confirm(change.id)
    assert not journal.confirm(change.id)
    assert journal.state_of(change.id) == "confirmed"


def test_a_rolled_back_change_can_not_be_confirmed(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    os.rename(journal.layout.change("pending", change.id), journal.layout.change("rolled_back", change.id))
    assert not journal.confirm(change.id)
    (entry,) = journal.entries()
    assert entry.state == "rolled_back" and not entry.restored


def test_ids_rise_and_old_changes_go(journal: Journal) -> None:
    written = []
    for _number in range(4):
        change = new_change(journal)
        journal.write(change, "previous", "candidate")
        journal.confirm(change.id)
        journal.prune(change.table, change.keep)
        written.append(change.id)
    assert [change_id[:8] for change_id in written] == ["00000001", "00000002", "00000003", "00000004"]
    assert [entry.id for entry in journal.entries()] == written[-2:]


def test_a_discarded_change_leaves_nothing(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    journal.discard(change.id)
    assert journal.entries() == []
    assert not os.listdir(journal.layout.state("staging"))


@pytest.mark.parametrize("content", ["", "{", "null", '{"id": 1}'])
def test_a_damaged_change_is_an_entry_without_one(journal: Journal, content: str) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    Path(journal.layout.change("pending", change.id), "change.json").write_text(content)
    (entry,) = journal.entries()
    assert entry.change is None and entry.state == "pending"


def test_scripts_come_back_unless_they_are_damaged(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate", fallback="fallback")
    journal.confirm(change.id)
    assert journal.candidate_of("confirmed", change.id) == "candidate\n"
    assert journal.fallback_of("confirmed", change.id) == "fallback\n"
    journal.store_fallback(change.id, "another\n")
    assert journal.fallback_of("confirmed", change.id) == "another\n"
    for name in ("candidate.nft", "fallback.nft"):
        path = Path(journal.layout.change("confirmed", change.id), name)
        path.write_text(path.read_text()[:-9])
    assert journal.candidate_of("confirmed", change.id) is None
    assert journal.fallback_of("confirmed", change.id) is None


def test_confirming_ends_the_notice_of_the_boot_unit(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    notice = Path(journal.layout.notice)
    notice.parent.mkdir()
    notice.write_text("FALLBACK RULES\n")
    assert journal.confirm(change.id)
    assert not notice.exists()


def test_a_crash_while_staging_is_cleaned_up_by_the_next_change(journal: Journal) -> None:
    change = new_change(journal)
    journal.write(change, "previous", "candidate")
    journal.confirm(change.id)
    leftover = Path(journal.layout.change("staging", "00000002-deadbeef"))
    leftover.mkdir()
    (leftover / "previous.nft").write_text("half")
    journal.write(dataclasses.replace(change, id=journal.new_id()), "previous", "candidate")
    assert not leftover.exists()


def test_a_journal_that_others_can_write_to_is_refused(journal: Journal) -> None:
    folder = Path(journal.layout.journal).parent
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(HardeningError, match="only root can write"):
        journal.write(new_change(journal), "previous", "candidate")


def test_a_journal_behind_a_link_is_refused(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path(journal.layout.journal).parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HardeningError, match="only root can write"):
        journal.write(new_change(journal), "previous", "candidate")


def test_files_are_replaced_whole_and_with_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tool"
    files.replace_file(str(path), "one", 0o755)
    files.replace_file(str(path), "two", 0o755)
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert [item.name for item in path.parent.iterdir()] == ["tool"]


def test_the_lock_is_exclusive(tmp_path: Path) -> None:
    lock = str(tmp_path / "lock")
    with files.locked(lock, 0.0), pytest.raises(HardeningError, match="another change"), files.locked(lock, 0.1):
        raise AssertionError("never reached")
    with files.locked(lock, 0.0):
        pass
