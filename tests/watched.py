"""The lab while its firewalls watch: the playbooks of a first week, as its engineer runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import nodes
from playbooks import PlaybookRun, run_playbook


class Hospital:
    """The lab, and the playbooks as its engineer runs them."""

    def __init__(self, reports: Path) -> None:
        self.reports = reports

    def play(self, name: str, site: Mapping[str, Any], **variables: Any) -> PlaybookRun:
        """Run a playbook of the collection for a site."""
        given = {"pacs_site": site, "pacs_report_directory": str(self.reports), **variables}
        return run_playbook(f"pacs.hardening.{name}", variables=given, timeout=420)

    @staticmethod
    def mode(firewall: str = "core") -> str:
        """What the firewall does with undeclared connections, by its own rules."""
        chain = nodes.run(firewall, ["/usr/sbin/nft", "list", "chain", "inet", "pacs", "forward"], check=True).stdout
        return "enforce" if "policy drop" in chain else "watch"
