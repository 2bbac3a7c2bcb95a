# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to the host's own C(nft). Private."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import Completed, find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

# In a namespace of its own: load what stands on standard input, then list it as JSON (one line) and as text.
_EVALUATE = '"$1" -f - && "$1" -j list table "$2" "$3" && "$1" -s list table "$2" "$3"'


@dataclass(frozen=True)
class Nft:
    """The C(nft) program at I(path)."""

    path: str

    @classmethod
    def find(cls) -> Nft | None:
        """The host's nft, None where it isn't installed."""
        path = find_program("nft")
        return cls(path) if path else None

    def listing(self, table: str, *options: str) -> str | None:
        """The listing of a table (text, or JSON with C(-j)), None if there is no such table. C(table) is `FAMILY
        NAME`.
        """
        done = run([self.path, *options, "list", "table", *table.split(" ")])
        if done.status == 0:
            return done.output
        there = self._require(run([self.path, "list", "tables", table.split(" ")[0]]), "list tables")
        if f"table {table}" in there.output.splitlines():
            raise HardeningError(f"table {table} is there, but nft can't list it: {done.complaint}")
        return None

    def set_listing(self, table: str, name: str) -> str:
        """The listing of one set, numbers instead of names, times in whole seconds, rounded down."""
        return self._require(run([self.path, "-n", "list", "set", *table.split(" "), name]), f"list set {name}").output

    def ruleset(self) -> str:
        """The JSON listing of all tables on the host."""
        return self._require(run([self.path, "-j", "list", "ruleset"]), "-j list ruleset").output

    def evaluate(self, text: str, table: str) -> tuple[str, str] | None:
        """(JSON listing, text listing without counters) of a ruleset text, loaded in a private network namespace of
        this host.

        None where the host denies such namespaces. Raises HardeningError, with nft's own complaint, if the text
        doesn't load.
        """
        unshare = find_program("unshare")
        for how in ("-n", "-rn"):
            if unshare is None or run([unshare, how, "true"]).status != 0:
                continue
            done = run([unshare, how, "sh", "-c", _EVALUATE, "sh", self.path, *table.split(" ")], stdin=text)
            if done.status != 0:
                raise HardeningError(f"nft refuses the ruleset; nothing was changed:\n{done.complaint}")
            as_json, _newline, as_text = done.output.partition("\n")
            return as_json, as_text
        return None

    def check(self, script: str) -> None:
        """Have the kernel check a script against the real ruleset, without applying it."""
        self._require(run([self.path, "-c", "-f", "-"], stdin=script), "-c")

    def load(self, path: str) -> None:
        """Execute a script: one transaction, all or nothing."""
        self._require(run([self.path, "-f", path]), f"-f {path}")

    def load_text(self, script: str) -> None:
        """Execute a script given as text."""
        self._require(run([self.path, "-f", "-"], stdin=script), "-f -")

    @staticmethod
    def _require(done: Completed, what: str) -> Completed:
        if done.status != 0:
            raise HardeningError(f"`nft {what}` failed: {done.complaint}")
        return done


def is_root() -> bool:
    """Whether this process may read and change the ruleset."""
    return os.geteuid() == 0
