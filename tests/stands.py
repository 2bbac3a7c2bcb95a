"""How the lab's nodes stand, whole, to show that looking at them changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lab import nodes
from lab.listing import Listing, changed_files, listing, settled
from lab.topology import topology

# All that may differ afterwards: what every log-in by SSH leaves, and what Orthanc writes by itself.
FILES = (
    r"/run/motd\.dynamic",
    r"/run/systemd/(sessions|transient|units|users)/.*",
    r"/run/systemd/journal/streams/.*",
    r"/(run|var)/log/journal/.*|/var/log/(wtmp|lastlog|btmp)",
    r"/var/lib/orthanc/db-v6/index.*",
)
PROGRAMS = {"(sd-pam)", "systemd", "sshd", "sshd-session"}
# Ansible's connections go through it, each in a netcat that ends with the connection.
PROXY = ("ops1", "nc")


@dataclass(frozen=True)
class Stand:
    """Every file of a node, its rules without what they count and remember, and the programs that run."""

    files: Listing
    rules: str
    programs: frozenset[str]


def stand(node: str) -> Stand:
    """How a node stands now."""
    seen = listing(node, whole=True)
    programs = nodes.run(node, ["/bin/ps", "-eo", "comm="], check=True).stdout.splitlines()
    return Stand(seen, settled(seen.rules), frozenset(programs) - {"ps"})


def stands() -> Mapping[str, Stand]:
    """Every node of the lab, those that nobody logs in to as well."""
    names = list(topology().nodes)
    return dict(zip(names, nodes.in_parallel(stand, names), strict=True))


def changes(before: Mapping[str, Stand], after: Mapping[str, Stand]) -> list[str]:
    """What is no longer as it was, but for the exceptions above; a sentence each."""
    found = []
    for name, old in before.items():
        new = after[name]
        files = changed_files(old.files, new.files)
        found += [f"{name}: {path}" for path in sorted(files) if not any(re.fullmatch(one, path) for one in FILES)]
        found += [f"{name}: its rules"] if old.rules != new.rules else []
        programs = new.programs - old.programs - PROGRAMS
        found += [f"{name}: {program} runs" for program in sorted(programs) if (name, program) != PROXY]
    return found
