"""The untouched lab. Run by prepare.yml: these are the positive controls of what is refused later."""

from __future__ import annotations

import json
from pathlib import Path

from lab import nodes, probes
from lab.listing import listing
from playbooks import run_playbook

FIREWALLS = ("core", "edge")
OTHER = """
table inet other {
    counter seen { packets 7 bytes 777 }
    set friends { type ipv4_addr; elements = { 198.18.20.11, 198.18.30.10 } }
    chain forward { type filter hook forward priority 10; policy accept; counter name seen; }
}
"""


def test_everything_is_open_before(open_before_file: Path) -> None:
    results = probes.run()
    assert len(results) > 50
    assert [str(result.probe) for result in results if result.outcome != "open"] == []
    open_before_file.write_text(json.dumps([str(result.probe) for result in results]), encoding="utf-8")


def test_dry_run_on_hosts_without_nft_changes_nothing_and_says_what_it_would_do() -> None:
    for name in FIREWALLS:
        assert nodes.run(name, ["/usr/bin/test", "-e", "/usr/sbin/nft"]).returncode != 0, "this needs hosts without nft"
    before = {name: listing(name) for name in FIREWALLS}
    done = run_playbook("pacs.hardening.site", "--check", "--diff")
    assert done.ok, done.output
    assert {name: done.changed[name] for name in FIREWALLS} == {"core": 1, "edge": 1}
    assert "nft isn't installed" in done.output
    assert '198.18.20.11 . 198.18.30.10 . tcp . 11112 comment "ct1 -> pacs1: RAD-8, RAD-10"' in done.output
    assert {name: listing(name) for name in FIREWALLS} == before
    assert before["core"].rules == "", "nothing is enforced yet"


def test_somebody_elses_table_stands_on_the_firewall() -> None:
    nodes.run("core", ["/usr/bin/apt-get", "install", "--yes", "nftables"], timeout=120, check=True)
    nodes.run("core", ["/usr/sbin/nft", "-f", "-"], input=OTHER, check=True)
