# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenVPN 2.6 reads on a gateway: its configuration, a file a user, PAM's, and the script that binds code and
certificate. Keys are no part of it: they are born on the gateway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network

from .tls_model import TLS_PROFILES, TlsGateway, TlsUser

MANAGED = "# Managed by Ansible, pacs.hardening.vpn_tls: changes made here are lost."
#: Whom the server becomes once it runs. Not nobody: Debian's unit limits the account's processes, others' included.
ACCOUNT = "pacs-vpn"
#: Without a directory OpenVPN looks for it where its own plugins are, whatever the machine's architecture.
_PLUGIN = "openvpn-plugin-auth-pam.so"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a server stand on the gateway."""

    configuration: str
    directory: str
    users: str
    certificate: str
    private_key: str
    authority: str
    revocations: str
    tls_crypt: str
    token_key: str
    connect_script: str
    machines: str
    codes: str
    settled: str
    run: str
    management: str
    status: str
    pam_service: str
    unit: str


@dataclass(frozen=True, slots=True)
class GatewayFile:
    """One file of the gateway. ``restarts``: the server reads it at its start only."""

    path: str
    text: str
    mode: str = "0644"
    restarts: bool = False


def places(name: str) -> Places:
    """The files of the server of that name, which is also the instance of Debian's unit."""
    directory = f"/etc/openvpn/server/{name}"
    run = f"/run/pacs-vpn/{name}"
    return Places(
        configuration=f"{directory}.conf",
        directory=directory,
        users=f"{directory}/ccd",
        certificate=f"{directory}/server.crt",
        private_key=f"{directory}/server.key",
        authority=f"{directory}/ca.crt",
        revocations=f"{directory}/crl.pem",
        tls_crypt=f"{directory}/tls-crypt.key",
        token_key=f"{directory}/auth-token.key",
        connect_script=f"{directory}/client-connect",
        machines=f"{directory}/machines",
        codes=f"/var/lib/pacs-hardening/vpn/{name}/codes",
        settled=f"/var/lib/pacs-hardening/vpn/{name}/settled.json",
        run=run,
        management=f"{run}/management.sock",
        status=f"{run}/status",
        pam_service=f"pacs-vpn-{name}",
        unit=f"openvpn-server@{name}.service",
    )


def gateway_files(gateway: TlsGateway, today: date) -> tuple[GatewayFile, ...]:
    """Every file of a server but its keys and certificates, in the order in which they are needed."""
    at = places(gateway.name)
    users = gateway.users_on(today)
    machines = [user.name for user in users if not user.second_factor]
    return (
        *(GatewayFile(f"{at.users}/{user.name}", _user_file(gateway, user)) for user in users),
        GatewayFile(at.machines, "".join(f"{name}\n" for name in machines)),
        GatewayFile(f"/etc/pam.d/{at.pam_service}", _pam(at)),
        GatewayFile(at.connect_script, _CONNECT, mode="0755"),
        GatewayFile(at.configuration, _server(gateway, at, today), restarts=True),
        GatewayFile(f"/etc/systemd/system/{at.unit}.d/pacs.conf", _unit(gateway.name), restarts=True),
    )


def _server(gateway: TlsGateway, at: Places, today: date) -> str:
    limits = gateway.limits
    return _lines(
        MANAGED,
        "mode server",
        "tls-server",
        *_listen(gateway),
        f"port {gateway.port}",
        f"dev {gateway.interface}",
        "dev-type tun",
        "# What was proven is the program, not the kernel module that would take over where it is installed.",
        "disable-dco",
        "topology subnet",
        *_tunnel(gateway),
        f"keepalive {limits.ping} {limits.dead}",
        *(["explicit-exit-notify 1"] if gateway.protocol == "udp" else ["socket-flags TCP_NODELAY"]),
        f"ca {at.authority}",
        f"cert {at.certificate}",
        f"key {at.private_key}",
        "dh none",
        f"crl-verify {at.revocations}",
        f"tls-crypt {at.tls_crypt}",
        "verify-client-cert require",
        "remote-cert-tls client",
        *crypto(gateway, today),
        "allow-compression no",
        "# No file, no entry: neither an address nor a session for whoever isn't declared.",
        f"client-config-dir {at.users}",
        "ccd-exclusive",
        "# The code is asked of the certificate's name, whatever user name the client sends.",
        # In the background, or a wrong code would hold up everybody's packets.
        "setenv deferred_auth_pam 1",
        f'plugin {_PLUGIN} "{at.pam_service} login COMMONNAME verification PASSWORD"',
        "# A token stands for the code until the session's end, across a restart of the server.",
        f"auth-gen-token {limits.session}",
        f"auth-gen-token-secret {at.token_key}",
        f"reneg-sec {limits.renegotiation}",
        # OpenVPN wants a token to live for two handshakes at least.
        f"hand-window {min(60, limits.renegotiation // 2)}",
        "script-security 2",
        f"client-connect {at.connect_script}",
        f"session-timeout {limits.session}",
        *_idle(limits.idle),
        f"user {ACCOUNT}",
        f"group {ACCOUNT}",
        "# Without it the first client ends the server: it would read keys that its account may not.",
        "persist-key",
        "persist-tun",
        "# Created for everybody; the directory above is root's alone, and nobody else is answered.",
        f"management {at.management} unix",
        "management-client-user root",
        f"status {at.status} 5",
        "status-version 3",
        "verb 3",
    )


