# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types what the module firewall_flows_info returned, and refuses what it can't have returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, get_args

from .model import DeclaredUse, FirewallView, FlowKey, Mode, ObservedError, Opening, SeenFlow

_MODES = get_args(Mode)


def read_view(result: object, where: str = "the firewall") -> FirewallView:
    """A view from the values that the module returned on the host ``where``; raise ObservedError for anything else."""
    if not isinstance(result, Mapping) or "mode" not in result:
        raise ObservedError(f"{where}: not what the module pacs.hardening.firewall_flows_info returns")
    try:
        return _view(result)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ObservedError(
            f"{where}: not what the module pacs.hardening.firewall_flows_info returns ({type(error).__name__})"
        ) from error


def unread(reason: str) -> FirewallView:
    """The view of a firewall that nobody could look at."""
    return FirewallView(None, reason)


def _view(result: Mapping[str, Any]) -> FirewallView:
    mode = result["mode"]
    if mode is not None and mode not in _MODES:
        raise ValueError(mode)
    connections = result.get("connections")
    return FirewallView(
        mode=mode,
        reason=str(result.get("mode_reason") or ""),
        read_at=_moment(result.get("read_at")),
        since=_moment(result.get("since")),
        memory=bool(result.get("memory")),
        full=bool(result.get("full")),
        not_remembered=int(result.get("not_remembered") or 0),
        undeclared=tuple(_flows(result.get("undeclared") or ())),
        declared=tuple(
            DeclaredUse(str(one["set"]), tuple(map(str, one["key"])), str(one["note"]), int(one["count"]))
            for one in result.get("declared") or ()
        ),
        unused=tuple(map(str, result.get("unused") or ())),
        opening=_opening(result.get("opening")),
        connections=None if connections is None else tuple(_flows(connections)),
        connections_reason=str(result.get("connections_reason") or ""),
        own_addresses=frozenset(map(canonical, result.get("own_addresses") or ())),
    )


def _flows(rows: Iterable[Mapping[str, Any]]) -> Iterable[SeenFlow]:
    for row in rows:
        port, protocol = int(row["port"]), str(row["protocol"])
        if not 0 <= port <= 65535 or protocol not in ("tcp", "udp"):
            raise ValueError(protocol)
        key = FlowKey(canonical(str(row["source"])), canonical(str(row["destination"])), protocol, port)
        yield SeenFlow(
            key,
            int(row.get("count", 1)),
            _optional(row.get("idle")),
            declared=bool(row.get("declared")),
            source_port=_optional(row.get("source_port")),
        )


def _optional(value: Any) -> int | None:
    return None if value is None else int(value)


def _opening(row: Mapping[str, Any] | None) -> Opening | None:
    if not row:
        return None
    words = (str(row.get(name) or "") for name in ("by", "reason", "since"))
    return Opening(tuple(map(str, row["protocols"])), _optional(row.get("seconds_left")), *words)


def _moment(text: object) -> datetime | None:
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None


@lru_cache(maxsize=262144)
def canonical(address: str) -> str:
    """An address in its shortest form; raise ValueError where it is none."""
    return str(ip_address(address))
