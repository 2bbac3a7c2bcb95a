"""Collections of others for the tests: taken out of a package whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import other_collections
import pytest

PARTS = {
    "ansible_collections/community/crypto/MANIFEST.json": "{}",
    "ansible_collections/community/crypto/plugins/modules/x509_certificate.py": "x",
    "ansible_collections/community/general/MANIFEST.json": "{}",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "ansible-0.whl"
    with ZipFile(path, "w") as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
    return path


def laid_out(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_named_is_there_and_fetched_once(
    tmp_path: Path, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    def fetch(directory: Path) -> Path:
        fetched.append(directory)
        return package

    monkeypatch.setattr(other_collections, "fetch", fetch)
    for _time in range(2):
        other_collections.lay_out(tmp_path / "cache", tmp_path / "checkout" / "link")
    assert laid_out((tmp_path / "checkout" / "link").resolve()) == {name for name in PARTS if "crypto" in name}
    assert len(fetched) == 1
    # Another checkout shares what was kept, and a link that leads elsewhere is mended.
    (tmp_path / "second").symlink_to(tmp_path)
    other_collections.lay_out(tmp_path / "cache", tmp_path / "second")
    assert laid_out((tmp_path / "second").resolve()) and len(fetched) == 1


def test_an_interruption_leaves_nothing_that_looks_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(directory: Path) -> Path:
        (directory / "half.whl").write_bytes(b"half")
        raise SystemExit("no network")

    monkeypatch.setattr(other_collections, "fetch", interrupted)
    with pytest.raises(SystemExit):
        other_collections.lay_out(tmp_path / "cache", tmp_path / "link")
    assert list((tmp_path / "cache" / "collections").iterdir()) == []
    assert not (tmp_path / "link").exists()


def test_a_package_without_it_is_named(tmp_path: Path, package: Path) -> None:
    with pytest.raises(SystemExit, match=r"ansible-0\.whl has no collection community\.grid"):
        other_collections.take_out(package, tmp_path / "target", ["community/grid"])
