# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says on the controller, in plain words, what the firewalls have seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible_collections.pacs.hardening.plugins.plugin_utils._reporting import Report, ReportingAction, json_text

_FILE = "observed.json"


class ActionModule(ReportingAction):
    """The action pacs.hardening.observe_report; see the module of the same name for its documentation."""

    ARGUMENTS: ClassVar = {
        "site": {"type": "dict", "required": True},
        "firewalls": {"type": "dict", "required": True},
        "directory": {"type": "path", "required": True},
    }

    def report(self, arguments: Mapping[str, Any]) -> Report:
        """What each firewall of the site has seen."""
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import strangers, views_of
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.documents import observed
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sentences import observed_lines
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        compiled = compile_site(arguments["site"])
        document = observed(compiled, views_of(compiled.site, arguments["firewalls"]), datetime.now(UTC))
        lines = observed_lines(document)
        unknown = strangers(compiled.site, arguments["firewalls"])
        if unknown:
            lines += ["", f"Left out, as the site declares no firewall for these hosts: {', '.join(unknown)}"]
        return Report(lines, {_FILE: json_text(document)}, _FILE, document)
