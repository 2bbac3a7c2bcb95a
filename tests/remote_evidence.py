"""What gateways show that are as their site declares them: strongSwan, OpenVPN, and what is left over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.openvpn import Door, directives, server_document
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import Session, Status
from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import KERNEL, render_guard
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.remote_access import IpsecTunnel, TlsServer
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.algorithms import ALGORITHMS
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn import gateway_files, places
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_site import server_document as declared_server

NOW = "2026-11-24T06:30:00Z"
_TODAY = date(2026, 11, 24)
_ENDS = "2027-06-30T00:00:00Z"
_SINCE = int(datetime.fromisoformat("2026-11-24T05:30:00+00:00").timestamp())
_AUTHORITY = "Example CA"


def gateway_parts(document: dict[str, Any], firewall: str) -> dict[str, Any]:
    """The parts ``ipsec``, ``openvpn`` and ``remote_leftovers`` of a firewall on which all is as declared."""
    site = load_site(document).site
    tunnels = [one for one in site.remote_access.ipsec.values() if one.gateway == firewall]
    servers = [one for one in site.remote_access.tls.values() if one.gateway == firewall]
    interfaces = [leg.interface for leg in site.firewalls[firewall].legs if _is_of(leg.zone, servers)]
    return {
        "ipsec": _ok(_ipsec(site, tunnels)) if tunnels else _absent("no IPsec daemon runs here"),
        "openvpn": _ok({"servers": [_server(site, one) for one in servers]})
        if servers
        else _absent("no OpenVPN server runs here"),
        "remote_leftovers": leftovers(*({"name": name, "kind": "tun"} for name in interfaces)),
    }


def guard(document: dict[str, Any], firewall: str) -> str:
    """The text of the guard of a firewall; empty where no tunnel begins there."""
    site = load_site(document).site
    tunnels = [one for one in site.remote_access.ipsec.values() if one.gateway == firewall]
    networks = [network for tunnel in tunnels for network in site.zones[tunnel.zone].networks]
    return render_guard(networks, KERNEL) if networks else ""


def leftovers(*interfaces: dict[str, str]) -> dict[str, Any]:
    """The part of a host with these tunnels, on which nothing is left over."""
    return _ok({"found": [], "interfaces": list(interfaces), "consoles": ["ttyS0"], "unseen": 0})


def found(what: str, where: str, **more: Any) -> dict[str, Any]:
    """Something that is left over."""
    return {"id": what, "state": "active", "where": where, "unit": None, "port": None, **more}


def session(name: str, **changes: Any) -> dict[str, Any]:
    """Somebody who is in since an hour."""
    plain = {"name": name, "username": name, "real_address": "192.0.2.9:4711", "ipv4": "198.18.80.10", "ipv6": ""}
    return {**plain, "received": 4000, "sent": 5000, "since": _SINCE, "cipher": "AES-256-GCM", **changes}


def sa(site: Site, tunnel: IpsecTunnel) -> dict[str, Any]:
    """A tunnel that is up and carries something, with the first that it offers."""
    profile = profiles()[tunnel.profile]
    ike, esp = (tunnel.ike or profile.ike)[0], (tunnel.esp or profile.esp)[0]
    return {
        "connection": f"pacs-{tunnel.name}",
        "version": 2,
        "state": "ESTABLISHED",
        "peer": tunnel.peer.identity,
        "peer_address": str(tunnel.peer.addresses[0]),
        "since": 7200,
        "agreed": agreed(ike, ike=True),
        "revoked": False,
        "children": [
            {
                "name": f"pacs-{tunnel.name}-1",
                "state": "INSTALLED",
                "protocol": "ESP",
                "agreed": agreed(esp),
                "since": 1800,
                "received": 90000,
                "sent": 80000,
                "last_received": 2,
                "last_sent": 2,
                "local": ["198.18.30.10/32"],
                "remote": [str(network) for network in site.zones[tunnel.zone].networks],
            }
        ],
    }


def agreed(proposal: str, ike: bool = False) -> list[list[Any]]:
    """What vici says of what was agreed upon, when that was offered."""
    words = [ALGORITHMS[word] for word in proposal.split("-")]
    if ike and not any(word.kind == "prf" for word in words):
        words += [ALGORITHMS[f"prf{word.word}"] for word in words if word.kind == "integrity"]
    return [[word.name, word.bits] for word in words]


def _ipsec(site: Site, tunnels: list[IpsecTunnel]) -> dict[str, Any]:
    known = profiles()
    return {
        "running": "charon-systemd",
        "old_configuration": False,
        "answers": True,
        "problem": None,
        "refusals": [],
        "refusals_days": 7,
        "sas": [sa(site, tunnel) for tunnel in tunnels],
        "connections": [_connection(site, tunnel) for tunnel in tunnels],
        "configured": {
            "problem": None,
            "connections": {
                f"pacs-{one.name}": {
                    "version": "2",
                    "aggressive": False,
                    "proposals": list(one.ike or known[one.profile].ike),
                    "inherits": False,
                    "local": [{"auth": "pubkey", "revocation": None}],
                    "remote": [{"auth": "pubkey", "revocation": "strict"}],
                    "children": {f"pacs-{one.name}-1": list(one.esp or known[one.profile].esp)},
                }
                for one in tunnels
            },
        },
        "certificates": [
            _certificate(tunnels[0].local.identity, own=True),
            *(_certificate(one.peer.identity) for one in tunnels),
            _certificate(_AUTHORITY, authority=True),
        ],
        "lists": [{"issuer": _AUTHORITY, "ends": "2026-12-20T00:00:00Z", "revoked": 1, "read": True, "path": None}],
    }


def _connection(site: Site, tunnel: IpsecTunnel) -> dict[str, Any]:
    end: dict[str, Any] = {"method": "public key", "revocation": None, "authorities": []}
    remote = {**end, "identity": tunnel.peer.identity, "revocation": "GOOD", "authorities": [f"CN={_AUTHORITY}"]}
    networks = [str(network) for network in site.zones[tunnel.zone].networks]
    return {
        "name": f"pacs-{tunnel.name}",
        "version": "IKEv2",
        "ends": {"local": [{**end, "identity": tunnel.local.identity}], "remote": [remote]},
        "children": [{"name": f"pacs-{tunnel.name}-1", "local": ["198.18.30.10/32"], "remote": networks}],
    }


def _certificate(name: str, own: bool = False, authority: bool = False) -> dict[str, Any]:
    return {"name": name, "ends": _ENDS, "own": own, "authority": authority, "key": "ecdsa", "bits": 384}


def _server(site: Site, server: TlsServer) -> dict[str, Any]:
    """A server as vpn_tls configures it; people and machines are in, vendors aren't."""
    whole = {**declared_server(site, derive(site), server.name), "identity": "vpn.hospital.example"}
    gateway, at = load_gateway(whole), places(server.name)
    (text,) = (file.text for file in gateway_files(gateway, _TODAY) if file.path == at.configuration)
    names = [user.name for user in server.users.values() if user.kind != "vendor"]
    inside = [Session(**session(name), client_id=number) for number, name in enumerate(names)]
    seen = server_document(
        at.configuration,
        directives(text),
        Door(at.management, 0o777, 0o700),
        Status(_SINCE + 3600, tuple(inside)),
        None,
    )
    return {
        **seen,
        "certificate": {"name": "vpn.hospital.example", "ends": _ENDS, "key": "ecdsa", "bits": 384},
        "revocations": {"issuer": _AUTHORITY, "ends": "2026-12-20T00:00:00Z", "revoked": 0},
        "revocations_changed": "2026-11-20T00:00:00Z",
        "second_factor": {
            "service": at.pam_service,
            "asked": True,
            "spared": [user.name for user in server.users.values() if user.kind == "machine"],
        },
    }


def _is_of(zone: str | None, servers: list[TlsServer]) -> bool:
    return any(server.zone == zone for server in servers)


def _ok(value: dict[str, Any]) -> dict[str, Any]:
    return {"status": "ok", "value": value}


def _absent(reason: str) -> dict[str, Any]:
    return {"status": "absent", "reason": reason}
