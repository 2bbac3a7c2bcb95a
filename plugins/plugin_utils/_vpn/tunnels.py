# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway needs to know of a tunnel, from a site or from plain variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from .._flows.model import Endpoint, Flow
from .._site.faults import Fault, SiteError
from .._site.load_remote_access import RemoteAccessReader
from .._site.model import Network, Site
from .._site.reader import Reader
from .._site.remote_access import AccessException, IpsecTunnel, TunnelEnd
from .judge import PSK, judge
from .profile import Profile


@dataclass(frozen=True, slots=True)
class Selector:
    """Two networks whose traffic goes through a tunnel: this side's and the other's, of one IP version."""

    local: Network
    remote: Network


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel as its gateway sets it up. Whatever lies in ``networks`` never travels outside of it."""

    name: str
    local: TunnelEnd
    peer: TunnelEnd
    profile: str
    ike: tuple[str, ...]
    esp: tuple[str, ...]
    psk: bool
    selectors: tuple[Selector, ...]
    networks: tuple[Network, ...]


def site_tunnels(
    site: Site, flows: Iterable[Flow], gateway: str, profiles: Mapping[str, Profile], today: date
) -> tuple[Tunnel, ...]:
    """The tunnels of a firewall; ``flows`` are all that may ever pass, interventions too.

    Raises SiteError where a tunnel is weaker than its profile without an exception that stands today.
    """
    known = tuple(flows)
    faults: list[Fault] = []
    tunnels = []
    for tunnel in site.remote_access.ipsec.values():
        if tunnel.gateway == gateway:
            path = f"pacs_site.remote_access.ipsec.{tunnel.name}"
            selectors = tuple(dict.fromkeys(_selectors(known, tunnel.zone, path, faults)))
            if not selectors:
                remedy = "Add a conduit from or to one of its devices, or remove the tunnel."
                faults.append(Fault(path, f"no conduit needs anything of zone '{tunnel.zone}'", remedy))
            networks = site.zones[tunnel.zone].networks
            tunnels.append(_tunnel(tunnel, profiles[tunnel.profile], selectors, networks, path, today, faults))
    if faults:
        raise SiteError(faults)
    return tuple(tunnels)


def plain_tunnels(value: object, profiles: Mapping[str, Profile], today: date) -> tuple[Tunnel, ...]:
    """The tunnels of a list of mappings: ``name``, ``local``, ``peer``, ``profile``, ``selectors`` (each with ``local``
    and ``remote``, networks), and what a tunnel of a site may have. Raises SiteError with all faults.
    """
    reader = Reader()
    read = RemoteAccessReader(reader)
    tunnels = []
    for path, item in reader.items(value, "tunnels"):
        named = item if isinstance(item, Mapping) else {}
        selectors = tuple(
            one
            for where, each in reader.items(named.get("selectors"), f"{path}.selectors")
            if (one := _selector(reader, each, where))
        )
        if not selectors:
            reader.fault(path, "no traffic is selected", "List selectors, each with local and remote.")
        rest = {key: part for key, part in named.items() if key not in ("name", "selectors")}
        name = reader.text(named.get("name"), f"{path}.name") or ""
        tunnel = read.tunnel(name, {"gateway": "here", "zone": "there", **rest}, path)
        if tunnel.profile in profiles:
            networks = tuple(dict.fromkeys(selector.remote for selector in selectors))
            profile = profiles[tunnel.profile]
            tunnels.append(_tunnel(tunnel, profile, selectors, networks, path, today, reader.faults))
    for name in {one.name for one in tunnels if [other.name for other in tunnels].count(one.name) > 1}:
        reader.fault("tunnels", f"two are named '{name}'", "Give each a name of its own.")
    if reader.faults:
        raise SiteError(reader.faults)
    return tuple(tunnels)


def widened(tunnel: Tunnel, local: Iterable[Network]) -> Tunnel:
    """The tunnel with whole networks for its ends, for the userspace ESP: it takes only selectors in which the gateway
    has an address of its own. What may pass is then the firewall's to say alone.
    """
    pairs = tuple(Selector(here, there) for here in local for there in tunnel.networks if here.version == there.version)
    if not pairs:
        problem = f"none is of an IP version of what lies behind the tunnel '{tunnel.name}'"
        raise SiteError([Fault("local_networks", problem, "Add one in which the gateway has an address.")])
    return replace(tunnel, selectors=pairs)


def _tunnel(
    tunnel: IpsecTunnel,
    profile: Profile,
    selectors: tuple[Selector, ...],
    networks: tuple[Network, ...],
    path: str,
    today: date,
    faults: list[Fault],
) -> Tunnel:
    faults += _weak(tunnel, profile, path, today)
    return Tunnel(
        name=tunnel.name,
        local=tunnel.local,
        peer=tunnel.peer,
        profile=profile.name,
        ike=tunnel.ike or profile.ike,
        esp=tunnel.esp or profile.esp,
        psk=any(item.what == PSK for item in tunnel.exceptions),
        selectors=selectors,
        networks=networks,
    )


def _weak(tunnel: IpsecTunnel, profile: Profile, path: str, today: date) -> Iterator[Fault]:
    """What of the tunnel nobody has accepted, and exceptions that have ended or accept nothing."""
    needed = {PSK}
    for key, proposals in (("ike", tunnel.ike), ("esp", tunnel.esp)):
        for number, proposal in enumerate(proposals):
            for weakness in judge(proposal, profile, ike=key == "ike"):
                needed.add(weakness.what)
                if not any(item.what == weakness.what for item in tunnel.exceptions):
                    remedy = f"Offer another, or accept {weakness.what} in exceptions, for a time and by somebody."
                    yield Fault(f"{path}.{key}[{number}]", f"{proposal}: {weakness}", remedy)
    for number, item in enumerate(tunnel.exceptions):
        where = f"{path}.exceptions[{number}]"
        if item.what not in needed:
            known = "Name a word of ike or esp that the profile doesn't allow, or psk; or remove it."
            yield Fault(f"{where}.what", f"nothing here needs '{item.what}' accepted", known)
        elif not _stands(item, today):
            yield Fault(
                f"{where}.expires_on",
                f"'{item.what}' was accepted until {item.expires_on}, so nothing is changed on this gateway",
                "Do without it, or decide again and set a new date.",
            )


def _stands(item: AccessException, today: date) -> bool:
    return item.expires_on is not None and item.expires_on >= today


def _selectors(flows: Iterable[Flow], zone: str, path: str, faults: list[Fault]) -> Iterator[Selector]:
    """The pairs of ends between which something is declared; ports are the firewall's to judge."""
    for flow in flows:
        source, destination = flow.source, flow.destination
        if zone not in (source.zone, destination.zone) or source.zone == destination.zone:
            continue
        here, there = (destination, source) if source.zone == zone else (source, destination)
        if _everything(here):
            problem = f"'{flow}' would send everything through the tunnel"
            faults.append(Fault(path, problem, "Name the devices that need it."))
            continue
        for local in here.networks:
            for remote in there.networks:
                if local.version == remote.version:
                    yield Selector(local, remote)


def _everything(end: Endpoint) -> bool:
    return any(network.prefixlen == 0 for network in end.networks)


def _selector(reader: Reader, value: object, path: str) -> Selector | None:
    fields = reader.fields(value, path, ("local", "remote"))
    local, remote = fields.network("local"), fields.network("remote")
    if local is None or remote is None:
        return None
    if local.version != remote.version:
        fields.fault("the two are of different IP versions", "Write one for IPv4 and one for IPv6.")
        return None
    return Selector(local, remote)
