"""A medium as it is judged: what speaks against it, what is never opened, what is said, and what is never said."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from dicom_files import PREAMBLES, dicom, encapsulated, pdf
from judged_media import judge, reasons
from media import FILES, add_infected_autorun, images, lose_files, make_polyglots, write_medium

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.kinds import TOLERABLE_KINDS
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_medium(tmp_path_factory.mktemp("media") / "clean")


@pytest.fixture
def medium(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "medium"))


def test_a_clean_medium_may_be_imported(medium: Path) -> None:
    found = judge(medium)
    assert (found["verdict"], found["receipt"]["reasons"], found["receipt"]["noted"]) == ("import", [], [])
    facts = found["receipt"]["medium"]
    assert (facts["files"], facts["dicom"], facts["referenced"]) == (FILES, FILES, FILES - 1)
    assert facts["bytes"] == sum(path.stat().st_size for path in medium.rglob("*") if path.is_file())


def test_without_a_scanner_it_is_not_judged_whole(medium: Path) -> None:
    found = judge(medium, without_antivirus=False)
    assert found["verdict"] == "not_assessed"
    assert found["receipt"]["not_assessed"] == ["no virus scanner has judged it: none is named"]
    found = judge(medium, without_antivirus=False, antivirus_socket="/nonexistent/clamd.ctl")
    assert "no clamd is running (/nonexistent/clamd.ctl doesn't exist)" in found["text"]


def test_autorun_is_found_by_its_name(medium: Path) -> None:
    add_infected_autorun(medium)
    found = judge(medium, without_antivirus=False)
    assert found["verdict"] == "quarantine", "what is known is enough, scanner or not"
    assert reasons(found) == {
        ("program_name", "exe"): 1,
        ("program_name", "inf"): 1,
        ("autorun", "autorun.inf"): 1,
    }


def test_polyglots(medium: Path) -> None:
    make_polyglots(medium)
    found = judge(medium)
    assert found["verdict"] == "quarantine"
    assert reasons(found) == {("preamble_program", "elf"): 1, ("preamble_program", "pe"): 1}
    assert "1 x a DICOM file that is a program, too (elf)" in found["text"]


def test_a_directory_that_does_not_agree_with_the_files(medium: Path) -> None:
    lose_files(medium)
    found = judge(medium)
    assert found["verdict"] == "quarantine"
    assert reasons(found) == {
        ("reference_missing", ""): 1,
        ("reference_differs", "SOP instance"): 1,
        ("not_referenced", ""): 1,
    }


def test_what_was_found_can_be_found_again_by_its_hash(medium: Path) -> None:
    make_polyglots(medium)
    (elf,) = (one for one in judge(medium)["receipt"]["reasons"] if one["what"] == "elf")
    assert elf["sha256"] == [hashlib.sha256(images(medium)[0].read_bytes()).hexdigest()]


def test_names_in_small_letters_as_plain_iso_9660_shows_them(medium: Path) -> None:
    for path in sorted(medium.rglob("*"), key=lambda path: -len(path.parts)):
        path.rename(path.with_name(path.name.lower()))
    assert judge(medium)["verdict"] == "import"


@pytest.mark.parametrize("name", PREAMBLES)
def test_every_crafted_preamble_speaks_against_it(medium: Path, name: str) -> None:
    preamble, kind, what = PREAMBLES[name]
    image = images(medium)[0]
    image.write_bytes(preamble.ljust(128, b"\0") + image.read_bytes()[128:])
    found = judge(medium)
    assert (found["verdict"], reasons(found)) == ("quarantine", {(kind, what): 1})


def test_a_document_that_acts_by_itself(medium: Path) -> None:
    (medium / "DOC").write_bytes(encapsulated(pdf(b"/OpenAction << /S /Launch >>")))
    assert ("document_active", "launch") in reasons(judge(medium))


class TestWhatIsTolerated:
    def test_a_viewer_that_comes_along(self, medium: Path) -> None:
        add_infected_autorun(medium)
        (medium / "README.TXT").write_text("for patients", encoding="utf-8")
        found = judge(medium, tolerate=["program_name", "autorun"])
        assert found["verdict"] == "import"
        assert [one["kind"] for one in found["receipt"]["noted"]] == ["not_dicom"]
        assert len(found["receipt"]["tolerated"]) == 3

    def test_but_not_where_the_directory_names_it(self, medium: Path) -> None:
        """A program that the DICOMDIR names would be copied."""
        lose = images(medium)[0]
        lose.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\x3e\0" + b"\0" * 200)
        found = judge(medium, tolerate=list(TOLERABLE_KINDS))
        assert found["verdict"] == "quarantine"
        assert set(reasons(found)) == {("program", "elf"), ("reference_other", "")}


class TestWhatIsRefused:
    def test_links_and_pipes(self, medium: Path, tmp_path: Path) -> None:
        (medium / "LINK").symlink_to("/etc/passwd")
        (medium / "FOLDER").symlink_to(tmp_path)
        os.mkfifo(medium / "PIPE")
        assert reasons(judge(medium)) == {("symbolic_link", ""): 2, ("special_file", ""): 1}

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("IM\u202efdp.exe0", "invisible characters"),
            ("IM\n1", "control characters"),
            ("IM0 ", "blanks or dots at its end"),
            ("IM0.", "blanks or dots at its end"),
            ("A\\B", "not allowed on Windows"),
            ("aux.dcm", "not allowed on Windows"),
        ],
    )
    def test_names_that_deceive(self, medium: Path, name: str, why: str) -> None:
        (medium / name).write_text("x", encoding="utf-8")
        assert reasons(judge(medium)) == {("odd_name", why): 1}
        (medium / name).unlink()
        (medium / name).mkdir()
        assert reasons(judge(medium)) == {("odd_name", why): 1}

    def test_a_name_that_is_no_text(self, medium: Path) -> None:
        (Path(os.fsdecode(bytes(medium) + b"/IM\xff"))).write_text("x", encoding="utf-8")
        assert reasons(judge(medium)) == {("odd_name", "no UTF-8"): 1}

    def test_names_that_differ_in_capitals_only(self, medium: Path) -> None:
        image = images(medium)[0]
        (image.with_name(image.name.lower())).write_bytes(image.read_bytes())
        found = judge(medium)
        assert reasons(found) == {("name_clash", ""): 1, ("not_referenced", ""): 1}

    def test_no_directory(self, medium: Path) -> None:
        (medium / "DICOMDIR").unlink()
        assert reasons(judge(medium)) == {("directory_missing", ""): 1, ("not_referenced", ""): FILES - 1}

    def test_a_directory_that_is_something_else(self, medium: Path) -> None:
        (medium / "DICOMDIR").write_bytes(images(medium)[0].read_bytes())
        kinds = reasons(judge(medium))
        assert kinds["directory_unreadable", "its header doesn't say that it is a directory"] == 1

    def test_more_than_the_limits(self, medium: Path) -> None:
        assert reasons(judge(medium, files_limit=20)) == {("too_many_files", "20"): 1}
        with (medium / "HUGE").open("wb") as file:
            file.truncate(2 * 1024**3)
        assert reasons(judge(medium, size_limit=1)) == {("too_large", f"{1024**3} bytes"): 1}

    def test_folders_without_end(self, medium: Path) -> None:
        deep = medium
        for _number in range(210):
            deep = deep / "D"
            deep.mkdir()
        assert reasons(judge(medium)) == {("too_deep", ""): 1}

    def test_what_takes_too_long_is_not_judged(self, medium: Path) -> None:
        found = judge(medium, time_limit=1e-9)
        assert found["verdict"] == "not_assessed"
        assert "not all of it could be looked at within" in found["text"]

    def test_a_medium_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(HardeningError, match="mount the medium there first"):
            judge(tmp_path / "nothing")
        (tmp_path / "link").symlink_to(tmp_path)
        with pytest.raises(HardeningError, match="symbolic link"):
            judge(tmp_path / "link")


def test_no_word_of_a_patient_in_any_receipt(medium: Path) -> None:
    folder = medium / "CANARY_PATIENT"
    folder.mkdir()
    (folder / "CANARY.EXE").write_bytes(dicom(b"MZ"))
    (folder / "autorun.sh").write_text("CANARY", encoding="utf-8")
    make_polyglots(medium)
    found = judge(medium)
    assert len(found["receipt"]["reasons"]) >= 5
    assert "CANARY" not in json.dumps(found).upper().replace("DICOM", "")
    names = {path.name for path in images(medium)}
    assert not [name for name in names if name in found["text"]]


def test_nothing_is_written(medium: Path) -> None:
    def state() -> list[tuple[str, int, int, int]]:
        return [
            (str(path), found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
            for path in sorted(medium.rglob("*"))
            if path.is_file()
            for found in (path.lstat(),)
        ]

    for path in medium.rglob("*"):
        os.utime(path, (1, 10**9))
    before = state()
    judge(medium)
    if os.geteuid() == 0:
        assert state() == before
    else:
        assert [(path, *rest) for path, _read, *rest in state()] == [(path, *rest) for path, _read, *rest in before]
