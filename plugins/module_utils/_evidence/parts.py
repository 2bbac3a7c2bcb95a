# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about one part of a host's evidence: what was seen, that there is nothing, or why nobody could look.
Private, pure.
"""

from __future__ import annotations

import re
from typing import Any

FORMAT = 1
OK, ABSENT, ERROR = "ok", "absent", "error"
PARTS = (
    "system",
    "nftables",
    "sockets",
    "forwarding",
    "firewall_changes",
    "firewall_flows",
    "orthanc",
    "accounts",
    "logging",
    *("antivirus", "directories"),
    *("openvpn", "ipsec", "remote_leftovers"),
)

_LONGEST_REASON = 300
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class Absent(Exception):
    """The host has no such thing. The text says what was looked for."""


class Unreadable(Exception):
    """The thing may be there, and could not be looked at. The text says why, and quotes nothing that was read."""


def ok(value: dict[str, Any]) -> dict[str, Any]:
    """The document of a part that was seen."""
    return {"status": OK, "value": value}


def absent(reason: str) -> dict[str, Any]:
    """The document of a part that the host doesn't have."""
    return {"status": ABSENT, "reason": one_line(reason)}


def error(reason: str) -> dict[str, Any]:
    """The document of a part that could not be looked at."""
    return {"status": ERROR, "reason": one_line(reason)}


def one_line(text: str) -> str:
    """I(text) as one printable line of bounded length."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 3] + "..."
