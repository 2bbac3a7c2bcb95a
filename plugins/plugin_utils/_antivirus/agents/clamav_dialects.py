# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one list of excluded directories is written for each part of ClamAV.

clamonacc compares literally, clamd, clamdscan and clamscan with POSIX extended expressions that fit anywhere in a path
unless they are anchored (clamd.conf(5), clamscan(1)). systemd has a quoting of its own (systemd.service(5)).
"""

from __future__ import annotations

import re

from ..policy import MEBIBYTE

MANAGED = "# Managed by Ansible, pacs.hardening.antivirus: changes made here are lost."
SYSTEMD = "/etc/systemd/system"
SLICE = "pacs-antivirus.slice"

#: What a path may hold that an expression would read differently; has_pattern refuses the rest.
_SPECIAL = re.compile(r"([.+()])")


def literal(path: str) -> str:
    """For OnAccessExcludePath and OnAccessIncludePath: the path, with no slash at its end."""
    return path


def expression(path: str) -> str:
    """For ExcludePath and --exclude-dir: the directory and everything below it, and nothing beside."""
    quoted = _SPECIAL.sub(r"[\1]", path)
    return f"^{quoted}(/|$)"


def argument(text: str) -> str:
    """One word of a systemd command line: no word is split, no specifier or variable is expanded."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def size(number: int) -> str:
    """Bytes as ClamAV reads them."""
    return f"{number // MEBIBYTE}M" if number % MEBIBYTE == 0 else str(number)


def lines(*parts: str) -> str:
    """The text of a file."""
    return "\n".join(parts) + "\n"
