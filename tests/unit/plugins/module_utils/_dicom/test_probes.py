"""What may be asked, and of whom nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import by_peer, read_probes
from ansible_collections.pacs.hardening.plugins.module_utils._io.network import ask_all


def item(**changes: Any) -> dict[str, Any]:
    return {
        "id": "a",
        "address": "192.0.2.1",
        "port": 104,
        "protocol": "tcp",
        "application": "dicom",
        "called_aet": "PACS1",
        "calling_aet": "PACSHARDENING",
        "probe": "echo",
        **changes,
    }


def test_good_probes() -> None:
    (probe,), faults = read_probes([item()])
    assert (faults, probe.skipped, probe.speaks_dicom) == ([], "", True)
    (probe,), faults = read_probes([item(application="tcp", called_aet=None, address="2001:db8::1")])
    assert (faults, probe.skipped, probe.speaks_dicom) == ([], "", False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"address": "pacs1.example.org"}, "IPv4 or IPv6 address"),
        ({"address": "192.0.2.0/24"}, "IPv4 or IPv6 address"),
        ({"address": "ff02::1"}, "one host"),
        ({"address": "::"}, "one host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"called_aet": None}, "called_aet is needed"),
        ({"called_aet": "  "}, "blanks"),
        ({"calling_aet": "A" * 17}, "16 bytes"),
    ],
)
def test_what_must_not_be_asked(changes: dict[str, Any], says: str) -> None:
    _probes, faults = read_probes([item(**changes)])
    assert len(faults) == 1
    assert says in faults[0]


def test_each_probe_has_its_own_id() -> None:
    assert "two of that id" in read_probes([item(), item()])[1][0]


def test_nothing_is_sent_where_the_site_says_so() -> None:
    # 192.0.2.1 answers nobody: these return at once because nothing is sent.
    probes, faults = read_probes(
        [
            item(id="passive", probe="passive"),
            item(id="never", probe="never"),
            item(id="never-tcp", application="tcp", probe="never"),
        ]
    )
    assert not faults
    results = ask_all(probes, 5)
    assert [(one["id"], one["outcome"], one["seconds"], one["dicom"]) for one in results] == [
        ("passive", "skipped", 0.0, None),
        ("never", "skipped", 0.0, None),
        ("never-tcp", "skipped", 0.0, None),
    ]
    assert results[0]["detail"] == "passive: not spoken to"


def test_one_peer_is_one_group() -> None:
    tcp = {"application": "tcp", "called_aet": None}
    probes, faults = read_probes(
        [
            item(id="0"),
            item(id="1", address="2001:db8::1"),
            item(id="2", address="2001:0DB8:0::1", **tcp),
            item(id="3", address="192.0.2.3", **tcp),
            item(id="4", address="192.0.2.4", called_aet="RIS1"),
            item(id="5", address="192.0.2.3", port=22, **tcp),
            item(id="6", address="192.0.2.1", called_aet="OTHER"),
        ]
    )
    assert not faults
    assert sorted(by_peer(probes)) == [[0, 1, 2, 6], [3, 5], [4]]
    assert by_peer([]) == []