def _listen(gateway: TlsGateway) -> list[str]:
    """One server has one socket: bound to its address, or to all where there are two."""
    family = "6" if any(address.version == 6 for address in gateway.addresses) else "4"
    role = "-server" if gateway.protocol == "tcp" else ""
    lines = [f"proto {gateway.protocol}{family}{role}"]
    if len(gateway.addresses) == 1:
        return [*lines, f"local {gateway.addresses[0]}"]
    # Answers come from the address that was asked.
    return [*lines, *(["multihome"] if gateway.protocol == "udp" else [])]


def _tunnel(gateway: TlsGateway) -> list[str]:
    lines = []
    for network in gateway.networks:
        own = network[1]
        if isinstance(network, IPv4Network):
            lines += [f"ifconfig {own} {network.netmask}", f'push "route-gateway {own}"', 'push "topology subnet"']
        else:
            lines += [f"ifconfig-ipv6 {own}/{network.prefixlen} {network[2]}", 'push "tun-ipv6"']
    return lines


def _idle(seconds: int) -> list[str]:
    """Told to the client too: it then ends itself, where the server could only forget it."""
    return [f"inactive {seconds}", f'push "inactive {seconds}"'] if seconds else []


def crypto(gateway: TlsGateway, today: date) -> list[str]:
    """What may be negotiated: the same lines for server and client."""
    profile = TLS_PROFILES[gateway.profile]
    older = gateway.takes_tls_1_2(today)
    return [
        f"tls-version-min {'1.2' if older else '1.3'}",
        f"tls-ciphersuites {':'.join(profile.suites_1_3)}",
        *([f"tls-cipher {':'.join(profile.suites_1_2)}"] if older else []),
        f"tls-groups {':'.join(profile.groups)}",
        "tls-cert-profile preferred",
        f"data-ciphers {':'.join(profile.data_ciphers)}",
    ]


def _user_file(gateway: TlsGateway, user: TlsUser) -> str:
    four, six = gateway.network(4), gateway.network(6)
    lines = [MANAGED]
    if isinstance(four, IPv4Network):
        lines.append(f"ifconfig-push {user.ipv4} {four.netmask}")
    if isinstance(six, IPv6Network) and user.ipv6 is not None:
        lines.append(f"ifconfig-ipv6-push {user.ipv6}/{six.prefixlen} {six[1]}")
    return _lines(*lines, *(f'push "{route}"' for route in _routes(gateway, user)))


def _routes(gateway: TlsGateway, user: TlsUser) -> Iterable[str]:
    for network in user.reaches:
        if isinstance(network, IPv4Network):
            yield f"route {network.network_address} {network.netmask}"
        elif user.ipv6 is not None:
            yield f"route-ipv6 {network}"


def _pam(at: Places) -> str:
    return _lines(
        MANAGED,
        "# Machines have nobody to read a code: their certificate is all.",
        f"auth sufficient pam_listfile.so item=user sense=allow onerr=fail file={at.machines}",
        f"auth required pam_google_authenticator.so secret={at.codes}/${{USER}} user=root",
        "account required pam_permit.so",
    )


#: A token is only worth something with the certificate that it was given for. Sessions show one name, not two.
_CONNECT = f"""#!/bin/sh
{MANAGED}
# The code is bound to the certificate by PAM. A token isn't: it was made for a user name, so that must be the
# certificate's. Whatever this prints is lost, its status decides.
[ -n "$common_name" ] && [ "$common_name" = "$username" ]
"""


def _unit(name: str) -> str:
    return _lines(
        MANAGED,
        "[Unit]",
        "# Until the certificate is there, nothing is wrong with the server.",
        f"ConditionPathExists={places(name).certificate}",
        "[Service]",
        "# Debian's own puts another status file before the configuration.",
        "ExecStart=",
        f"ExecStart=/usr/sbin/openvpn --suppress-timestamps --config {name}.conf",
        f"RuntimeDirectory=pacs-vpn/{name}",
        "RuntimeDirectoryMode=0700",
    )


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
