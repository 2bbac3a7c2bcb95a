# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps, on the controller, the list of revocations of a site's own authority."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._files import write_whole
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.revocations import next_list, signer

_ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "authority": {"type": "path", "required": True},
    "authority_key": {"type": "path", "required": True},
    "passphrase": {"type": "str", "default": "", "no_log": True},
    "revoked": {"type": "list", "elements": "path", "default": []},
    "days": {"type": "int", "default": 90},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.revocation_list; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make the list anew where it has to be."""
        super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        arguments = plain(given)
        try:
            changed = keep_list(arguments, datetime.now(UTC), bool(self._task.check_mode))
        except (OSError, UnicodeError) as error:
            return {"failed": True, "msg": f"The list of revocations isn't made: {error}"}
        except ValueError as error:
            return {"failed": True, "msg": f"{arguments['path']}: {error}."}
        return {"changed": changed, "path": arguments["path"]}


def keep_list(arguments: dict[str, Any], now: datetime, check: bool) -> bool:
    """Write the list where it has to be another; returns whether. Raises OSError, ValueError."""
    if arguments["days"] < 1:
        raise ValueError(f"days is {arguments['days']}: give at least 1")
    authority = signer(
        _read(arguments["authority"]), _read(arguments["authority_key"]), str(arguments["passphrase"] or "")
    )
    path = Path(arguments["path"])
    existing = path.read_text(encoding="utf-8") if path.exists() else None
    revoked = {name: _read(name) for name in arguments["revoked"]}
    text = next_list(authority, existing, revoked, arguments["days"], now)
    if text is not None and not check:
        write_whole(path.parent, {path.name: text})
    return text is not None


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
