# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.interventions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.windows import intervention_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.interventions import interventions as declared
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


@filter_face
def interventions(site: object, host: str = "") -> list[dict[str, Any]]:
    """The interventions that pass through the firewall of an inventory host, none where it is no firewall; without a
    host those of all firewalls, once for each.
    """
    compiled = compile_site(plain(site), date.today())
    known = declared(compiled)
    return [
        document
        for firewall in compiled.site.firewalls.values()
        if not host or firewall.pacs_host == host
        for document in intervention_documents(compiled.policies[firewall.name], known)
    ]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"interventions": interventions}
