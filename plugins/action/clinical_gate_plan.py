# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works out on the controller which connections show that images still flow after a change of some firewalls."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

_ARGUMENTS = {
    "site": {"type": "dict", "required": True},
    "firewalls": {"type": "list", "elements": "str", "required": True},
    "inventory": {"type": "list", "elements": "str", "required": True},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.clinical_gate_plan; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Compile and plan. Without a site nothing is known about who may be asked, so nobody is."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = missing_library()
        if missing:
            return {**result, "failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.probe_plan import plan_gate
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        if not arguments["site"]:
            return {**result, "changed": False, "vantages": [], "total": 0, "missing": []}
        try:
            compiled = compile_site(plain(arguments["site"]))
        except SiteError as error:
            return {**result, "failed": True, "msg": str(error)}
        changing = set(arguments["firewalls"])
        names = [firewall.name for firewall in compiled.site.firewalls.values() if firewall.pacs_host in changing]
        hosts = {device.name: device.pacs_host for device in compiled.site.devices.values()}
        plans = plan_gate(compiled, names)
        known = set(arguments["inventory"])
        vantages: list[dict[str, Any]] = [
            {
                "vantage": name,
                "host": hosts[name],
                "probes": [{**planned.argument(), "text": planned.text} for planned in plan.probes],
                "left_out": plan.left_out,
            }
            for name, plan in plans.items()
            if hosts[name] in known
        ]
        return {
            **result,
            "changed": False,
            "vantages": vantages,
            "total": sum(len(vantage["probes"]) for vantage in vantages),
            "missing": [hosts[name] for name in plans if hosts[name] not in known],
        }
