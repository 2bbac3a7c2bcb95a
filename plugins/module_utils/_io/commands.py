# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run programs on the managed host. Private; with its neighbours in C(_io) the only code that does I/O there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"


@dataclass(frozen=True)
class Completed:
    """What a program returned: its exit status (negative: killed by that signal) and its output as text."""

    status: int
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        """Its error output, or at least its status, on few lines."""
        lines = (self.errors.strip() or self.output.strip() or f"exit status {self.status}").splitlines()
        return "\n".join(lines[:12])


def find_program(name: str) -> str | None:
    """Absolute path of a program, looked for where root finds it; None if it isn't installed."""
    return shutil.which(name, path=_PATH)


def run(arguments: Sequence[str], stdin: str = "", timeout: float = 60.0) -> Completed:
    """Run a program without a shell and wait at most I(timeout) seconds. Raises HardeningError if it can't be run or
    doesn't end.
    """
    environment = {"PATH": _PATH, "LC_ALL": "C", "HOME": "/", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    # Where a host's own set-up differs from its distribution's, these say so to systemd's tools and to strongSwan's.
    for name in ("DBUS_SYSTEM_BUS_ADDRESS", "STRONGSWAN_CONF", "SWANCTL_DIR"):
        if name in os.environ:
            environment[name] = os.environ[name]
    try:
        done = subprocess.run(
            list(arguments),
            input=stdin.encode("utf-8"),
            capture_output=True,
            env=environment,
            cwd="/",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise HardeningError(f"`{' '.join(arguments)}` did not end within {timeout:.0f} s") from exc
    except OSError as exc:
        raise HardeningError(f"`{arguments[0]}` can't be run: {exc.strerror}") from exc
    return Completed(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
