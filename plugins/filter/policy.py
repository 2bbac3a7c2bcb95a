# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.plain import policy_from_flows
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import suggestion


@filter_face
def policy(value: object, firewall: str | None = None, management: object = None) -> dict[str, Any]:
    """Compile a site's policies, or one from a plain list of flows."""
    if isinstance(value, (list, tuple)):
        return to_document(policy_from_flows(firewall or "firewall", plain(value), plain(management)))
    # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
    from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

    policies = compile_site(plain(value)).policies
    if firewall is None:
        return {name: to_document(item) for name, item in policies.items()}
    if firewall not in policies:
        known = suggestion(firewall, policies, "Known firewalls")
        raise AnsibleFilterError(f"pacs_site.firewalls: no firewall is named '{firewall}'. {known}")
    return to_document(policies[firewall])


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"policy": policy}
