"""Each part of what a firewall has seen stands alone: what isn't there, and since when the rules are in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from evidence import FakeHost

from ansible_collections.pacs.hardening.plugins.module_utils._io import commands
from ansible_collections.pacs.hardening.plugins.module_utils._io.flows import firewall_flows
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal
from ansible_collections.pacs.hardening.plugins.module_utils._nft.change import Change

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the journal belongs to root")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """A host with no programs at all."""
    monkeypatch.setattr(commands, "_PATH", "/nonexistent")
    return FakeHost(tmp_path)


def seen(host: FakeHost, **options: Any) -> dict[str, Any]:
    return firewall_flows(host.host, 10, **options)


def change(change_id: str, created: str, table: str = "inet pacs") -> Change:
    return Change(change_id, table, "present", "ab" * 32, None, created, 60.0, created, 10)


def test_a_host_with_nothing_installed(host: FakeHost) -> None:
    document = seen(host)
    assert (document["mode"], document["mode_reason"]) == ("none", "nft isn't installed")
    assert (document["memory"], document["undeclared"], document["declared"]) == (False, [], [])
    assert (document["since"], document["connections"], document["own_addresses"]) == (None, None, None)
    assert document["since_reason"] == "this collection never changed the firewall here"
    assert "conntrack" in document["connections_reason"]
    assert document["read_at"].startswith("20")
    assert "fib_trie" in document["own_addresses_reason"]


def test_own_addresses_on_a_host_without_ipv6(host: FakeHost) -> None:
    host.write("proc/net/fib_trie", "Local:\n  |-- 198.18.0.14\n     /32 host LOCAL\n")
    document = seen(host)
    assert (document["own_addresses"], document["own_addresses_reason"]) == (["198.18.0.14"], None)


@needs_root
def test_connections_from_the_kernels_own_list(host: FakeHost) -> None:
    host.write(
        "proc/net/nf_conntrack",
        "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.1.1 sport=40000 dport=104 "
        "src=10.0.1.1 dst=10.0.0.1 sport=104 dport=40000 [ASSURED] mark=0 zone=0 use=2\n",
    )
    document = seen(host)
    assert [one["port"] for one in document["connections"]] == [104]
    assert document["connections_reason"] is None
    assert seen(host, connections=False)["connections_reason"] == "not asked for"


@needs_root
class TestSince:
    """When the counters began to count."""

    @pytest.fixture
    def journal(self, host: FakeHost) -> Journal:
        journal = Journal(host.host.layout)
        for number in (1, 2):
            journal.write(change(f"0000000{number}-0000000a", f"2026-11-0{number}T00:00:00Z"), "", "")
            journal.confirm(f"0000000{number}-0000000a")
        return journal

    def test_the_newest_confirmed_change(self, host: FakeHost, journal: Journal) -> None:
        assert seen(host)["since"] == "2026-11-02T00:00:00Z"

    def test_a_pending_change_is_in_force_already(self, host: FakeHost, journal: Journal) -> None:
        journal.write(change("00000003-0000000a", "2026-11-03T00:00:00Z"), "", "")
        assert seen(host)["since"] == "2026-11-03T00:00:00Z"

    def test_a_change_of_another_table_is_not_ours(self, host: FakeHost, journal: Journal) -> None:
        journal.write(change("00000003-0000000a", "2026-11-03T00:00:00Z", "bridge pacs"), "", "")
        assert seen(host)["since"] == "2026-11-02T00:00:00Z"

    def test_a_rollback_put_older_rules_in_force_later(self, host: FakeHost, journal: Journal) -> None:
        layout = host.host.layout
        journal.write(change("00000003-0000000a", "2026-11-03T00:00:00Z"), "", "")
        source, target = (
            layout.change("pending", "00000003-0000000a"),
            layout.change("rolled_back", "00000003-0000000a"),
        )
        os.rename(source, target)
        assert seen(host)["since"] == "2026-11-02T00:00:00Z", "the rollback hasn't ended"
        os.unlink(f"{target}/unrestored")
        os.utime(target, (1793836800, 1793836800))
        assert seen(host)["since"] == "2026-11-05T00:00:00Z"

    def test_counters_start_anew_at_boot(self, host: FakeHost, journal: Journal) -> None:
        marker = host.write("run/booted", "")
        for moment, expected in ((1793836800, "2026-11-05T00:00:00Z"), (1, "2026-11-02T00:00:00Z")):
            os.utime(marker, (moment, moment))
            assert seen(host)["since"] == expected

    def test_a_journal_without_a_change_of_the_table(self, host: FakeHost) -> None:
        (host.folder / "journal").mkdir()
        document = seen(host)
        assert document["since"] is None
        assert "no change of table inet pacs" in document["since_reason"]
