"""Rates in a directory: measured on files of our own, which are gone afterwards; images are read and never changed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_rates import (
    IMAGES,
    Load,
    Rates,
    images_in,
    measured,
    scratch,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

LOAD = Load(files=10, size=16 << 10, seconds=5)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for number in range(30):
        folder = tmp_path / f"{number % 3}"
        folder.mkdir(exist_ok=True)
        (folder / str(number)).write_bytes(b"%d" % number * 1000)
    return tmp_path


def tried(store: Path, images: Sequence[str]) -> Rates:
    with scratch(str(store), LOAD) as folder:
        rates = measured(folder, LOAD, images)
        assert not list(Path(folder).iterdir()), "the next round begins anew"
    return rates


def contents(store: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in store.rglob("*")
        if path.is_file()
    }


def test_rates_are_told_and_nothing_is_left_or_changed(store: Path) -> None:
    before = contents(store)
    images = images_in(str(store))
    assert sorted(images) == sorted(before)
    rates = tried(store, images)
    assert min(rates.write, rates.open, rates.read, rates.images or 0) > 1
    assert rates.refused == 0
    assert contents(store) == before


def test_few_images_tell_no_rate_and_one_that_is_gone_is_no_matter(store: Path) -> None:
    rates = tried(store, [str(store / "gone"), str(store / "0" / "0")])
    assert rates.images is None and rates.refused == 0


def test_only_some_images_are_looked_at(tmp_path: Path) -> None:
    for number in range(IMAGES + 20):
        (tmp_path / str(number)).touch()
    assert len(images_in(str(tmp_path))) == IMAGES
    assert images_in(str(tmp_path / "nowhere")) == ()


def test_links_are_not_followed(store: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").touch()
    (store / "link").symlink_to(elsewhere)
    (store / "file").symlink_to(elsewhere / "file")
    assert len(images_in(str(store))) == 30


def test_it_ends_in_time(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    rates = tried(store, [])
    assert 0 < rates.write <= 1, "a second for each file, and five in all"


def test_no_space_no_test(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=1, f_frsize=4096))
    with pytest.raises(HardeningError, match="too little space"):
        tried(store, [])
    assert not list(store.glob(".pacs*"))


def test_a_directory_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(HardeningError, match="can't be tried"):
        tried(tmp_path / "nowhere", [])
