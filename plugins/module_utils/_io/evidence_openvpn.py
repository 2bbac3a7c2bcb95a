# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the OpenVPN servers that run on a host, and ask each who is in. Private."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import replace
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.openvpn import (
    Door,
    Papers,
    directives,
    is_server,
    pam_service,
    papers_document,
    second_factor,
    server_document,
    unread_document,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import Management
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import (
    read_certificate,
    read_revocations,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import Status

_PROCESS = "openvpn"


def openvpn(host: Host) -> dict[str, Any]:
    """Every server that runs; its configuration is the file as it is now. Changes nothing, throws nobody out."""
    found: dict[str, dict[str, Any]] = {}
    mine = _mounts(host, "self")
    running = [pid for pid, name in host.processes() if name == _PROCESS]
    # Those that see the same files first: another may have a file of the same name elsewhere.
    for pid in sorted(running, key=lambda pid: _mounts(host, pid) != mine):
        folder, path = _configuration(host, pid)
        # PAM's helper is a process of the same command line.
        if path is None or path in found:
            continue
        try:
            text = read_file(_seen_by(host, pid, path))
        except OSError as exc:
            found[path] = unread_document(path, f"its configuration can't be read: {exc.strerror}")
            continue
        said = directives(text)
        if is_server(said, text):
            beside = _papers(host, pid, folder, said), _second_factor(host, said)
            found[path] = {**_document(host, pid, path, said), **papers_document(beside[0]), "second_factor": beside[1]}
    if not found:
        raise Absent("no OpenVPN server runs here")
    return {"servers": [found[path] for path in sorted(found)]}


def _configuration(host: Host, pid: int) -> tuple[str, str | None]:
    """Where a server's relative paths begin, and its configuration; None where it has none."""
    words = host.arguments(pid)
    values = dict(zip(words, words[1:]))
    path = values.get("--config")
    if path is None:
        return "", None
    folder = values.get("--cd", "/")
    if "--cd" not in values:
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            folder = os.readlink(f"{host.proc}/{pid}/cwd")
    return folder, os.path.normpath(os.path.join(folder, path))


def _mounts(host: Host, pid: int | str) -> str:
    """Which view of the file systems a process has, empty where nobody may know."""
    try:
        return os.readlink(f"{host.proc}/{pid}/ns/mnt")
    except OSError:
        return ""


def _seen_by(host: Host, pid: int, path: str) -> str:
    """A path as that process sees it: a unit may have file systems of its own."""
    through = f"{host.proc}/{pid}/root"
    return f"{through}{path}" if os.path.isdir(f"{through}/") else path


def _papers(host: Host, pid: int, folder: str, said: dict[str, list[str]]) -> Papers:
    """The server's certificate and list of revocations; what can't be read stays unknown."""
    papers = Papers()
    with contextlib.suppress(OSError, Unreadable, HardeningError, KeyError):
        text = read_file(_seen_by(host, pid, os.path.join(folder, said["cert"][-1])))
        papers = replace(papers, certificate=read_certificate(der.from_pem(text, "CERTIFICATE")))
    with contextlib.suppress(OSError, Unreadable, HardeningError, KeyError):
        path = _seen_by(host, pid, os.path.join(folder, said["crl-verify"][-1]))
        content = der.from_pem(read_file(path), "X509 CRL")
        papers = replace(papers, revocations=read_revocations(content), changed=os.stat(path).st_mtime)
    return papers


def _second_factor(host: Host, said: dict[str, list[str]]) -> dict[str, Any] | None:
    """Whether a second factor is asked for, and of whom none is; None where the server asks no PAM."""
    service = pam_service(said)
    if service is None:
        return None
    try:
        factor = second_factor(read_file(f"{host.etc}/pam.d/{service}"))
        spared = sorted({name for path in factor.sparing for name in read_file(path).split()})
    except (OSError, Unreadable):
        return {"service": service, "asked": None, "spared": None}
    return {"service": service, "asked": factor.asked, "spared": spared}


def _document(host: Host, pid: int, path: str, said: dict[str, list[str]]) -> dict[str, Any]:
    words = said.get("management", [""])[-1].split()
    if len(words) < 2 or words[1] != "unix":
        reason = "it has no management socket" if not words else "its management listens on the network"
        return server_document(path, said, None, None, reason)
    at = _seen_by(host, pid, words[0])
    door = Door(words[0], _mode(at), _mode(os.path.dirname(at)))
    status, unknown = _ask(at)
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
