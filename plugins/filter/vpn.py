# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters pacs.hardening.swanctl_files, pacs.hardening.swanctl_secrets and pacs.hardening.vpn_guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain, shipped
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.guard import KERNEL, interface_form, render_guard
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError, suggestion
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.reader import Reader
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn import swanctl
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.profile import Profile, load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import (
    Tunnel,
    plain_tunnels,
    site_tunnels,
    widened,
)


@filter_face
def swanctl_files(
    value: object, gateway: str | None = None, esp: str = "kernel", local_networks: object = ()
) -> dict[str, Any]:
    """What strongSwan needs on a gateway, from a site or from a list of tunnels."""
    if esp not in ("kernel", "userspace"):
        raise AnsibleFilterError(f"esp: '{esp}' is not known. Known: kernel, userspace.")
    form: swanctl.Esp = "userspace" if esp == "userspace" else "kernel"
    tunnels = _tunnels(plain(value), gateway)
    reader = Reader()
    items = reader.items(plain(local_networks), "local_networks")
    wide = [network for path, item in items if (network := reader.network(item, path)) is not None]
    if reader.faults:
        raise SiteError(reader.faults)
    if form == "userspace" and wide:
        tunnels = tuple(widened(tunnel, wide) for tunnel in tunnels)
    return {
        "files": {swanctl.CONNECTIONS: swanctl.swanctl_conf(tunnels, form)},
        "settings": swanctl.strongswan_conf(form),
        "identities": list(dict.fromkeys(tunnel.local.identity for tunnel in tunnels)),
        "peers": {swanctl.connection_name(tunnel.name): tunnel.peer.identity for tunnel in tunnels},
        "children": {swanctl.connection_name(tunnel.name): swanctl.child_names(tunnel)[0] for tunnel in tunnels},
        "networks": list(dict.fromkeys(str(network) for tunnel in tunnels for network in tunnel.networks)),
        "psk": [tunnel.name for tunnel in tunnels if tunnel.psk],
        "certificates": any(not tunnel.psk for tunnel in tunnels),
    }


@filter_face
def vpn_guard(value: object, interface: str = "") -> str:
    """The guard's ruleset for networks; with an interface, of the form for ESP by a program."""
    reader = Reader()
    items = reader.items(plain(value), "networks")
    networks = [network for path, item in items if (network := reader.network(item, path)) is not None]
    if interface:
        reader.interface(interface, "interface")
    if reader.faults:
        raise SiteError(reader.faults)
    return render_guard(networks, interface_form(interface) if interface else KERNEL)


@filter_face
def swanctl_secrets(value: object) -> dict[str, str]:
    """Pre-shared keys by tunnel, by the names of connections."""
    secrets = plain(value)
    if not isinstance(secrets, dict):
        raise AnsibleFilterError("The pre-shared keys are no mapping. Write NAME: KEY for each tunnel.")
    return {swanctl.connection_name(name): str(secret) for name, secret in secrets.items()}


def _tunnels(value: Any, gateway: str | None) -> tuple[Tunnel, ...]:
    if isinstance(value, list):
        return plain_tunnels(value, _profiles(), date.today())
    # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
    from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

    compiled = compile_site(value, date.today())
    by_host = {firewall.pacs_host: firewall.name for firewall in compiled.site.firewalls.values()}
    if gateway not in by_host:
        known = suggestion(str(gateway), by_host, "Known firewalls")
        raise AnsibleFilterError(f"pacs_site.firewalls: none is the inventory host '{gateway}'. {known}")
    flows = (*compiled.flows, *compiled.interventions)
    return site_tunnels(compiled.site, flows, by_host[gateway], _profiles(), date.today())


def _profiles() -> dict[str, Profile]:
    return load_profiles(shipped("_vpn/profiles"))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"swanctl_files": swanctl_files, "swanctl_secrets": swanctl_secrets, "vpn_guard": vpn_guard}
