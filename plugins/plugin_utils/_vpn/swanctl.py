# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders what strongSwan reads on a gateway: swanctl.conf for its tunnels, and strongswan.conf where ESP is its own.

IKEv2 only, certificates whose revocation is known, one peer by one identity, and a child a pair of networks. Everything
written here comes from values that _site has checked; names and identities are in quotes or from an allow-list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from .tunnels import Selector, Tunnel

Esp = Literal["kernel", "userspace"]

MANAGED = "# Written by the Ansible collection pacs.hardening. Changes here are overwritten."
#: The device of strongSwan's userspace ESP.
USERSPACE_INTERFACE = "ipsec0"
#: Paths below /etc/swanctl.
CONNECTIONS, SECRETS = "conf.d/pacs-hardening.conf", "conf.d/pacs-hardening-secrets.conf"
AUTHORITY = "pacs-peers-ca.crt"
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
#: Seconds. IKE keys live four hours, ESP keys one, and both are made anew while the old ones still work.
_REKEY_IKE, _REKEY_ESP, _DPD = 14400, 3600, 30


def swanctl_conf(tunnels: Iterable[Tunnel], esp: Esp) -> str:
    """The text of a file in /etc/swanctl/conf.d."""
    lines = [MANAGED, "connections {"]
    for tunnel in sorted(tunnels, key=lambda item: item.name):
        lines += _indented(_connection(tunnel, esp))
    return "\n".join([*lines, "}"]) + "\n"


def strongswan_conf(esp: Esp) -> str:
    """The text of a file in /etc/strongswan.d: which ESP is used."""
    own = "yes" if esp == "userspace" else "no"
    return "\n".join(
        [
            MANAGED,
            "charon-systemd {",
            "\tplugins {",
            "\t\tkernel-libipsec {",
            f"\t\t\tload = {own}",
            "\t\t}",
            "\t}",
            "}",
            "",
        ]
    )


def connection_name(tunnel: str) -> str:
    """A section's name, as the tools show it: in swanctl.conf a dot would end it."""
    return f"pacs-{_UNSAFE.sub('-', tunnel)}"


def child_names(tunnel: Tunnel) -> tuple[str, ...]:
    """The names of a tunnel's children, in the order of its selectors."""
    return tuple(f"{connection_name(tunnel.name)}-{number}" for number in range(1, len(_sorted(tunnel)) + 1))


def _connection(tunnel: Tunnel, esp: Esp) -> Iterator[str]:
    yield f"{connection_name(tunnel.name)} {{"
    yield from _indented(
        [
            "version = 2",
            f"local_addrs = {_joined(tunnel.local.addresses)}",
            f"remote_addrs = {_joined(tunnel.peer.addresses)}",
            f"proposals = {_joined(tunnel.ike)}",
            "# ESP in UDP 4500, whether or not a NAT lies between.",
            "encap = yes",
            "mobike = no",
            "unique = replace",
            f"dpd_delay = {_DPD}s",
            f"rekey_time = {_REKEY_IKE}s",
            "# It comes back by itself, however long the other side was away.",
            "keyingtries = 0",
            *_ends(tunnel),
            "children {",
            *_indented(line for name, pair in _children(tunnel) for line in _child(name, pair, tunnel, esp)),
            "}",
        ]
    )
    yield "}"


def _ends(tunnel: Tunnel) -> Iterator[str]:
    local, peer = f'id = "{tunnel.local.identity}"', f'id = "{tunnel.peer.identity}"'
    if tunnel.psk:
        yield from ("local {", "\tauth = psk", f"\t{local}", "}", "remote {", "\tauth = psk", f"\t{peer}", "}")
        return
    # No certificate is named: the one for this identity is taken. So a renewed one changes no connection, and ends no
    # tunnel.
    yield from ("local {", "\tauth = pubkey", f"\t{local}", "}")
    yield from ("remote {", "\tauth = pubkey", f"\tcacerts = {AUTHORITY}", f"\t{peer}")
    yield from ("\t# Without a usable CRL nobody is let in.", "\trevocation = strict", "}")


def _child(name: str, pair: Selector, tunnel: Tunnel, esp: Esp) -> Iterator[str]:
    # A trap holds the kernel's policies from the start; the userspace ESP has none, and begins by itself instead.
    start = "trap" if esp == "kernel" else "start"
    yield f"{name} {{"
    yield from _indented(
        [
            f"local_ts = {pair.local}",
            f"remote_ts = {pair.remote}",
            f"esp_proposals = {_joined(tunnel.esp)}",
            f"rekey_time = {_REKEY_ESP}s",
            f"start_action = {start}",
            f"close_action = {start}",
            "dpd_action = restart",
        ]
    )
    yield "}"


def _children(tunnel: Tunnel) -> Iterable[tuple[str, Selector]]:
    return zip(child_names(tunnel), _sorted(tunnel), strict=True)


def _sorted(tunnel: Tunnel) -> list[Selector]:
    return sorted(tunnel.selectors, key=lambda pair: (pair.local.version, str(pair.local), str(pair.remote)))


def _joined(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"\t{line}" for line in lines)
