# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what became of a change of several firewalls, and fails where it was taken back: one message for all of them."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.batch import Verdict, read_members
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.outcome import conclude, read_settled

display = Display()

_SHOWN = 30

_ARGUMENTS = {
    "members": {"type": "list", "elements": "str", "required": True},
    "hosts": {"type": "dict", "required": True},
    "verdict": {"type": "dict", "required": True},
    "settled": {"type": "dict", "required": True},
    "restored": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.clinical_gate_outcome; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Conclude."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        given = {name: plain(value) for name, value in arguments.items()}
        said = given["verdict"]
        verdict = Verdict(*(tuple(said.get(name) or ()) for name in ("failures", "advice", "notes")))
        outcome = conclude(
            given["members"],
            read_members(given["hosts"]),
            verdict,
            read_settled(given["settled"]),
            read_settled(given["restored"]),
        )
        if not outcome.good:
            return {"changed": False, "failed": True, "msg": outcome.message, "notes": list(verdict.notes)}
        if outcome.confirmed:
            display.display(f"confirmed on {', '.join(outcome.confirmed)}")
        for note in verdict.notes[:_SHOWN]:
            display.display(note)
        if len(verdict.notes) > _SHOWN:
            display.display(f"and {len(verdict.notes) - _SHOWN} more, see the result's notes")
        return {
            "changed": False,
            "confirmed": list(outcome.confirmed),
            "notes": list(verdict.notes),
            "msg": f"confirmed on {', '.join(outcome.confirmed)}" if outcome.confirmed else "no rules had to change",
        }
