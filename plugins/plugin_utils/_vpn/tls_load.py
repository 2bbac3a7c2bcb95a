# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a gateway from plain data, with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from .._site.faults import SiteError
from .._site.model import Address, Network
from .._site.reader import Fields, Reader, shown
from .._site.remote_access import UserKind
from .tls_model import KINDS, TLS_PROFILES, TRANSPORTS, CryptoName, DatedException, Limits, TlsGateway, TlsUser

ROOT = "vpn_tls_server"

#: Names of servers become names of units, directories and sockets.
_SERVER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
#: Names of users become files, and the certificates' common names: OpenVPN turns other characters into underscores.
_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")
#: What the gateway's own certificate is called among those of users.
_OWN_NAME = "gateway"
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
#: Of a limit in seconds: the least and the most that makes sense.
_BOUNDS = {
    "session": (300, 86400),
    "idle": (0, 86400),
    "renegotiation": (60, 86400),
    "ping": (1, 300),
    "dead": (3, 3600),
}


def load_gateway(value: object, root: str = ROOT) -> TlsGateway:
    """Read a gateway. Raises SiteError."""
    loader = _Loader()
    gateway = loader.gateway(value, root)
    if not loader.reader.faults:
        loader.check(gateway, root)
    if loader.reader.faults:
        raise SiteError(loader.reader.faults)
    return gateway


def gateway_document(gateway: TlsGateway) -> dict[str, Any]:
    """A gateway as plain data, which load_gateway() reads again."""
    exception = gateway.tls_1_2
    return {
        "name": gateway.name,
        "interface": gateway.interface,
        "identity": gateway.identity,
        "addresses": [str(address) for address in gateway.addresses],
        "port": gateway.port,
        "protocol": gateway.protocol,
        "networks": [str(network) for network in gateway.networks],
        "users": {user.name: _user_document(user) for user in gateway.users},
        "profile": gateway.profile,
        "limits": {name: getattr(gateway.limits, name) for name in _BOUNDS},
        "tls_1_2": None
        if exception is None
        else {"reason": exception.reason, "owner": exception.owner, "expires_on": exception.expires_on.isoformat()},
    }


def _user_document(user: TlsUser) -> dict[str, Any]:
    return {
        "kind": user.kind,
        "addresses": [str(address) for address in user.addresses],
        "reaches": [str(network) for network in user.reaches],
        "second_factor": user.second_factor,
        "until": user.until.isoformat() if user.until else None,
    }


