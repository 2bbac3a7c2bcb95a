# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a running clamd. Private."""

from __future__ import annotations

import socket

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
