"""What stands on a node: files and rules, to show that nothing was changed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from lab import engine, nodes
from lab.topology import topology

# Logging in by SSH writes these by itself, and Ansible keeps its modules in the last while they run.
NOT_OURS = ("/var/log", "/var/lib/systemd", "/root/.ansible")
# Of the file systems in memory those where a program may leave something behind.
IN_MEMORY = ("/dev/shm", "/run", "/tmp")


@dataclass(frozen=True)
class Listing:
    """``files``: a line a file with type, mode, owner, size, time of change and path. ``rules``: the whole ruleset."""

    files: frozenset[str]
    rules: str


def listing(node: str, *, whole: bool = False) -> Listing:
    """List every file on the node's own file systems but NOT_OURS, and its ruleset, seen from outside.

    ``whole``: those, too, and what is IN_MEMORY.
    """
    places = ("/", *IN_MEMORY) if whole else ("/",)
    excluded = [] if whole else [word for path in NOT_OURS for word in ("-path", path, "-prune", "-o")]
    # A file that goes while it is looked for isn't an error.
    words = ["/usr/bin/find", *places, "-xdev", "-ignore_readdir_race", *excluded, "-printf"]
    found = nodes.run(node, [*words, "%y %m %u:%g %s %T@ %p %l\n"], check=True)
    # Folders change their time when a file comes and goes in them; the files themselves are what counts.
    lines = frozenset(line for line in found.stdout.splitlines() if not line.startswith("d"))
    return Listing(lines, rules(node))


def changed_files(before: Listing, after: Listing) -> frozenset[str]:
    """The paths of files that came, went, or are no longer the same."""
    return frozenset(line.split(" ", 5)[5].split(" ")[0] for line in before.files ^ after.files)


def settled(ruleset: str) -> str:
    """The text of a ruleset without what counts on by itself, and without what it remembers of undeclared
    connections.
    """
    without_memory = re.sub(r"(set undeclared[46] {[^{}]*?)\s*elements = {[^}]*}", r"\1", ruleset)
    return re.sub(r"packets \d+ bytes \d+", "packets N bytes N", without_memory)


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
