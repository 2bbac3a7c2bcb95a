"""Other tables survive our runs; our policy survives the distribution's own firewall service."""

from __future__ import annotations

import pytest
import testinfra
from sites import lab_site

from lab import nodes, probes
from lab.listing import settled
from playbooks import run_playbook

SHUT = [probe for probe in probes.matrix() if (probe.source, probe.target, probe.port) == ("ris1", "pacs1", 22)]


def test_a_foreign_table_and_its_counters_survive_every_run() -> None:
    before = _table("other")
    assert "packets" in before and "198.18.20.11" in before
    seen = _packets(before)
    assert seen >= 7
    site = lab_site()
    site["conduits"] = [{"from": "ops1", "to": "ris1", "service": "https", "reason": "a change"}]
    for variables in ({"pacs_site": site}, {}):
        done = run_playbook("pacs.hardening.site", variables=variables)
        assert done.ok and done.changed["core"] == 1, done.output
        assert _packets(_table("other")) >= seen, "counted on, never reset"


def test_a_foreign_table_that_drops_images_is_named_before_anything_is_applied() -> None:
    rival = """
    table inet rival {
        chain forward { type filter hook forward priority 10; policy accept; tcp dport 11112 drop; }
    }
    """
    before = settled(_table("pacs"))
    site = lab_site()
    site["conduits"] = [{"from": "ops1", "to": "ris1", "service": "https", "reason": "a change"}]
    nodes.run("core", ["/usr/sbin/nft", "-f", "-"], input=rival, check=True)
    try:
        done = run_playbook("pacs.hardening.site", variables={"pacs_site": site})
    finally:
        nodes.run("core", ["/usr/sbin/nft", "delete", "table", "inet", "rival"], check=True)
    assert done.failed["core"] == 1 and done.changed["core"] == 0, done.output
    text = " ".join(done.output.split())
    assert "the firewall would not do what is declared" in text
    assert "from 198.18.20.11 (modality, modality0) to 198.18.30.10 (pacs, pacs0) tcp 11112" in text
    assert settled(_table("pacs")) == before
    again = run_playbook("pacs.hardening.site")
    assert again.ok and again.changed["core"] == 0, "the control: without that table the same run is content"


def test_our_boot_unit_is_enabled(core: testinfra.host.Host) -> None:
    unit = core.service("pacs-firewall")
    assert unit.is_enabled
    assert unit.is_running


@pytest.mark.parametrize("verb", ["reload", "stop", "start", "restart"])
def test_our_policy_survives_the_distributions_service(verb: str) -> None:
    before = _table("pacs")
    if verb == "reload":
        nodes.run("core", ["/bin/systemctl", "start", "nftables"], check=True)
    nodes.run("core", ["/bin/systemctl", verb, "nftables"], check=True)
    assert settled(_table("pacs")) == settled(before)
    assert [result.outcome for result in probes.run(SHUT)] == ["timeout", "timeout"]


def test_that_service_does_flush_what_is_not_ours() -> None:
    """The control: without our drop-in our table would be gone, too."""
    nodes.run("core", ["/usr/sbin/nft", "add", "table", "inet", "control"], check=True)
    nodes.run("core", ["/bin/systemctl", "restart", "nftables"], check=True)
    assert nodes.run("core", ["/usr/sbin/nft", "list", "table", "inet", "control"]).returncode != 0


def _table(name: str) -> str:
    return nodes.run("core", ["/usr/sbin/nft", "list", "table", "inet", name], check=True).stdout


def _packets(text: str) -> int:
    words = text.split()
    return int(words[words.index("packets") + 1])
