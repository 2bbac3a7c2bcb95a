# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works out on the controller which hosts are read for a report, and what each of them tries over the network."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import day, missing_library, plain, shipped
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

_ARGUMENTS = {"site": {"type": "dict", "required": True}, "profiles": {"type": "dict", "default": {}}}


class ActionModule(ActionBase):
    """The action pacs.hardening.compliance_plan; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Compile and plan; fail with every fault of the site at once."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = missing_library()
        if missing:
            return {**result, "failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_governance import (
            place_of,
            read_profiles,
        )
        from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.subjects import judged_hosts
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.probe_plan import plan_probes
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        try:
            compiled = compile_site(plain(arguments["site"]))
        except SiteError as error:
            return {**result, "failed": True, "msg": str(error)}
        hosts = judged_hosts(compiled.site)
        profiles = read_profiles(shipped("_antivirus/profiles"), plain(arguments["profiles"]), day(None))
        places = {name: place_of(device, profiles) for name, device in compiled.site.devices.items() if name in hosts}
        return {
            **result,
            "changed": False,
            "hosts": list(dict.fromkeys(hosts.values())),
            "probes": {
                hosts[name]: [planned.argument() for planned in plan.probes]
                for name, plan in plan_probes(compiled).items()
            },
            "directories": {
                hosts[name]: list(dict.fromkeys((*place.stores, *place.landing))) for name, place in places.items()
            },
        }
