# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.openvpn_gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import suggestion
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import gateway_document, load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_site import server_document, servers_of


@filter_face
def openvpn_gateway(
    site: object, host: str, identity: str = "", name: str = "", profile: str = "cnsa", limits: object = None
) -> dict[str, Any]:
    """Derive a TLS VPN server from a site."""
    loaded = load_site(plain(site)).site
    names = servers_of(loaded, host)
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        known = suggestion(name, names, "Servers there")
        problem = f"no server is named '{name}' on '{host}'" if name else f"'{host}' has not one server, so name it"
        raise AnsibleFilterError(f"pacs_site.remote_access.tls: {problem}. {known}")
    document = server_document(loaded, derive(loaded), name)
    said = {"identity": identity or None, "profile": profile, "limits": plain(limits) or {}}
    return gateway_document(load_gateway({**document, **said}, f"server {name}"))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"openvpn_gateway": openvpn_gateway}
