"""A scanner is accepted on a device by its rates, or retreats: the real one, where a process stands in for its unit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel.clamav_place import EICAR, HARMLESS, Place, missing, opens, place, policy_for

from ansible_collections.pacs.hardening.plugins.module_utils._io import antivirus_acceptance
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_acceptance import (
    Layout,
    Scanner,
    Unit,
    accept,
    has_retreated,
    kept,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_rates import Load
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

LOAD = Load(files=40, size=256 << 10, seconds=10)
#: Far from what scanning each image leaves, and from what a busy machine takes.
LIMIT = 0.1


class Process(Unit):
    """clamonacc as a process of its own; systemd doesn't run here."""

    def __init__(self, here: Place) -> None:
        super().__init__("clamonacc")
        self._here = here
        self.running = False

    def active(self) -> bool:
        return self.running

    def pid(self) -> str:
        return str(self._here.last_pid())

    def tell(self, *words: str) -> None:
        wanted = {"start": True, "enable": True, "stop": False, "disable": False}.get(words[0], self.running)
        if wanted and not self.running:
            self._here.start_watching()
        elif self.running and not wanted:
            self._here.stop(1)
        self.running = wanted


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def layout(here: Place) -> Layout:
    return Layout(f"{here.root}/kept/acceptance.json", f"{here.root}/kept/scan-only")


@pytest.fixture
def store(here: Place) -> Path:
    """Thirty images, one of which a signature hits."""
    store = here.root / "import" / "store"
    store.mkdir(parents=True)
    for number in range(30):
        (store / str(number)).write_bytes(EICAR if number == 7 else HARMLESS)
    return store


def tree(store: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in store.iterdir()}


def measure(here: Place, unit: Process, store: Path, layout: Layout) -> dict[str, object]:
    return accept(Scanner(unit, layout), [str(store)], LOAD, 2, LIMIT, str(here.configuration), layout)


def test_with_the_images_excluded_it_is_accepted(here: Place, store: Path, layout: Layout) -> None:
    here.apply(policy_for((store.parent,), (store,)))
    here.start_clamd()
    unit, before = Process(here), tree(store)
    record = measure(here, unit, store, layout)
    assert record["accepted"] is True, record
    assert kept(layout) == record and not has_retreated(layout)
    assert unit.running and tree(store) == before


def test_with_everything_scanned_it_retreats_and_comes_back_once_it_is_mended(
    here: Place, store: Path, layout: Layout
) -> None:
    before = tree(store)
    here.apply(policy_for((store.parent,), ()))
    here.start_clamd()
    unit = Process(here)
    unit.tell("start")
    record = measure(here, unit, store, layout)
    assert record["accepted"] is False
    findings = record["findings"]
    assert isinstance(findings, list)
    assert findings[0] == f"1 images in {store} can't be opened under it."
    assert any(": read is 0.0" in one for one in findings), findings
    assert has_retreated(layout) and not unit.running
    assert tree(store) == before, "all can be read, and nothing was left there"

    here.stop()
    unit.running = False
    here.apply(policy_for((store.parent,), (store,)))
    here.start_clamd()
    assert measure(here, unit, store, layout)["accepted"] is True
    assert not has_retreated(layout) and unit.running


@pytest.mark.parametrize("held", [False, True])
def test_where_it_cannot_be_measured_all_is_as_before(
    here: Place, store: Path, layout: Layout, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.apply(policy_for((store.parent,), (store,)))
    here.start_clamd()
    unit = Process(here)
    if held:
        Path(layout.retreat).parent.mkdir(mode=0o700)
        Path(layout.retreat).touch()
    else:
        unit.tell("start")

    def full(*_arguments: object) -> None:
        raise HardeningError("a file of our own can't be used: No space left on device")

    monkeypatch.setattr(antivirus_acceptance, "measured", full)
    with pytest.raises(HardeningError, match="No space left"):
        measure(here, unit, store, layout)
    assert (unit.running, has_retreated(layout), kept(layout)) == (not held, held, None)
    assert opens(store / "7")


def test_a_scanner_that_watches_nothing_cannot_be_compared(
    here: Place, store: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(antivirus_acceptance, "_START_SECONDS", 2)
    here.apply(policy_for((here.root / "nowhere",), (store,)))
    here.start_clamd()
    with pytest.raises(HardeningError, match="clamonacc watches nothing"):
        measure(here, Process(here), store, layout)
