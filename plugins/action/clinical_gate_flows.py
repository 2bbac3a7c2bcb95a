# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a firewall, over a new connection, what it saw since its rules changed. That it can't be reached is an answer,
too: the change is judged by it.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.model import ObservedError
from ansible_collections.pacs.hardening.plugins.plugin_utils._reach import attempt, renew
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

MODULE = "pacs.hardening.firewall_flows_info"

#: Seconds in which a firewall that works has answered.
_PATIENCE = 40.0

_ARGUMENTS = {
    "site": {"type": "dict", "default": {}},
    "policy": {"type": "dict", "required": True},
    "before": {"type": "dict", "required": True},
    "despite": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.clinical_gate_flows; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read on the host, compare here."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = missing_library()
        if missing:
            return {"failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.plain_site import named_by
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.since import since_change
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.view import read_view
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document

        renew(self._connection)
        seen, reason = attempt(
            lambda: self._execute_module(module_name=MODULE, module_args={"connections": False}, task_vars=task_vars),
            lambda result: "mode" in result,
            _PATIENCE,
        )
        if seen is None:
            return {"changed": False, "reached": False, "reason": reason}
        try:
            policy = from_document(plain(arguments["policy"]))
            site = named_by(plain(arguments["site"]), policy)
            before, after = read_view(plain(arguments["before"])), read_view(seen)
        except (SiteError, ObservedError) as error:
            return {"changed": False, "reached": False, "reason": str(error)}
        since = since_change(site, policy, before, after, plain(arguments["despite"]))
        return {"changed": False, "reached": True, "reason": "", "mode": after.mode, **since.document()}
