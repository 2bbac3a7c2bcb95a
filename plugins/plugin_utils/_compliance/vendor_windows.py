# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How vendors come in: each for one contract, of one owner, and only while somebody has opened a window for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from .._flows.model import Endpoint, Flow
from .._nftables.listing import ListingError, read_listing
from .._nftables.windows import open_ways
from .._observed.model import SeenFlow
from .._policy.site import Compiled
from .._site.model import Conduit, Site
from .collected import HostRecord
from .remote_findings import Aspect, whole


@dataclass(frozen=True, slots=True)
class Window:
    """A window that is open: ``source`` may reach ``destination``.

    ``begins`` is UTC, as its id says, and None where that isn't known: the kernel counts only what is left of a window.
    """

    source: str
    destination: str
    begins: datetime | None = None


def windows_in(compiled: Compiled, name: str, record: HostRecord) -> tuple[Window, ...]:
    """The windows that the kernel of a firewall holds now. What can't be read, or understood, is no open window."""
    listing = record.part("nftables").value.get("listing")
    try:
        ruleset = read_listing(listing if isinstance(listing, Mapping) else {"nftables": []})
        policy = compiled.policies[name]
        ways = {way: known for version in (4, 6) for way, known in open_ways(ruleset, policy, version).items()}
    except (ListingError, AttributeError, TypeError, ValueError):
        return ()
    found = {
        Window(flow.source.name, flow.destination.name, _begin(known))
        for flow in compiled.interventions
        for way, known in ways.items()
        if _holds(flow.source, way.source) and _holds(flow.destination, way.destination)
    }
    return tuple(sorted(found, key=lambda one: (one.source, one.destination, str(one.begins))))


def _begin(window: str) -> datetime | None:
    """Whoever grants a window names it after the time, in UTC; a name of somebody's own says nothing."""
    try:
        return datetime.strptime(window[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _holds(end: Endpoint, address: int) -> bool:
    return any(int(network.network_address) <= address <= int(network.broadcast_address) for network in end.networks)


def vendor_facts(
    compiled: Compiled,
    sessions: Mapping[str, Iterable[Mapping[str, Any]] | str],
    opened: Mapping[str, Iterable[SeenFlow] | str],
    windows: Iterable[Window],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``vendors`` of a site's facts, and why it isn't known.

    ``windows`` are those that are open now. ``sessions``: who is in, by the name of the TLS server. ``opened``:
    connections that are open now, by the name of the firewall. Both hold a reason instead where nobody could look.
    """
    site, flows = compiled.site, compiled.interventions
    if not flows:
        return {"any": False}, {"": "the site declares no way in for a vendor (conduits of kind intervention)"}
    standing = tuple(windows)
    out = Aspect()
    for conduit in site.conduits:
        if conduit.kind == "intervention":
            _declared(out, conduit, standing)
    for name, known in sessions.items():
        if isinstance(known, str):
            out.unknown.append(f"who is in on the server {name} ({known})")
            continue
        for session in known:
            _session(out, site, flows, session, standing)
    for name, open_now in opened.items():
        if isinstance(open_now, str):
            out.unknown.append(f"which connections are open through {name} ({open_now})")
            continue
        for one in open_now:
            _connection(out, flows, one, standing)
    facts, unknown = out.facts()
    return {"any": True, **facts}, unknown


def _declared(out: Aspect, conduit: Conduit, windows: Iterable[Window]) -> None:
    ends = f"{', '.join(conduit.sources)} -> {', '.join(conduit.destinations)}"
    if not conduit.owner or not conduit.contract:
        out.faults.append(f"{ends}: nobody answers for it, or no contract is named")
        return
    mine = [one for one in windows if one.source in conduit.sources and one.destination in conduit.destinations]
    state = "a window is open" if mine else "shut"
    out.said.append(f"{ends}: {state}; owner {conduit.owner}, contract {conduit.contract}")


def _session(
    out: Aspect, site: Site, flows: Iterable[Flow], session: Mapping[str, Any], windows: Iterable[Window]
) -> None:
    """A vendor's session: outside a window nobody is in, and none is older than its window."""
    users = {user.name: user for server in site.remote_access.tls.values() for user in server.users.values()}
    user = users.get(str(session.get("name")))
    if user is None or not any(flow.source.name in (user.device, _zone(site, user.device)) for flow in flows):
        return
    mine = [one for one in windows if one.source in (user.device, _zone(site, user.device))]
    if not mine:
        out.faults.append(f"{user.name} is connected, and no window is open for {user.device}")
        return
    since, begins = whole(session.get("since")), [one.begins for one in mine if one.begins is not None]
    if since is not None and begins and datetime.fromtimestamp(min(since, 2**33), UTC) < min(begins):
        out.faults.append(f"{user.name} is connected since before its window was opened")


def _zone(site: Site, device: str) -> str:
    known = site.devices.get(device)
    return known.zone if known else ""


def _connection(out: Aspect, flows: Iterable[Flow], one: SeenFlow, windows: Iterable[Window]) -> None:
    for flow in flows:
        if not _is(flow, one):
            continue
        if not any((each.source, each.destination) == (flow.source.name, flow.destination.name) for each in windows):
            out.faults.append(f"{flow.source.name} -> {flow.destination.name}:{one.key.port} is open, and no window is")


def _is(flow: Flow, one: SeenFlow) -> bool:
    ports = flow.ports
    return (
        one.key.protocol == flow.protocol
        and (ports is None or ports.first <= one.key.port <= ports.last)
        and _contains(flow.source, one.key.source)
        and _contains(flow.destination, one.key.destination)
    )


def _contains(end: Endpoint, text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in end.networks)
