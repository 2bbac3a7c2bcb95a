"""What stands on a node: files and rules, to show that nothing was changed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from lab import engine, nodes
from lab.topology import topology

# Logging in by SSH writes these by itself, and Ansible keeps its modules in the last while they run.
NOT_OURS = ("/var/log", "/var/lib/systemd", "/root/.ansible")


@dataclass(frozen=True)
class Listing:
    """``files``: a line a file with type, mode, owner, size, time of change and path. ``rules``: the whole ruleset."""

    files: frozenset[str]
    rules: str


def listing(node: str) -> Listing:
    """List every file on the node's own file systems (not tmpfs) but NOT_OURS, and its ruleset, seen from
    outside."""
    excluded = [word for path in NOT_OURS for word in ("-path", path, "-prune", "-o")]
    found = nodes.run(
        node, ["/usr/bin/find", "/", "-xdev", *excluded, "-printf", "%y %m %u:%g %s %T@ %p %l\n"], check=True
    )
    # Folders change their time when a file comes and goes in them; the files themselves are what counts.
    lines = frozenset(line for line in found.stdout.splitlines() if not line.startswith("d"))
    return Listing(lines, rules(node))


def without_state(text: str) -> list[str]:
    """The words of a listing of our table, without its counters and without what it remembers."""
    words = re.sub(r"\tset undeclared\d \{.*?\n\t\}", "", text, flags=re.DOTALL).split()
    return [word for i, word in enumerate(words) if i == 0 or words[i - 1] not in ("packets", "bytes")]


def rules(node: str) -> str:
    """The text of all tables of the node: by its own nft, or, where it has none, by the host's from outside.

    Not always from outside: nft 1.0.6 crashes on rules that nft 1.1.3 loaded.
    """
    own = nodes.run(node, ["/bin/sh", "-c", "command -v nft >/dev/null || exit 127; nft list ruleset"])
    if own.returncode != 127:
        return own.stdout
    container = topology().node(node).container
    pid = engine.podman("inspect", "--format", "{{.State.Pid}}", container).stdout.decode().strip()
    command = ["nsenter", "--target", pid, "--net", "nft", "list", "ruleset"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
