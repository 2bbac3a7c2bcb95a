# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's evidence, whole or in part. Private."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.flows import flows_part
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import FORMAT
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_antivirus import antivirus, directories
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_ipsec import ipsec
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_leftovers import remote_leftovers
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_openvpn import openvpn
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_orthanc import orthanc
from ansible_collections.pacs.hardening.plugins.module_utils._io.flows import flow_readers, flows_document
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import utc
from ansible_collections.pacs.hardening.plugins.module_utils._io.parts import Reader, collect

_FLOWS = "firewall_flows"
#: Of the time of a part, how much goes into counting what lies in directories.
_COUNTING = 0.4


def host_evidence(parts: Iterable[str], timeout: float, host: Host, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The evidence document of the parts; each has I(timeout) seconds, all at the same time. I(wanted): directories
    that are looked at.
    """
    readers: dict[str, Reader] = {
        "system": host.system,
        "nftables": host.nftables,
        "sockets": host.sockets,
        "forwarding": host.forwarding,
        "firewall_changes": host.firewall_changes,
        "orthanc": lambda: orthanc(host),
        "accounts": host.accounts,
        "logging": host.logging,
        "antivirus": lambda: antivirus(host, wanted),
        "directories": lambda: directories(host, wanted, timeout * _COUNTING),
        "openvpn": lambda: openvpn(host),
        "ipsec": lambda: ipsec(host),
        "remote_leftovers": lambda: remote_leftovers(host),
    }
    started = utc()
    names = list(parts)
    of_flows = {f"{_FLOWS} {name}": reader for name, reader in flow_readers(host).items()} if _FLOWS in names else {}
    found = collect({**{name: readers[name] for name in names if name != _FLOWS}, **of_flows}, timeout)
    if of_flows:
        seen = flows_document({name[len(_FLOWS) + 1 :]: found.pop(name) for name in of_flows}, host)
        found[_FLOWS] = flows_part(seen)
    return {"format": FORMAT, "collected_at": started, "parts": {name: found[name] for name in names}}
