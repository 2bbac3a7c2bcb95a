# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says on the controller which of the connections that were seen a changed site would cut."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible_collections.pacs.hardening.plugins.plugin_utils._reporting import (
    Report,
    ReportingAction,
    json_text,
    read_recorded,
)

_FILE = "simulated.json"


class ActionModule(ReportingAction):
    """The action pacs.hardening.site_simulation; see the module of the same name for its documentation."""

    ARGUMENTS: ClassVar = {
        "site": {"type": "dict", "required": True},
        "firewalls": {"type": "dict", "default": {}},
        "files": {"type": "list", "elements": "path", "default": []},
        "fail_from": {"type": "int", "default": 1},
        "despite": {"type": "list", "elements": "str", "default": []},
        "directory": {"type": "path", "required": True},
    }

    def report(self, arguments: Mapping[str, Any]) -> Report:
        """What would be cut; it fails where a declared device is hurt, or where that isn't known."""
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sentences import simulated_lines
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.simulate import Threshold, simulate
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        files = read_recorded(arguments["files"])
        compiled = compile_site(arguments["site"])
        views = views_of(compiled.site, arguments["firewalls"]) if arguments["firewalls"] else {}
        threshold = Threshold(arguments["fail_from"], frozenset(arguments["despite"]))
        document = simulate(compiled, views, files, threshold, datetime.now(UTC))
        lines = simulated_lines(document)
        failed = document["verdict"] != "safe" and threshold.attempts > 0
        advice = "Declare what belongs to the site, or name the devices that may be cut in firewall_enforce_despite."
        failure = f"{lines[-1]} {advice if document['verdict'] == 'cuts' else ''}".strip() if failed else ""
        return Report(lines, {_FILE: json_text(document)}, _FILE, document, failure)
