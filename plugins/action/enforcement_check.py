# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a firewall has seen, and refuses to enforce while that would cut a declared device."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import ObservedError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

MODULE = "pacs.hardening.firewall_flows_info"

_ARGUMENTS = {
    "site": {"type": "dict", "default": {}},
    "policy": {"type": "dict", "required": True},
    "mode": {"type": "str", "choices": ["watch", "enforce"], "required": True},
    "despite": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.enforcement_check; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read on the host, judge here."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = missing_library()
        if missing:
            return {"failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.enforce import may_enforce
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.own_tries import own_tries
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.plain_site import named_by
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.view import read_view
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        seen: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args={"connections": False}, task_vars=task_vars
        )
        if seen.get("failed"):
            return seen
        host = str(task_vars.get("inventory_hostname", "the firewall"))
        result = {"changed": False, "seen": seen, "would_cut": []}
        if arguments["mode"] == "watch":
            return {**result, "msg": "to watch is always allowed"}
        try:
            policy = from_document(plain(arguments["policy"]))
            declared, despite = plain(arguments["site"]), plain(arguments["despite"])
            site = named_by(declared, policy)
            found = may_enforce(
                host,
                site,
                policy,
                read_view(seen, host),
                despite,
                lambda: own_tries(compile_site(declared)) if declared else (),
            )
        except (SiteError, ObservedError) as error:
            return {"failed": True, "msg": str(error)}
        result["would_cut"] = list(found.would_cut)
        if not found.allowed:
            return {**result, "failed": True, "msg": found.message}
        return {**result, "msg": "nothing speaks against enforcing", "warnings": list(found.warnings)}
