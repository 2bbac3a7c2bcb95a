"""What a firewall has seen becomes evidence: bounded, said what is left out, and without who opened it."""

from __future__ import annotations

from typing import Any

import pytest
from evidence import FakeHost
from seen_flows import CT1, PACS1, declared, seen, undeclared

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.flows import MOST, flows_part
from ansible_collections.pacs.hardening.plugins.module_utils._io import commands
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft


def part(**changes: Any) -> dict[str, Any]:
    document = flows_part(seen(**changes))
    assert document["status"] == "ok"
    value: dict[str, Any] = document["value"]
    return value


def test_what_was_seen_is_kept() -> None:
    flow = undeclared(CT1, PACS1, 104)
    value = part(undeclared=[flow], connections=[flow], unused=["a"], not_remembered=3)
    assert (value["undeclared"], value["connections"], value["unused"]) == ([flow], [flow], ["a"])
    assert (value["mode"], value["since"], value["not_remembered"]) == ("watch", "2026-11-27T03:00:00Z", 3)
    assert value["left_out"] == {"undeclared": 0, "connections": 0, "unused": 0}
    assert "opening" not in value


def test_flows_are_counted_by_their_names() -> None:
    used = [declared(CT1, PACS1, 104, "images"), declared("fd00::1", "fd00::2", 104, "images")]
    value = part(declared=used)
    assert value["used"] == 1
    assert "declared" not in value


def test_a_long_list_is_cut_and_says_so() -> None:
    value = part(undeclared=[undeclared(CT1, PACS1, port) for port in range(1, MOST + 8)], connections=None)
    assert (len(value["undeclared"]), value["left_out"]["undeclared"]) == (MOST, 7)
    assert (value["connections"], value["left_out"]["connections"]) == (None, 0)


@pytest.mark.parametrize(("mode", "status"), [("none", "absent"), (None, "error")])
def test_where_there_is_nothing_or_nobody_could_look_the_reason_stands(mode: str | None, status: str) -> None:
    assert flows_part(seen(mode, mode_reason="why")) == {"status": status, "reason": "why"}


def test_it_is_a_part_of_a_hosts_evidence(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost(tmp_path)
    monkeypatch.setattr(commands, "_PATH", "/nonexistent")
    assert Nft.find() is None
    parts = host.parts("sockets", "firewall_flows", "accounts")
    assert list(parts) == ["sockets", "firewall_flows", "accounts"], "and what it is made of stands nowhere"
    assert parts["firewall_flows"] == {"status": "absent", "reason": "nft isn't installed"}
