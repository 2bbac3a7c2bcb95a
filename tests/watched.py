"""The lab while its firewalls watch: the playbooks of a first week, as its engineer runs them."""

from __future__ import annotations

import re
import select
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits import Audit, audit

from lab import nodes
from lab.topology import topology
from playbooks import PlaybookRun, run_playbook


class Hospital:
    """The lab, and the playbooks as its engineer runs them."""

    def __init__(self, reports: Path) -> None:
        self.reports = reports

    def play(self, name: str, site: Mapping[str, Any], **variables: Any) -> PlaybookRun:
        """Run a playbook of the collection for a site."""
        given = {"pacs_site": site, "pacs_report_directory": str(self.reports), **variables}
        return run_playbook(f"pacs.hardening.{name}", variables=given, timeout=420)

    def judge(self, site: Mapping[str, Any]) -> Audit:
        """What the compliance report says of the core. Of it alone: what the report tries from the devices would be
        seen by the firewalls, too.
        """
        given = {"pacs_site": site, "pacs_report_fail_on": "never", "compliance_part_timeout": 8}
        return audit(self.reports / "compliance", "--limit", "core", **given)

    @staticmethod
    def mode(firewall: str = "core") -> str:
        """What the firewall does with undeclared connections, by its own rules."""
        chain = nodes.run(firewall, ["/usr/sbin/nft", "list", "chain", "inet", "pacs", "forward"], check=True).stdout
        return "enforce" if "policy drop" in chain else "watch"


def lend(node: str, program: str) -> None:
    """Put a program of this machine into a node, with its libraries: the node's image lacks it."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert path is not None, f"this needs {program}"
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    for library in map(Path, re.findall(r"=> (/\S+)", listed)):
        if not library.name.startswith("libc."):
            nodes.write_file(node, f"/usr/local/lib/{library.name}", library.read_bytes())
    nodes.run(node, ["/sbin/ldconfig"], check=True)
    nodes.write_file(node, f"/usr/sbin/{program}", Path(path).read_bytes(), mode=0o755)


class Line:
    """A TCP connection between two nodes that is kept open, to a port where nobody else listens."""

    def __init__(self, source: str, target: str, port: int) -> None:
        self._source, self._target, self._port = source, target, port
        self._ends: list[subprocess.Popen[str]] = []

    def open(self) -> None:
        """Open it; what is sent then arrives."""
        listener = nodes.popen(self._target, ["/bin/nc", "-n", "-v", "-l", "-p", str(self._port)])
        assert listener.stderr is not None and "istening" in listener.stderr.readline()
        address = topology().node(self._target).address()
        self._ends = [listener, nodes.popen(self._source, ["/bin/nc", address, str(self._port)])]
        assert self.works(), "the positive control"

    def works(self) -> bool:
        """Whether a line that is sent arrives within three seconds."""
        listener, caller = self._ends
        assert caller.stdin is not None and listener.stdout is not None
        caller.stdin.write("still there\n")
        caller.stdin.flush()
        readable, _writable, _broken = select.select([listener.stdout], [], [], 3)
        return bool(readable) and listener.stdout.readline() == "still there\n"

    def close(self) -> None:
        for end in self._ends:
            end.kill()
            end.communicate()
        if self._ends:
            for node in (self._source, self._target):
                nodes.run(node, ["/usr/bin/pkill", "-x", "nc"])
