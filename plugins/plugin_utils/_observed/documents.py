# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen as plain data, for files and for playbooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from .._policy.site import Compiled
from .cut import CutFlow, still_open, undeclared
from .looks import Parts, looks_like, parts_of
from .model import FirewallView, FlowKey, Opening
from .names import End
from .services import Services

FORMAT = 1


class Rows:
    """Makes plain data of flows, with what they look like to the declared site."""

    def __init__(self, compiled: Compiled, parts: Parts | None = None) -> None:
        self._services = Services(compiled.site)
        self._parts = parts_of(compiled.site) if parts is None else parts

    def cut(self, flows: Iterable[CutFlow], declared: Collection[FlowKey] = ()) -> list[dict[str, Any]]:
        """Those of declared devices first, then the most frequent. ``declared``: those that rules in force declare."""
        order = sorted(flows, key=lambda one: (not one.devices, -one.flow.count, one.flow.key))
        return [{**self._row(one), "declared_so_far": one.flow.key in declared} for one in order]

    def _row(self, one: CutFlow) -> dict[str, Any]:
        key = one.flow.key
        known = self._services.of(key.destination, key.protocol, key.port)
        return {
            "source": _end(one.source),
            "destination": _end(one.destination),
            "protocol": key.protocol,
            "port": key.port,
            "count": one.flow.count,
            "idle": one.flow.idle,
            "service": known.title if known else None,
            "looks_like": looks_like(self._parts, one.source.name, one.destination.name, known),
            "another_way": one.another_way,
            "devices": list(one.devices),
        }


def observed(compiled: Compiled, views: Mapping[str, FirewallView], now: datetime) -> dict[str, Any]:
    """The document of pacs.hardening.observe; ``views`` are by the names of the site's firewalls."""
    rows = Rows(compiled)
    return {
        "format": FORMAT,
        "site": compiled.site.name,
        "written_at": _text(now),
        "firewalls": [_firewall(compiled, rows, name, view) for name, view in views.items()],
    }


def _firewall(compiled: Compiled, rows: Rows, name: str, view: FirewallView) -> dict[str, Any]:
    policy = compiled.policies[name]
    return {
        "firewall": name,
        "mode": view.mode,
        "reason": view.reason,
        "read_at": _text(view.read_at),
        "since": _text(view.since),
        "memory": view.memory,
        "full": view.full,
        "not_remembered": view.not_remembered,
        "undeclared": rows.cut(undeclared(compiled.site, policy, view)),
        "still_open": rows.cut(still_open(compiled.site, policy, view)),
        "connections_reason": view.connections_reason,
        "used": [{"flow": one.note, "count": one.count} for one in view.declared],
        "unused": list(view.unused),
        "opening": _opening(view.opening),
    }


def _end(end: End) -> dict[str, Any]:
    return {"address": end.address, "name": end.name, "zone": end.zone}


def _opening(opening: Opening | None) -> dict[str, Any] | None:
    if opening is None:
        return None
    return {
        "protocols": list(opening.protocols),
        "seconds_left": opening.seconds_left,
        "by": opening.by,
        "reason": opening.reason,
        "since": opening.since,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
