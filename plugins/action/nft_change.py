# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settle a pending change; a confirmation travels over a new connection, because an old one proves nothing about the
new rules.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import CHANGE_ARGUMENTS, CHANGE_REQUIRED_IF
from ansible_collections.pacs.hardening.plugins.plugin_utils._reach import attempt, renew

MODULE = "pacs.hardening.nft_change"

#: Seconds that one try to reach a host may take, and between two tries.
_ATTEMPT, _PAUSE = 30.0, 1.0


class ActionModule(ActionBase):
    """Face of the module of the same name."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(CHANGE_ARGUMENTS, required_if=CHANGE_REQUIRED_IF)
        state, unproven = arguments["state"], None
        if state == "waiting" or (state == "confirmed" and not self._task.check_mode):
            unproven = renew(self._connection)
        if arguments["patience"] > 0:
            result = self._insist(arguments, task_vars)
        else:
            result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        if unproven and (result.get("changed") or result.get("waiting")):
            result.setdefault("warnings", []).append(f"{state}, but nothing was proven about the network: {unproven}")
        return result

    def _insist(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Try until the host has answered, or time is up."""
        end = time.monotonic() + arguments["patience"]
        while True:
            left = end - time.monotonic()
            answer, reason = attempt(
                lambda: self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars),
                lambda result: "confirmed" in result or "rolled_back" in result,
                min(_ATTEMPT, max(left, _PAUSE)),
            )
            if answer is not None:
                return answer
            if time.monotonic() + _PAUSE >= end:
                message = f"the host can't be reached ({reason}), tried for {arguments['patience']} s"
                return {"failed": True, "changed": False, "confirmed": False, "rolled_back": False, "msg": message}
            time.sleep(_PAUSE)
            renew(self._connection)
