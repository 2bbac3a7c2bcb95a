# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask strongSwan what it does, read what it was told, and who was refused lately. Changes nothing. Private."""

from __future__ import annotations

import glob
import os
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence import ipsec as said
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io import systemd
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.swanctl import UNIT, Swanctl
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import RevocationList, read_revocations
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.refusals import journal_lines, refusals_in
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.settings import (
    Section,
    connections_in,
    merge,
    read_settings,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import FOLDER, NAME, read_shown
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

#: Daemons that keep IKE: strongSwan's with vici, its old one, and others that aren't asked.
_VICI, _OTHERS = ("charon-systemd", "charon"), ("pluto", "racoon", "iked", "starter")
#: Of the journal: days, and lines at most.
_DAYS, _LINES = 7, 4000
_LARGEST_LIST = 4 * 1024 * 1024


def ipsec(host: Host) -> dict[str, Any]:
    """The part C(ipsec)."""
    names = {name for _pid, name in host.processes()}
    running = next((name for name in (*_VICI, *_OTHERS) if name in names), None)
    folder = os.environ.get("SWANCTL_DIR") or f"{host.etc}/swanctl"
    configured = _configured(folder)
    old = os.path.exists(f"{host.etc}/ipsec.conf")
    if running is None and not configured["connections"] and not configured["problem"] and not old:
        raise Absent("no IPsec daemon runs here, and strongSwan has no connections")
    live = (
        _live(folder, f"{host.root}{FOLDER}/{NAME}")
        if running in _VICI
        else {"answers": False, "problem": None, **_NOTHING}
    )
    return {
        "running": running,
        "old_configuration": old,
        "configured": configured,
        "refusals": _refusals(),
        "refusals_days": _DAYS,
        **live,
    }


_NOTHING: dict[str, Any] = {"sas": None, "connections": None, "certificates": None, "lists": None}


def _live(folder: str, written: str) -> dict[str, Any]:
    try:
        tool = Swanctl.find()
        sas, conns, certs = (tool.ask(f"--list-{what}") for what in ("sas", "conns", "certs"))
        loaded, waiting = said.loaded_lists(certs), _lists_in(f"{folder}/x509crl")
        peers = [str(one["peer"]) for one in said.security_associations(sas, {})]
        revoked = said.revoked_peers(certs, peers, [*loaded, *waiting.values()], read_shown(read_text(written)))
        return {
            "answers": True,
            "problem": None,
            "sas": said.security_associations(sas, revoked),
            "connections": said.connections(conns),
            "certificates": said.certificates(certs),
            "lists": [
                *(said.list_document(one, None) for one in loaded),
                *(said.list_document(one, path) for path, one in waiting.items() if one not in loaded),
            ],
        }
    except HardeningError as exc:
        return {"answers": False, "problem": str(exc).splitlines()[0], **_NOTHING}


def _lists_in(folder: str) -> dict[str, RevocationList]:
    """The lists that lie there, by path. One that can't be read is none: strongSwan takes it for none, too."""
    found = {}
    for path in sorted(glob.glob(f"{folder}/*")):
        try:
            with open(path, "rb") as file:
                content = file.read(_LARGEST_LIST)
            if content.startswith(b"-----"):
                content = der.from_pem(content.decode("ascii", "replace"), "X509 CRL")
            found[path] = read_revocations(content)
        except (OSError, HardeningError):
            continue
    return found


def _configured(folder: str) -> dict[str, Any]:
    """What the files say: C(connections) by name, or a C(problem). Values of secrets aren't kept."""
    try:
        root = _read(f"{folder}/swanctl.conf", folder)
    except FileNotFoundError:
        return {"connections": {}, "problem": None}
    except (OSError, Unreadable, HardeningError) as exc:
        return {"connections": {}, "problem": f"{folder} can't be read: {getattr(exc, 'strerror', None) or exc}"}
    return {"connections": connections_in(root), "problem": None}


def _read(path: str, folder: str) -> Section:
    root, includes = read_settings(read_file(path))
    for pattern in includes:
        at = pattern if pattern.startswith("/") else os.path.join(folder, pattern)
        for included in sorted(glob.glob(at)):
            more, deeper = read_settings(read_file(included))
            if deeper:
                raise HardeningError(f"{included} includes others, which isn't followed here")
            merge(root, more)
    return root


def _refusals() -> list[dict[str, Any]] | None:
    """Who was refused in the last days by strongSwan's journal, None where there is no journal to read."""
    journalctl = find_program("journalctl")
    if journalctl is None or not systemd.is_running():
        return None
    which = [f"--unit={UNIT}", f"--since=-{_DAYS}days", f"--lines={_LINES}"]
    how = ["--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,THREAD"]
    try:
        done = run([journalctl, *which, *how], timeout=2)
    except HardeningError:
        return None
    return [one.document() for one in refusals_in(journal_lines(done.output))] if done.status == 0 else None