class _Loader:
    def __init__(self) -> None:
        self.reader = Reader()

    def gateway(self, value: object, path: str) -> TlsGateway:
        required = ("name", "interface", "identity", "addresses", "networks")
        fields = self.reader.fields(
            value, path, required, ("port", "protocol", "users", "profile", "limits", "tls_1_2")
        )
        profile: CryptoName | None = fields.choice("profile", tuple(TLS_PROFILES))
        return TlsGateway(
            name=fields.one("name", self.server_name) or "",
            interface=fields.one("interface", self.reader.interface) or "",
            identity=fields.one("identity", self.host_name) or "",
            addresses=fields.each("addresses", self.reader.address, empty="List where clients connect."),
            port=fields.one("port", self.reader.port) or 1194,
            protocol=fields.choice("protocol", TRANSPORTS) or "udp",
            networks=fields.each("networks", self.reader.network, empty="List the networks of the users' addresses."),
            users=tuple(user for user in fields.named("users", self.user).values() if user is not None),
            profile=profile or "cnsa",
            limits=fields.one("limits", self.limits) or Limits(),
            tls_1_2=fields.one("tls_1_2", self.exception),
        )

    def user(self, name: str, value: object, path: str) -> TlsUser | None:
        fields = self.reader.fields(value, path, ("kind", "addresses"), ("reaches", "second_factor", "until"))
        if not _USER_NAME.fullmatch(name) or name == _OWN_NAME:
            self.reader.fault(path, "not a name for a user's certificate", f"Take another, and not '{_OWN_NAME}'.")
        kind: UserKind = fields.choice("kind", KINDS) or "person"
        addresses = fields.each("addresses", self.reader.address)
        four = [address for address in addresses if isinstance(address, IPv4Address)]
        six = [address for address in addresses if isinstance(address, IPv6Address)]
        if len(four) != 1 or len(six) > 1:
            fields.fault("not one IPv4 address and at most one IPv6 address", "Give it one of each.", "addresses")
            return None
        return TlsUser(
            name=name,
            kind=kind,
            ipv4=four[0],
            ipv6=six[0] if six else None,
            reaches=fields.each("reaches", self.reader.network),
            second_factor=fields.flag("second_factor", default=kind != "machine"),
            until=fields.one("until", self.reader.day),
        )

    def limits(self, value: object, path: str) -> Limits:
        fields = self.reader.fields(value, path, (), tuple(_BOUNDS))
        given: dict[str, int] = {}
        for name, (low, high) in _BOUNDS.items():
            number = fields.one(name, self.seconds(low, high))
            if number is not None:
                given[name] = number
        limits = Limits(**given)
        if limits.dead <= limits.ping:
            fields.fault("not longer than ping: every client would be given up", "Raise it.", "dead")
        if limits.session < limits.renegotiation:
            fields.fault("longer than session: a session's end would go unnoticed", "Lower it.", "renegotiation")
        return limits

    def seconds(self, low: int, high: int) -> Any:
        def read(value: object, path: str) -> int | None:
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                self.reader.fault(path, f"{shown(value)} is no such time", f"Use seconds, from {low} to {high}.")
                return None
            return value

        return read

    def exception(self, value: object, path: str) -> DatedException | None:
        fields = self.reader.fields(value, path, ("reason", "owner", "expires_on"))
        expires = fields.one("expires_on", self.reader.day)
        return DatedException(fields.text("reason"), fields.text("owner"), expires or date.min)

    def server_name(self, value: object, path: str) -> str | None:
        remedy = "Use at most 32 lower-case letters, digits, '_' and '-'; it names the systemd unit."
        return self._matching(_SERVER_NAME, value, path, "not a name for a server", remedy)

    def host_name(self, value: object, path: str) -> str | None:
        remedy = "Write the name that stands in the server's certificate, like vpn.hospital.example."
        return self._matching(_HOST_NAME, value, path, "not a host name", remedy)

    def _matching(self, pattern: re.Pattern[str], value: object, path: str, problem: str, remedy: str) -> str | None:
        text = self.reader.text(value, path)
        if text is not None and not pattern.fullmatch(text):
            self.reader.fault(path, f"{shown(text)} is {problem}", remedy)
            return None
        return text

    def check(self, gateway: TlsGateway, path: str) -> None:
        fields = Fields(self.reader, path, {})
        versions = [network.version for network in gateway.networks]
        if 4 not in versions or len(set(versions)) != len(versions):
            fields.fault("not one IPv4 network and at most one IPv6 network", "Give it one of each.", "networks")
            return
        for network in gateway.networks:
            if network.num_addresses < 4:
                fields.fault(f"{network} has no room for a server and its users", "Widen it.", "networks")
        taken: dict[Address, str] = {network[1]: "the server itself" for network in gateway.networks}
        for user in gateway.users:
            for address in user.addresses:
                self._address(gateway, address, taken, Fields(self.reader, f"{path}.users.{user.name}", {}))
                taken[address] = f"user '{user.name}'"

    def _address(self, gateway: TlsGateway, address: Address, taken: Mapping[Address, str], fields: Fields) -> None:
        network: Network | None = gateway.network(address.version)
        if network is None or address not in network:
            fields.fault(f"{address} is outside the networks of the server", "Give it one of these.", "addresses")
        elif address in (network[0], network[-1]):
            fields.fault(f"{address} is no address for a machine in {network}", "Give it another.", "addresses")
        elif address in taken:
            fields.fault(f"{address} is the address of {taken[address]}", "Give it another.", "addresses")
