"""Run the playbook compliance as a user does, and ask its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playbooks import PlaybookRun, run_playbook

#: What is true of the lab as it is: no device has antivirus, and nobody says where the archive keeps its images.
UNPROTECTED = frozenset(("AV-01", device) for device in ("pacs1", "ris1", "his1", "ws1", "ops1"))
UNNAMED_STORE = frozenset((control, "pacs1") for control in ("FILE-01", "FILE-02", "FILE-03"))


@dataclass(frozen=True)
class Audit:
    """A finished run: what stood on the screen, and both files of the report."""

    run: PlaybookRun
    report: Mapping[str, Any]
    page: str

    @property
    def screen(self) -> str:
        """All output with its line breaks taken out, for Ansible folds its messages."""
        return " ".join(self.run.output.split())

    @property
    def verdict(self) -> str:
        return str(self.report["summary"]["verdict"])

    def host(self, name: str) -> Mapping[str, Any]:
        """What is said of one host of the site."""
        (found,) = (host for host in self.report["hosts"] if host["name"] == name)
        return dict(found)

    def reached(self) -> dict[str, str]:
        """What became of each host of the site."""
        return {host["name"]: host["reached"] for host in self.report["hosts"]}

    def state(self, control: str, subject: str) -> str:
        return str(self._finding(control, subject)["state"])

    def observed(self, control: str, subject: str) -> list[str]:
        """What was seen, or why nothing was, a sentence each."""
        return list(self._finding(control, subject)["observed"])

    def in_state(self, *states: str) -> set[tuple[str, str]]:
        """Control and subject of every finding in one of these states."""
        return {(one["control"], one["subject"]) for one in self.report["findings"] if one["state"] in states}

    def states(self) -> dict[tuple[str, str], str]:
        """The state of every finding by control and subject."""
        return {(one["control"], one["subject"]): one["state"] for one in self.report["findings"]}

    def _finding(self, control: str, subject: str) -> Mapping[str, Any]:
        (found,) = (one for one in self.report["findings"] if (one["control"], one["subject"]) == (control, subject))
        return dict(found)


def audit(folder: Path, *arguments: str, **variables: Any) -> Audit:
    """Judge the lab into ``folder``, with the most that Ansible says of what it does."""
    given = {"pacs_report_directory": str(folder), **variables}
    run = run_playbook("pacs.hardening.compliance", "-vvv", *arguments, variables=given)
    assert "Traceback" not in run.output, run.output
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return Audit(run, document, (folder / "report.html").read_text(encoding="utf-8"))
