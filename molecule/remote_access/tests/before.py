"""Hosts with nothing of ours. Run by prepare.yml."""

from __future__ import annotations

from lab import state
from lab.listing import listing
from playbooks import WITH_REMOTE_ACCESS, run_playbook

FIREWALLS = ("core", "edge")


def test_a_dry_run_shows_firewalls_and_gateways_and_changes_nothing() -> None:
    before = {name: listing(name) for name in FIREWALLS}
    assert before["edge"].rules == ""
    done = run_playbook("pacs.hardening.site", *WITH_REMOTE_ACCESS, "--check", "--diff")
    assert done.ok, done.output
    for line in ("nft isn't installed", "+tls-version-min 1.3", "+ifconfig-push 198.18.80.10 255.255.255.0"):
        assert line in done.output
    said = " ".join(done.output.split())
    assert "No tunnel runs yet" in said and "The server does not run yet" in said
    assert {name: listing(name) for name in FIREWALLS} == before
    assert not state.REMOTE_ACCESS.exists(), "nothing is requested in a dry run"
