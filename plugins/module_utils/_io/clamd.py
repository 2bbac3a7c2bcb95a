# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a running clamd. Private."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import is_fresh, parse_version
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_LONGEST = 4096


def ask(path: str, question: bytes, timeout: float) -> str:
    """The answer to one command. Raises HardeningError where there is none."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout)
            link.connect(path)
            link.sendall(question)
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < _LONGEST:
                piece = link.recv(_LONGEST)
                if not piece:
                    break
                answer += piece
    except OSError as exc:
        # It times out with no text of its own.
        raise HardeningError(f"clamd doesn't answer on {path}: {exc.strerror or 'no answer in time'}") from exc
    if not answer:
        raise HardeningError(f"clamd doesn't answer on {path}: it closed the connection")
    return answer.decode("utf-8", "replace")


def signatures(path: str, days: int, timeout: float = 5) -> dict[str, Any]:
    """What the daemon that runs has loaded, and whether that is at most I(days) old. What lies in a folder says
    nothing.
    """
    try:
        version = parse_version(ask(path, b"zVERSION\0", timeout))
    except HardeningError as exc:
        return {"engine": None, "number": None, "dated": None, "fresh": False, "problem": str(exc)}
    if version is None:
        return {"engine": None, "number": None, "dated": None, "fresh": False, "problem": "clamd names no version"}
    fresh = is_fresh(version, datetime.now(timezone.utc), timedelta(days=days))
    dated = version.dated.strftime("%Y-%m-%dT%H:%M:%SZ") if version.dated else None
    problem = None if fresh else f"the signatures are of {dated}" if dated else "no daily signatures are loaded"
    return {
        "engine": version.engine,
        "number": version.signatures,
        "dated": dated,
        "fresh": fresh,
        "problem": problem,
    }
