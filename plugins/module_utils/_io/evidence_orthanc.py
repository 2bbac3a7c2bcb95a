# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the Orthanc server of a host and what it was told. Private."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc import orthanc_document
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc_files import SourceFile
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file

_PROCESS = "Orthanc"
_UNIT = "orthanc.service"
_CLOCKS_DIFFER = 1.0  # seconds: the kernel rounds the time of its start


def orthanc(host: Host) -> dict[str, Any]:
    """The part C(orthanc): of the server that runs, else of what it would start with."""
    pids = [pid for pid, name in host.processes() if name == _PROCESS and host.arguments(pid)]
    if len(pids) > 1:
        raise Unreadable(f"{len(pids)} Orthanc servers run here, and this reads only one on a host")
    if pids:
        pid = pids[0]
        path = configuration_path(host.arguments(pid))
        files = _files(_root(host, pid), os.path.join(_folder(host, pid, path), path)) if path else ()
        environment = _environment(host, pid)
        return orthanc_document(files, environment, True, _changed_since_start(host, pid, files))
    configuration = f"{host.etc}/orthanc"
    if not os.path.isdir(configuration):
        raise Absent(f"no Orthanc server runs here, and there is no {configuration}")
    files = _files("", configuration)
    if not files:
        raise Absent(f"no Orthanc server runs here, and {configuration} holds no configuration")
    return orthanc_document(files, None, False, enabled=systemd.says("is-enabled", _UNIT))


def configuration_path(arguments: list[str]) -> str:
    """The file or folder that a server's command line names, empty if it names none."""
    return next((word for word in arguments[1:] if word and not word.startswith("-")), "")


def _folder(host: Host, pid: int, path: str) -> str:
    return "" if path.startswith("/") else os.readlink(f"{host.proc}/{pid}/cwd")


def _root(host: Host, pid: int) -> str:
    """Where the server's files are for us: it may run in a container."""
    link = f"{host.proc}/{pid}/root"
    try:
        theirs, ours = os.stat(link), os.stat("/")
    except OSError:
        # Not permitted, or gone: its files, if they are ours, have the same names.
        return ""
    return "" if (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino) else link


def _environment(host: Host, pid: int) -> dict[str, str] | None:
    """The server's environment when it was started, None where this process may not see it."""
    try:
        text = read_file(f"{host.proc}/{pid}/environ")
    except OSError:
        return None
    pairs = (entry.partition("=") for entry in text.split("\0") if entry)
    return {name: value for name, _equals, value in pairs}


def _changed_since_start(host: Host, pid: int, files: tuple[SourceFile, ...]) -> bool | None:
    """Whether a file was written after the server read it; None if that isn't known."""
    started = host.started(pid)
    if started is None:
        return None
    return any(file.changed > started + _CLOCKS_DIFFER for file in files)


def _files(root: str, path: str) -> tuple[SourceFile, ...]:
    """What Orthanc reads: that file, or all C(*.json) of that folder."""
    if not os.path.isdir(root + path):
        return (_file(root, path),)
    names = sorted(name for name in os.listdir(root + path) if name.lower().endswith(".json"))
    paths = [os.path.join(path, name) for name in names if os.path.isfile(os.path.join(root + path, name))]
    return tuple(_file(root, one) for one in paths)


def _file(root: str, path: str) -> SourceFile:
    return SourceFile(path, read_file(root + path), os.stat(root + path).st_mtime)
