"""What the report says of a real ClamAV: of one that protects, and of those that only look like it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from compliance_example import controls
from kernel.clamav_place import EICAR, Place, missing, place, policy_for
from kernel.clamav_signatures import dated_database
from kernel.mounts import mount, private_mounts

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Exclusion
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.antivirus_seen import Place as Declared
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.collected import read_host
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_antivirus import antivirus_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Device, DeviceAntivirus

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]
CONTROLS = {control.id: control for control in controls()}
DEVICE = Device("pacs1", "pacs", (), (), True, "pacs1", "echo", (), (), antivirus=DeviceAntivirus("clamav"))


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        for name in ("import", "import/new", "import/store"):
            (made.root / name).mkdir()
            (made.root / name / "infected").write_bytes(EICAR)
        yield made


class Report:
    """The controls of antivirus, judged of what is on this machine now."""

    def __init__(self, here: Place) -> None:
        store, landing = f"{here.root}/import/store", f"{here.root}/import"
        exclusion = Exclusion("path", store, "test", profile="test", contains=("store",))
        document = host_evidence(["antivirus", "directories"], 10, Host(), [store])
        record = read_host({"reached": "ok", "reason": "", "evidence": document})
        declared = Declared((store,), (landing,), (exclusion,))
        known, unknown = antivirus_facts(DEVICE, record, declared, date.fromisoformat(document["collected_at"][:10]))
        reasons = {f"device.antivirus.{path}".rstrip("."): reason for path, reason in unknown.items()}
        self.facts = Facts("device", "pacs1", {"device": {"antivirus": known}}, reasons)

    def says(self, control: str) -> tuple[str, str]:
        judged = judge(CONTROLS[control], self.facts)
        return judged.state, "; ".join(judged.observed)


def watching(here: Place, text: str | None = None, *, excluded: bool = True) -> None:
    """clamd and clamonacc as they are rendered, or by another configuration made of that."""
    store = here.root / "import" / "store"
    here.apply(policy_for((here.root / "import",), (store,)))
    if text is not None:
        here.configure(re.sub(r"^OnAccessExcludePath .*$", text, here.configuration.read_text(), flags=re.M))
    here.start_clamd()
    here.start_watching(here.root / "import" / "infected", *([] if excluded else [store / "infected"]))


def test_one_that_protects_and_leaves_images_alone(here: Place) -> None:
    now = datetime.now(UTC)
    dated_database(here.database / "daily.cud", (here.database / "test.hsb").read_bytes(), now - timedelta(days=2))
    watching(here)
    report = Report(here)
    assert report.says("AV-01") == ("pass", "ClamAV: what it finds can't be opened")
    state, said = report.says("AV-02")
    assert state == "pass" and "2 days old" in said, said
    state, said = report.says("AV-06")
    assert state in ("pass", "not_assessed"), said  # its unit is looked at where systemd runs
    assert "excluded: " in report.says("AV-04")[1]
    assert report.facts.document["device"]["antivirus"]["exclusions"]["void"] == []


def test_one_that_is_alive_and_does_not_watch(here: Place) -> None:
    watching(here)
    assert Report(here).says("AV-01")[0] == "pass", "the control"
    here.stop(1)
    state, said = Report(here).says("AV-01")
    assert state == "fail" and "clamonacc doesn't run" in said
    here.stop()
    assert "clamd doesn't run" in Report(here).says("AV-01")[1]


def test_one_whose_signatures_are_stale_and_one_whose_have_no_date(here: Place) -> None:
    old = datetime.now(UTC) - timedelta(days=30)
    signatures = (here.database / "test.hsb").read_bytes()
    watching(here)
    state, said = Report(here).says("AV-02")
    assert state == "fail" and "no date" in said
    here.stop()
    dated_database(here.database / "daily.cud", signatures, old)
    watching(here)
    state, said = Report(here).says("AV-02")
    assert state == "fail" and "30 days old" in said


def test_an_exclusion_that_is_none(here: Place) -> None:
    """A slash at its end: clamonacc ignores it, and an infected image can't be opened."""
    watching(here, f"OnAccessExcludePath {here.root}/import/store/", excluded=False)
    report = Report(here)
    state, said = report.says("AV-04")
    assert state == "fail" and "watches it all the same" in said and "ends with a separator" in said
    state, said = report.says("AV-06")
    assert state == "fail" and "can't be opened any more after a false alarm" in said


def test_a_mount_below_switches_the_whole_watch_off(here: Place) -> None:
    below, log = here.root / "import" / "usb", here.root / "clamonacc.log"
    below.mkdir()
    with private_mounts():
        mount("-t", "tmpfs", "pacs-test", str(below))
        (below / "lost+found").mkdir()
        here.apply(policy_for((here.root / "import",), (here.root / "import" / "store",)))
        here.start_clamd()
        here.start_watching()
        here.wait(lambda: log.exists() and "could not watch" in log.read_text(), "it isn't said")
        report = Report(here)
        state, said = report.says("AV-01")
        assert state == "fail" and "clamonacc runs and doesn't watch" in said
        state, said = report.says("AV-08")
        assert state == "fail" and f"mounted on {below}" in said
        here.stop()


def test_debians_own_way_to_start_it_takes_images_away(here: Place) -> None:
    watching(here)
    here.stop(1)
    log, quarantine = here.root / "clamonacc.log", here.root / "quarantine"
    words = ("-F", f"--config-file={here.configuration}", f"--log={log}", f"--move={quarantine}")
    quarantine.mkdir()
    here._start("clamonacc", *words)
    found: dict[str, Any] = {}

    def runs() -> bool:
        found["said"] = Report(here).says("AV-06")
        return "--move" in found["said"][1]

    here.wait(runs, "clamonacc doesn't run")
    assert found["said"][0] == "fail"


def test_a_process_that_ends_meanwhile_breaks_nothing(here: Place) -> None:
    """Looked at while it is killed, again and again."""
    for _round in range(3):
        watching(here)
        states = [Report(here).says("AV-01")[0]]
        here.stop(1)
        states += [Report(here).says("AV-01")[0] for _look in range(2)]
        here.stop()
        assert states == ["pass", "fail", "fail"]


def test_it_is_quick(here: Place, tmp_path: Path) -> None:
    watching(here)
    began = datetime.now(UTC)
    Report(here)
    assert (datetime.now(UTC) - began).total_seconds() < 5
