# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have clamd scan files that are handed over open, so that it needs no right to their paths. Private."""

from __future__ import annotations

import array
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import (
    is_fresh,
    parse_configuration,
    parse_version,
)
from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.scan import (
    FILDES,
    Answer,
    largest_file,
    parse_answer,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import engine_finds
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd import ask
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_LONGEST = 4096
_ASKED_SECONDS = 10.0
_FILE_SECONDS = 120.0


@dataclass(frozen=True)
class Scanner:
    """A running clamd that was shown to find what it must. I(largest): bytes of a file that it looks at whole."""

    socket: str
    engine: str
    dated: datetime | None
    largest: int

    def scan(self, descriptor: int) -> Answer:
        """What it says about an open file."""
        if os.fstat(descriptor).st_size > self.largest:
            return Answer(unscanned="larger than the scanner's limits")
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(_FILE_SECONDS)
                link.connect(self.socket)
                link.sendall(FILDES)
                rights = array.array("i", [descriptor])
                link.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
                answer = b""
                while not answer.endswith(b"\0") and len(answer) < _LONGEST:
                    piece = link.recv(_LONGEST)
                    if not piece:
                        break
                    answer += piece
        except OSError:
            return Answer(unscanned="the scanner doesn't answer")
        return parse_answer(answer.decode("utf-8", "replace"))


def find_scanner(path: str, configuration: str, days: int, now: datetime) -> Scanner:
    """The clamd behind the socket I(path), if it lives, finds the test file and has signatures no older than I(days);
    0 is any age. Raises HardeningError with the reason why it can't be relied upon.
    """
    if not os.path.exists(path):
        raise HardeningError(f"no clamd is running ({path} doesn't exist)")
    version = parse_version(ask(path, b"zVERSION\0", _ASKED_SECONDS))
    if version is None:
        raise HardeningError(f"what answers on {path} is no clamd")
    finds, said = engine_finds(path, _ASKED_SECONDS)
    if not finds:
        raise HardeningError(f"clamd doesn't find the test file that any scanner must find ({said[:80]})")
    if days and version.dated is None:
        raise HardeningError("clamd has no dated signatures, so nobody knows how old they are")
    if days and version.dated is not None and not is_fresh(version, now, timedelta(days=days)):
        raise HardeningError(f"clamd's signatures are of {version.dated:%Y-%m-%d}, and may be {days} days old at most")
    text = read_text(configuration)
    return Scanner(
        path,
        f"ClamAV {version.engine}",
        version.dated,
        largest_file(None if text is None else parse_configuration(text)),
    )
