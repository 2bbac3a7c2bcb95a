"""Run ansible-playbook as a user does, and say what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LAB_INVENTORY = PROJECT / "inventories" / "lab"
# What comes into the lab's hospital from outside. A run takes it, too, by the arguments WITH_REMOTE_ACCESS.
WITH_REMOTE_ACCESS = ("-i", str(PROJECT / "inventories" / "lab_remote"))
COLLECTIONS = PROJECT / ".cache" / "collections"
# With collections of others that a controller may have beside ours: scripts/lib/other_collections.py.
WITH_OTHERS = f"{COLLECTIONS}:{PROJECT / '.cache' / 'other-collections'}"
_RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class PlaybookRun:
    """A finished run: exit status, all output, and changed, unreachable and failed tasks by host."""

    status: int
    output: str
    changed: Mapping[str, int]
    unreachable: Mapping[str, int]
    failed: Mapping[str, int]

    @property
    def ok(self) -> bool:
        return self.status == 0


def run_playbook(
    playbook: str | Path,
    *arguments: str,
    variables: Mapping[str, Any] | None = None,
    inventory: Path = LAB_INVENTORY,
    collections: str | Path = COLLECTIONS,
    timeout: float = 300,
) -> PlaybookRun:
    """Run a playbook (a path, or a name in a collection) against the lab; ``variables`` become extra vars."""
    process = start_playbook(playbook, *arguments, variables=variables, inventory=inventory, collections=collections)
    output, _errors = process.communicate(timeout=timeout)
    return summarise(process.returncode, output)


def start_playbook(
    playbook: str | Path,
    *arguments: str,
    variables: Mapping[str, Any] | None = None,
    inventory: Path = LAB_INVENTORY,
    collections: str | Path = COLLECTIONS,
    own_group: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start a playbook and return at once, its output as one text pipe. The caller ends it.

    ``own_group``: in a process group of its own (but for its workers, see family()). ``environment``: variables beyond
    those of a user.
    """
    # Molecule's own settings would leak into the run; a user has none.
    complete = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    complete |= {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_NOCOLOR": "1",
        **(environment or {}),
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), str(playbook), *arguments]
    if variables:
        command += ["-e", json.dumps(dict(variables))]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=complete,
        cwd=PROJECT,
        start_new_session=own_group,
    )


def family(process: subprocess.Popen[str]) -> list[int]:
    """The ids of a playbook's process and of all that descend from it: Ansible's workers are in sessions of their own,
    and outlive it.
    """
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(path.parent.name))
    found = [process.pid]
    for one in found:
        found += children.get(one, [])
    return found


def summarise(status: int, output: str) -> PlaybookRun:
    """Read the recap of a finished run."""
    rows = [(host, int(changed), int(gone), int(failed)) for host, changed, gone, failed in _RECAP.findall(output)]
    return PlaybookRun(
        status,
        output,
        {host: changed for host, changed, _gone, _failed in rows},
        {host: gone for host, _changed, gone, _failed in rows},
        {host: failed for host, _changed, _gone, failed in rows},
    )
