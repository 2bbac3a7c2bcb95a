# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that talks to the running strongSwan. Private."""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

UNIT = "strongswan.service"


class Swanctl:
    """The tool that talks to the running strongSwan."""

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def find(cls) -> Swanctl:
        """Raises HardeningError where it isn't installed."""
        path = find_program("swanctl")
        if path is None:
            raise HardeningError("swanctl isn't installed on this host: install the package strongswan-swanctl")
        return cls(path)

    def answers(self) -> bool:
        """Whether a daemon is there to talk to."""
        return run([self._path, "--stats"]).status == 0

    def ask(self, question: str) -> str:
        """Live state, for the readers in _ipsec."""
        done = run([self._path, question, "--raw", "--pretty"])
        if done.status != 0:
            raise HardeningError(f"`swanctl {question}` failed: {done.complaint}")
        return done.output

    def load(self) -> None:
        """Load everything anew, and forget what was cached of certificates and of their revocation."""
        for arguments in (("--load-creds", "--clear", "--noprompt"), ("--load-conns",)):
            done = run([self._path, *arguments])
            # It complains of folders that aren't there, and of plugins that aren't; what failed is in its status.
            if done.status != 0:
                failed = [line for line in done.errors.splitlines() if " failed" in line and "plugin" not in line]
                raise HardeningError(f"`swanctl {' '.join(arguments)}` failed: {'; '.join(failed) or done.complaint}")

    def end(self, connection: str) -> None:
        """End all tunnels of a connection, at once and without asking the peer."""
        run([self._path, "--terminate", "--ike", connection, "--force"])

    def comes_up(self, child: str) -> bool:
        """Whether a tunnel can be made now."""
        return run([self._path, "--initiate", "--child", child, "--timeout", "8"], timeout=30).status == 0
