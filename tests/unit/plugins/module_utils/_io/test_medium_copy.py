"""What is copied of a medium: all that may be, at once, or nothing; and never what wasn't judged."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judged_media import how
from media import EICAR, FILES, images, lose_files, make_polyglots, write_medium

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.evidence import Medium
from ansible_collections.pacs.hardening.plugins.module_utils._io import media, medium_copy
from ansible_collections.pacs.hardening.plugins.module_utils._io.medium import look_at_medium
from ansible_collections.pacs.hardening.plugins.module_utils._io.medium_copy import Landing
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_medium(tmp_path_factory.mktemp("media") / "clean")


@pytest.fixture
def medium(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "medium"))


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir(0o750)
    return folder


def bring_in(medium: Path, landing: Path, check: bool = False, **options: Any) -> dict[str, Any]:
    receipts = str(landing.parent / "state" / "receipts")
    return media.imported(how(medium, **options), Landing(str(landing)), receipts, check)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_clean_medium_lands_whole_and_once(medium: Path, landing: Path) -> None:
    images(medium)[0].chmod(0o777)
    found = bring_in(medium, landing)
    assert (found["verdict"], found["changed"]) == ("import", True)
    (folder,) = landing.iterdir()
    assert content(folder) == content(medium)
    assert found["receipt"]["copied"]["to"] == str(folder)
    assert found["receipt"]["copied"]["files"] == FILES
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o640}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*/")]} == {0o750}

    again = bring_in(medium, landing)
    assert (again["changed"], again["receipt_file"]) == (False, found["receipt_file"])
    shutil.rmtree(folder)  # as whatever imports does
    assert bring_in(medium, landing)["changed"] is False
    assert not list(landing.iterdir())


def test_the_receipts(medium: Path, landing: Path) -> None:
    found = bring_in(medium, landing, label="ticket 4711")
    kept = Path(found["receipt_file"])
    assert json.loads(kept.read_text("utf-8")) == found["receipt"]
    assert kept.with_suffix(".txt").read_text("utf-8") == found["text"]
    assert found["text"].startswith("Medium ticket 4711, judged on ")
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_only_what_the_directory_names_is_copied(medium: Path, landing: Path) -> None:
    (medium / "VIEWER.EXE").write_bytes(EICAR)
    (medium / "README.TXT").write_text("hello", encoding="utf-8")
    found = bring_in(medium, landing, tolerate=["program_name"])
    assert found["verdict"] == "import"
    (folder,) = landing.iterdir()
    assert len(content(folder)) == FILES


@pytest.mark.parametrize("spoil", [make_polyglots, lose_files])
def test_of_a_quarantined_one_nothing_is(medium: Path, landing: Path, spoil: Any) -> None:
    spoil(medium)
    before = content(medium)
    found = bring_in(medium, landing)
    assert (found["verdict"], found["changed"], found["receipt"]["copied"]) == ("quarantine", True, None)
    assert not list(landing.iterdir())
    assert content(medium) == before
    assert "Copied: nothing." in Path(found["receipt_file"]).with_suffix(".txt").read_text("utf-8")
    assert bring_in(medium, landing)["changed"] is False


def test_of_one_that_was_not_judged_whole_nothing_is(medium: Path, landing: Path) -> None:
    assert bring_in(medium, landing, without_antivirus=False)["verdict"] == "not_assessed"
    assert not list(landing.iterdir())
    assert bring_in(medium, landing)["changed"] is True, "judged whole, it is imported"


def test_a_dry_run_says_what_would_be_and_writes_nothing(medium: Path, landing: Path) -> None:
    found = bring_in(medium, landing, check=True)
    assert (found["verdict"], found["changed"], found["receipt_file"]) == ("import", True, None)
    assert not list(landing.iterdir())
    assert not (landing.parent / "state").exists()
    bring_in(medium, landing)
    assert bring_in(medium, landing, check=True)["changed"] is False


def another_image(medium: Path) -> None:
    """Harmless by itself, and with the right header."""
    image = images(medium)[0]
    image.write_bytes(image.read_bytes()[:-1] + b"x")


@pytest.mark.parametrize("spoil", [make_polyglots, another_image])
def test_a_medium_that_is_another_one_when_it_is_read_again(
    medium: Path, landing: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    """As a stick with a computer in it may be: clean while it is judged."""
    copied = medium_copy.copy_to

    def later(*arguments: Any) -> tuple[str, str]:
        spoil(medium)
        return copied(*arguments)

    monkeypatch.setattr(media, "copy_to", later)
    found = bring_in(medium, landing)
    assert found["verdict"] == "quarantine"
    assert [one["kind"] for one in found["receipt"]["reasons"]] == ["changed"]
    assert not list(landing.iterdir())


def test_a_medium_that_showed_other_files_while_it_was_judged(
    medium: Path, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same content, by its hashes; what was found in it isn't what was found the first time."""
    make_polyglots(medium)
    looks: list[Medium] = []

    def deceived(*arguments: Any) -> Medium:
        seen = look_at_medium(*arguments)
        looks.append(seen)
        return replace(seen, files=[replace(file, found=()) for file in seen.files]) if len(looks) == 1 else seen

    monkeypatch.setattr(media, "look_at_medium", deceived)
    assert [one["kind"] for one in bring_in(medium, landing)["receipt"]["reasons"]] == ["changed"]
    assert len(looks) == 2
    assert not list(landing.iterdir())


@pytest.mark.parametrize("instead", [None, "/etc/hostname"])
def test_a_file_that_vanishes_or_becomes_a_link_leaves_nothing_behind(
    medium: Path, landing: Path, monkeypatch: pytest.MonkeyPatch, instead: str | None
) -> None:
    copied = medium_copy.copy_to

    def later(*arguments: Any) -> tuple[str, str]:
        image = images(medium)[-1]
        image.unlink()
        if instead:
            image.symlink_to(instead)
        return copied(*arguments)

    monkeypatch.setattr(media, "copy_to", later)
    with pytest.raises(HardeningError, match="can't be copied"):
        bring_in(medium, landing)
    assert not list(landing.iterdir())


def test_what_a_killed_run_left_is_taken_away_but_not_what_another_one_uses(medium: Path, landing: Path) -> None:
    left, used = landing / ".pacs-hardening-import-0", landing / ".pacs-hardening-import-1"
    left.mkdir()
    (left / "IM").write_bytes(b"x")
    used.mkdir()
    descriptor = os.open(used, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        bring_in(medium, landing)
    finally:
        os.close(descriptor)
    assert not left.exists()
    assert used.exists()


class TestWhereNothingMayLand:
    def test_nowhere(self, medium: Path, tmp_path: Path) -> None:
        with pytest.raises(HardeningError, match="is no directory"):
            bring_in(medium, tmp_path / "nothing")

    def test_on_the_medium(self, medium: Path) -> None:
        with pytest.raises(HardeningError, match="lie in each other"):
            bring_in(medium, images(medium)[0].parent)

    def test_where_everybody_writes(self, medium: Path, landing: Path) -> None:
        landing.chmod(0o777)
        with pytest.raises(HardeningError, match="written to by everybody"):
            bring_in(medium, landing)

    def test_where_something_of_that_name_is(self, medium: Path, landing: Path) -> None:
        digest = bring_in(medium, landing, check=True)["receipt"]["medium"]["digest"]
        (landing / f"medium-{digest[:16]}").mkdir()
        with pytest.raises(HardeningError, match="exists already"):
            bring_in(medium, landing)
