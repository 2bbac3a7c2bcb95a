# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the OpenVPN servers that run on a host, and ask each who is in. Private."""

from __future__ import annotations

import os
import stat
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.openvpn import (
    Door,
    directives,
    is_server,
    server_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import Management
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import Status

_PROCESS = "openvpn"


def openvpn(host: Host) -> dict[str, Any]:
    """Every server that runs; its configuration is the file as it is now. Changes nothing, throws nobody out."""
    found: dict[str, dict[str, Any]] = {}
    for pid, name in host.processes():
        path = _configuration(host, pid) if name == _PROCESS else None
        # PAM's helper is a process of the same command line.
        if path is None or path in found:
            continue
        text = read_file(path)
        said = directives(text)
        if is_server(said, text):
            found[path] = _document(path, said)
    if not found:
        raise Absent("no OpenVPN server runs here")
    return {"servers": [found[path] for path in sorted(found)]}


def _configuration(host: Host, pid: int) -> str | None:
    words = host.arguments(pid)
    values = dict(zip(words, words[1:]))
    path = values.get("--config")
    if path is None:
        return None
    folder = values.get("--cd") or os.readlink(f"{host.proc}/{pid}/cwd")
    return os.path.normpath(os.path.join(folder, path))


def _document(path: str, said: dict[str, list[str]]) -> dict[str, Any]:
    words = said.get("management", [""])[-1].split()
    if len(words) < 2 or words[1] != "unix":
        reason = "it has no management socket" if not words else "its management listens on the network"
        return server_document(path, said, None, None, reason)
    door = Door(words[0], _mode(words[0]), _mode(os.path.dirname(words[0])))
    status, unknown = _ask(words[0])
    return server_document(path, said, door, status, unknown)


def _ask(socket: str) -> tuple[Status | None, str | None]:
    try:
        with Management(socket) as line:
            return line.status(), None
    except HardeningError as exc:
        return None, str(exc)


def _mode(path: str) -> int | None:
    try:
        return stat.S_IMODE(os.lstat(path).st_mode)
    except OSError:
        return None
