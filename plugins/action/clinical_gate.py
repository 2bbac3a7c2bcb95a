# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a change of several firewalls by what was tried and seen before it and after. It never fails: whatever speaks
against the change, its firewalls must still be told to go back.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.asked import Compared, compare, read_asked
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.batch import (
    Verdict,
    judge,
    read_looked,
    read_members,
)

display = Display()

_ARGUMENTS = {
    "members": {"type": "list", "elements": "str", "required": True},
    "hosts": {"type": "dict", "required": True},
    "flows": {"type": "dict", "default": {}},
    "before": {"type": "list", "elements": "dict", "default": []},
    "after": {"type": "list", "elements": "dict", "default": []},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.clinical_gate; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Judge, and say how it goes on."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        compared = Compared()
        try:
            given = {name: plain(value) for name, value in arguments.items()}
            compared = compare(read_asked(given["before"]), read_asked(given["after"]))
            verdict = judge(given["members"], read_members(given["hosts"]), compared, read_looked(given["flows"]))
        except Exception as error:  # A fault of this collection must not leave the firewalls waiting for their timers.
            verdict = Verdict((f"the judgement itself broke off ({type(error).__name__}: {error})",))
        if verdict.passed:
            tried = f"{compared.working} connections that worked before work" if compared.working else "reachable"
            display.display(f"{', '.join(given['members'])}: {tried}, confirming")
        else:
            display.display(f"{', '.join(arguments['members'])}: going back, because {verdict.failures[0]}")
        return {
            "changed": False,
            "passed": verdict.passed,
            "failures": list(verdict.failures),
            "advice": list(verdict.advice),
            "notes": list(verdict.notes),
        }
