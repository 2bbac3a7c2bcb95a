"""A device with C(probe: never) is sent nothing over a whole demo."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import demo
import pytest
from arrivals import counting
from sites import lab_remote_site

from lab import nodes
from playbooks import start_playbook

# A second modality, as far as the network knows: the device ct1 answers for it, on every port on which it listens.
ADDRESSES = ("198.18.20.99", "fd00:18:20::99")


def site() -> dict[str, Any]:
    """The lab's site with that modality in its workflow, so that connections to it are declared and may be tried."""
    document = lab_remote_site()
    document["devices"]["mr1"] = {
        "zone": "modality",
        "addresses": list(ADDRESSES),
        "actors": ["acquisition_modality"],
        "managed": False,
        "probe": "never",
        "application_entities": [{"title": "MR1", "connections": [{"port": 11112}]}],
    }
    document["workflows"][0]["modalities"].append("mr1")
    return document


@pytest.fixture
def mr1() -> Iterator[None]:
    for address, length in zip(ADDRESSES, (24, 64), strict=True):
        # Not preferred: what ct1 itself sends comes from its own address, and so do the answers go there.
        words = ["/bin/ip", "address", "add", f"{address}/{length}", "dev", "lan0", "preferred_lft", "0"]
        nodes.run("ct1", words, check=True)
    yield
    for address, length in zip(ADDRESSES, (24, 64), strict=True):
        nodes.run("ct1", ["/bin/ip", "address", "del", f"{address}/{length}", "dev", "lan0"], check=True)


def test_nothing_is_sent_to_a_device_that_says_never(
    mr1: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = []

    def start(playbook: str, *arguments: str, variables: Mapping[str, Any] | None = None) -> subprocess.Popen[str]:
        started.append(playbook)
        return start_playbook(playbook, *arguments, variables={**(variables or {}), "pacs_site": site()})

    monkeypatch.setattr(demo, "start_playbook", start)
    monkeypatch.setattr(demo, "REPORTS", tmp_path)
    with counting("ct1", *ADDRESSES) as counted:
        status = demo.main()
        assert counted() == 0
    with capsys.disabled():
        print(said := capsys.readouterr().out)
    assert status == 0
    assert len(started) == 5 and "probing" in said and "mr1" in said
    for source, address in (("pacs1", ADDRESSES[0]), ("pacs1", ADDRESSES[1])):
        with counting("ct1", *ADDRESSES) as counted:
            reached = nodes.run(source, ["/bin/nc", "-z", "-w", "2", address, "11112"])
            assert reached.returncode == 0 and counted() > 0, "the control: what is sent is counted, and gets there"
