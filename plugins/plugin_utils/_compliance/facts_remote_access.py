# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about ways in from outside: gateways by what their daemons do, and hosts by what else leads in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...module_utils._evidence.leftover_table import BY_ID
from .._nftables.guard_seen import guard_seen
from .._nftables.listing import ListingError, read_listing
from .._site.model import Network, Site
from .._vpn.profile import Profile
from .._vpn.swanctl import USERSPACE_INTERFACE
from .antivirus_seen import entries, texts
from .collected import HostRecord, count
from .facts_services import Service
from .remote_findings import Aspect, Aspects
from .remote_ipsec import judge_ipsec
from .remote_tls import judge_tls, not_running

NOTHING = "no gateway of ours or of anybody else runs here, and the site declares none"
_ASPECTS = ("crypto", "ike", "peers", "factors", "bounds")
_IPSEC, _OPENVPN, _LEFTOVERS = "ipsec", "openvpn", "remote_leftovers"


def remote_access_facts(
    site: Site, name: str, record: HostRecord, profiles: Mapping[str, Profile], now: datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``remote_access`` of a firewall's facts, and why it or something in it isn't known, by path below it."""
    tunnels = [tunnel for tunnel in site.remote_access.ipsec.values() if tunnel.gateway == name]
    servers = [server for server in site.remote_access.tls.values() if server.gateway == name]
    ipsec, tls = record.part(_IPSEC), record.part(_OPENVPN)
    facts: dict[str, Any] = {
        "ipsec": True if tunnels or ipsec.status == "ok" else False if ipsec.status == "absent" else None,
        "tls": True if servers or tls.status == "ok" else False if tls.status == "absent" else None,
    }
    there = (facts["ipsec"], facts["tls"])
    facts["there"] = True if True in there else None if None in there else False
    unknown = {key: part.reason or NOTHING for key, part in (("ipsec", ipsec), ("tls", tls)) if facts[key] is not True}
    unknown["there"] = NOTHING if facts["there"] is False else ipsec.reason or tls.reason
    out = Aspects()
    if ipsec.status == "ok":
        judge_ipsec(out, tunnels, ipsec.value, profiles, now)
    elif facts["ipsec"] is not False:
        for aspect in (out.crypto, out.ike, out.peers, out.bounds):
            aspect.unknown.append(f"the tunnels: {ipsec.reason}")
    if tls.status == "ok":
        judge_tls(out, servers, tls.value, now)
    elif tls.status == "absent":
        for server in servers:
            not_running(out, server)
    elif facts["tls"] is not False:
        for aspect in (out.crypto, out.peers, out.factors, out.bounds):
            aspect.unknown.append(f"the servers: {tls.reason}")
    networks = [network for tunnel in tunnels for network in site.zones[tunnel.zone].networks]
    if networks:
        _guard(out.bounds, record, networks)
    for key in _ASPECTS:
        made: Aspect = getattr(out, key)
        facts[key], why = made.facts()
        unknown |= {f"{key}.{path}" if path else key: reason for path, reason in why.items()}
    return facts, unknown


def _guard(out: Aspect, record: HostRecord, networks: list[Network]) -> None:
    """Whether what belongs into a tunnel can leave beside it, by the rules in force."""
    part = record.part("nftables")
    listing = part.value.get("listing") if part.status == "ok" else {"nftables": []}
    if part.status == "error" or not isinstance(listing, Mapping):
        out.unknown.append(f"whether anything may leave in clear: {part.reason or 'no listing of the rules'}")
        return
    try:
        seen = guard_seen(read_listing(listing), networks, USERSPACE_INTERFACE)
    except (ListingError, AttributeError, TypeError, ValueError) as error:
        out.unknown.append(
            f"whether anything may leave in clear: the rules can't be understood ({type(error).__name__})"
        )
        return
    out.faults.extend(f"the guard: {sentence}" for sentence in seen.open)
    if not seen.open:
        stopped = f"; {seen.stopped} packets were stopped in clear since it was loaded" if seen.stopped else ""
        out.said.append(f"the guard keeps what belongs into a tunnel from leaving in clear{stopped}")


def leftover_facts(
    site: Site, name: str, record: HostRecord, services: tuple[Service, ...]
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The part ``leftovers`` of a host's facts: what leads in beside what the site declares."""
    part = record.part(_LEFTOVERS)
    if part.status != "ok":
        return None, {"": part.reason or "nobody looked"}
    found, links = part.value.get("found"), part.value.get("interfaces")
    unseen = count(part.value, "unseen")
    if not isinstance(found, list) or not isinstance(links, list) or unseen is None:
        return None, {"": "the evidence doesn't say what leads in"}
    out = Aspect()
    for one in entries(found):
        _leftover(out, one, services)
    own = _own_interfaces(site, name)
    for one in entries(links):
        if str(one.get("name")) not in own:
            known = BY_ID["interface"]
            out.faults.append(f"{known.title}: {one.get('name')} ({one.get('kind')}). To remove: {known.remove}")
    _servers(out, site, name, record)
    if unseen:
        out.unknown.append(f"who listens: {unseen} processes may only be looked into by root")
    for console in texts(part.value.get("consoles")):
        if console.startswith("ttyS"):
            out.said.append(
                f"{console} is this machine's console by its kernel's command line: a login there isn't counted"
            )
    facts, unknown = out.facts()
    return facts, unknown


def _leftover(out: Aspect, one: Mapping[str, Any], services: tuple[Service, ...]) -> None:
    known = BY_ID.get(str(one.get("id")))
    if known is None:
        out.unknown.append("something was found that this version doesn't know")
        return
    port = one.get("port")
    if isinstance(port, list) and len(port) == 2 and _is_declared(port[0], port[1], services):
        out.said.append(f"{known.title}: {one.get('where')}, which the site declares")
        return
    unit = one.get("unit")
    stop = f"systemctl disable --now {unit}; " if isinstance(unit, str) and unit.endswith(".service") else ""
    sentence = f"{known.kind}: {known.title}: {one.get('where')}. To remove: {stop}{known.remove}"
    (out.faults if one.get("state") == "active" else out.looks).append(sentence)


def _is_declared(protocol: object, port: object, services: tuple[Service, ...]) -> bool:
    return isinstance(port, int) and any(
        one.protocol == protocol and one.ports.first <= port <= one.ports.last for one in services
    )


def _own_interfaces(site: Site, name: str) -> frozenset[str]:
    """The interfaces of a firewall that the site declares, and that of the userspace ESP where there is a tunnel."""
    firewall = site.firewalls.get(name)
    if firewall is None:
        return frozenset()
    tunnels = any(tunnel.gateway == name for tunnel in site.remote_access.ipsec.values())
    return frozenset({*(leg.interface for leg in firewall.legs), *([USERSPACE_INTERFACE] if tunnels else [])})


def _servers(out: Aspect, site: Site, name: str, record: HostRecord) -> None:
    """Gateways on hosts that are none by the site; those of firewalls are for the other controls."""
    if name in site.firewalls:
        return
    for part, what in ((_OPENVPN, "an OpenVPN server"), (_IPSEC, "strongSwan or another IPsec daemon")):
        if record.part(part).status == "ok":
            out.faults.append(f"other VPN: {what} runs here or is configured, and the site declares no gateway here")
        elif record.part(part).status == "error":
            out.unknown.append(f"whether {what} runs here: {record.part(part).reason}")
