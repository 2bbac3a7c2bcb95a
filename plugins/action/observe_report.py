# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says on the controller, in plain words, what the firewalls have seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._files import write_whole
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

_ARGUMENTS = {
    "site": {"type": "dict", "required": True},
    "firewalls": {"type": "dict", "required": True},
    "directory": {"type": "path", "required": True},
}
_FILE = "observed.json"


class ActionModule(ActionBase):
    """The action pacs.hardening.observe_report; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Say it and write it; fail where the site can't be used, or the file can't be written."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = missing_library()
        if missing:
            return {**result, "failed": True, "msg": missing}
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import strangers, views_of
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.documents import observed
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.sentences import observed_lines
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        try:
            compiled = compile_site(plain(arguments["site"]))
        except SiteError as error:
            return {**result, "failed": True, "msg": str(error)}
        seen: Any = plain(arguments["firewalls"])
        document = observed(compiled, views_of(compiled.site, seen), datetime.now(UTC))
        lines = observed_lines(document)
        unknown = strangers(compiled.site, seen)
        if unknown:
            lines += ["", f"Left out, as the site declares no firewall for these hosts: {', '.join(unknown)}"]
        path = None
        if not self._task.check_mode:
            text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
            try:
                path = write_whole(Path(arguments["directory"]), {_FILE: text})[_FILE]
            except OSError as error:
                where = error.filename or arguments["directory"]
                message = f"The report can't be written to {where}: {error.strerror}. Name a directory of your own."
                return {**result, "failed": True, "msg": message}
            lines += ["", f"The whole of it: {path}"]
        self._display.display("\n".join(["", *lines, ""]))
        return {**result, "changed": False, "summary": lines, "path": path, "result": document}
