# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles the declared site on the controller: once for all firewalls, no connection needed."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.windows import intervention_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import Site


class ActionModule(ActionBase):
    """The action pacs.hardening.site_rulesets; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Compile; fail with every fault of the site at once."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec={"site": {"type": "dict", "required": True}})
        missing = missing_library()
        if missing:
            return {**result, "failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import to_document
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.interventions import interventions
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        try:
            compiled = compile_site(plain(arguments["site"]), date.today())
        except SiteError as error:
            return {**result, "failed": True, "msg": str(error)}
        known = interventions(compiled)
        return {
            **result,
            "changed": False,
            "findings": [str(finding) for finding in compiled.findings],
            "flows": [str(flow) for flow in compiled.flows],
            "rulesets": {
                firewall.pacs_host: {
                    "firewall": firewall.name,
                    "kind": firewall.kind,
                    "policy": to_document(policy),
                    "ruleset": render(policy),
                    "watch": render(policy, "watch"),
                    "fallback": render_fallback(policy),
                    "interventions": intervention_documents(policy, known),
                }
                for firewall in compiled.site.firewalls.values()
                for policy in (compiled.policies[firewall.name],)
            },
            "gateways": _gateways(compiled.site),
        }


def _gateways(site: Site) -> dict[str, dict[str, list[str]]]:
    """The inventory hosts that are gateways of remote access, each with its TLS servers and its IPsec tunnels."""
    ways = site.remote_access
    found = {
        firewall.pacs_host: {
            "tls": [server.name for server in ways.tls.values() if server.gateway == firewall.name],
            "ipsec": [tunnel.name for tunnel in ways.ipsec.values() if tunnel.gateway == firewall.name],
        }
        for firewall in site.firewalls.values()
    }
    return {host: named for host, named in found.items() if any(named.values())}
