# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall has seen since its rules came into force. Reads only. Private."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import ABSENT, OK, Absent, Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import read_text
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host, read_file
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal, utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._io.parts import Reader, collect
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, PENDING, ROLLED_BACK
from ansible_collections.pacs.hardening.plugins.module_utils._nft.openings import last_opening, parse_openings
from ansible_collections.pacs.hardening.plugins.module_utils._observed.addresses import own_addresses
from ansible_collections.pacs.hardening.plugins.module_utils._observed.conntrack import connection_documents
from ansible_collections.pacs.hardening.plugins.module_utils._observed.table import MODE_NONE, table_document

_TABLE = TABLES[0]
_NOTHING_SEEN: dict[str, Any] = {
    "memory": False,
    "undeclared": [],
    "full": False,
    "not_remembered": 0,
    "counters": {},
    "declared": [],
    "unused": [],
    "opening": None,
}


def firewall_flows(host: Host, timeout: float, connections: bool = True) -> dict[str, Any]:
    """The return values of C(firewall_flows_info), without C(changed). Each part has I(timeout) seconds, all at the
    same time, and says for itself why it isn't there.
    """
    return flows_document(collect(flow_readers(host, connections), timeout), host)


def flow_readers(host: Host, connections: bool = True) -> dict[str, Reader]:
    """What reads the parts of which flows_document() makes one."""
    readers: dict[str, Reader] = {
        "table": lambda: _table(host),
        "since": lambda: _since(host),
        "addresses": lambda: _addresses(host),
    }
    return {**readers, "connections": lambda: _connections(host)} if connections else readers


def flows_document(parts: dict[str, dict[str, Any]], host: Host) -> dict[str, Any]:
    """The whole from its parts, which collect() gave."""
    return {
        **_NOTHING_SEEN,
        **_seen(parts["table"]),
        "read_at": utc(),
        **_one(parts, "since", "since"),
        **_one(parts, "connections", "connections", "not asked for"),
        **_one(parts, "addresses", "own_addresses"),
        "opening": _opening(parts["table"], host),
    }


def _seen(part: dict[str, Any]) -> dict[str, Any]:
    """What the table says; without one the mode is none, and unknown where nobody could look."""
    if part["status"] == OK:
        seen: dict[str, Any] = part["value"]
        return seen
    return {"mode": MODE_NONE if part["status"] == ABSENT else None, "mode_reason": part["reason"]}


def _one(parts: dict[str, dict[str, Any]], part: str, name: str, otherwise: str = "") -> dict[str, Any]:
    """The value of a part under its name, or null, with the reason beside it."""
    found = parts.get(part, {"status": ABSENT, "reason": otherwise})
    value = found["value"][name] if found["status"] == OK else None
    return {name: value, f"{name}_reason": found.get("reason")}


def _table(host: Host) -> dict[str, Any]:
    nft = Nft.find()
    if nft is None:
        raise Absent("nft isn't installed")
    if not is_root():
        raise Unreadable("needs root: only root can read the firewall's rules")
    listing = nft.listing(_TABLE, "-j")
    if listing is None:
        raise Absent(f"there is no table {_TABLE}")
    own: list[str] = []
    with contextlib.suppress(OSError, ValueError, Unreadable):
        own = _addresses(host)["own_addresses"]
    return table_document(listing, own)


def _since(host: Host) -> dict[str, Any]:
    """When the table was last put in force: by a change, by the rollback of one, or at boot; counters start anew with
    each.
    """
    layout = host.layout
    try:
        os.listdir(layout.journal)
    except FileNotFoundError:
        raise Absent("this collection never changed the firewall here") from None
    moments = []
    for entry in Journal(layout).entries():
        if entry.change is None or entry.change.table != _TABLE:
            continue
        if entry.state in (PENDING, CONFIRMED):
            moments.append(entry.change.created_utc)
        elif entry.state == ROLLED_BACK and entry.restored:
            # The end of a rollback removes a file from its folder.
            moments.append(_modified(layout.change(entry.state, entry.id)))
    if not moments:
        raise Absent(f"no change of table {_TABLE} stands in the journal")
    with contextlib.suppress(OSError):
        moments.append(_modified(layout.booted))
    # All in the same format, in UTC: the order of the texts is that of the times.
    return {"since": max(moments)}


def _modified(path: str) -> str:
    moment = datetime.fromtimestamp(os.stat(path).st_mtime, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _opening(part: dict[str, Any], host: Host) -> dict[str, Any] | None:
    """What is open from the console, with who opened it and why, where the host's record tells."""
    opening: dict[str, Any] | None = part["value"]["opening"] if part["status"] == OK else None
    record = None
    with contextlib.suppress(HardeningError):
        record = last_opening(parse_openings(read_text(host.layout.openings) or ""))
    if opening is None or record is None:
        return opening
    return {**opening, "by": record.by, "reason": record.reason, "since": record.at}


def _addresses(host: Host) -> dict[str, Any]:
    inet6 = ""
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 has no such file
        inet6 = read_file(f"{host.proc}/net/if_inet6")
    return {"own_addresses": own_addresses(read_file(f"{host.proc}/net/fib_trie"), inet6)}


def _connections(host: Host) -> dict[str, Any]:
    """From the tool C(conntrack), else from the file of older kernels."""
    if not is_root():
        raise Unreadable("needs root: only root can read which connections are tracked")
    tool = find_program("conntrack")
    if tool is not None:
        lines: list[str] = []
        for family in ("ipv4", "ipv6"):
            done = run([tool, "-L", "-f", family])
            if done.status != 0:
                raise Unreadable(f"`conntrack -L -f {family}` failed: {done.complaint}")
            lines += done.output.splitlines()
        return {"connections": connection_documents(lines)}
    path = f"{host.proc}/net/nf_conntrack"
    if not os.path.exists(path):
        raise Absent("neither the tool conntrack is installed (package conntrack) nor has the kernel a list of its own")
    return {"connections": connection_documents(_lines(path))}


def _lines(path: str) -> Iterator[str]:
    """One by one: a busy firewall tracks hundreds of thousands."""
    with open(path, encoding="ascii", errors="replace") as file:
        yield from file
