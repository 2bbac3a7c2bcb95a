# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall has seen, as evidence: bounded, and without what only its own people need. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import absent, error, ok
from ansible_collections.pacs.hardening.plugins.module_utils._observed.table import MODE_NONE

#: Entries of one list. A memory holds up to 131,070, and a host's evidence goes through the controller's memory.
MOST = 20000
_LISTS = ("undeclared", "connections", "unused")
_KEPT = ("mode", "read_at", "since", "memory", "full", "not_remembered", "connections_reason", "own_addresses")


def flows_part(seen: Mapping[str, Any]) -> dict[str, Any]:
    """The part C(firewall_flows) from what C(firewall_flows_info) returns.

    Of each list the first entries, and in C(left_out) how many more there are; of the declared flows that were used
    only how many. Who opened the firewall at its console is left out.
    """
    if seen["mode"] is None:
        return error(str(seen["mode_reason"]))
    if seen["mode"] == MODE_NONE:
        return absent(str(seen["mode_reason"]))
    lists = {name: seen[name] for name in _LISTS}
    return ok(
        {
            **{name: seen[name] for name in _KEPT},
            **{name: found and found[:MOST] for name, found in lists.items()},
            "left_out": {name: max(0, len(found or ()) - MOST) for name, found in lists.items()},
            "used": len({one["note"] for one in seen["declared"]}),
        }
    )
