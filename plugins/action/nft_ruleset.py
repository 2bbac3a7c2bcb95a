# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply a ruleset, then confirm it over a new connection; else learn from the host what it did, and say so in one
message.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pacs.hardening.plugins.action.nft_change import MODULE as CHANGE_MODULE
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import (
    RULESET_ARGUMENTS,
    RULESET_REQUIRED_IF,
    out_of_bounds,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import digest
from ansible_collections.pacs.hardening.plugins.plugin_utils._reach import attempt, clock, renew, shorten

MODULE = "pacs.hardening.nft_ruleset"
display = Display()

# Seconds. A module that works reads, checks and applies well within the first; the host's timer is given the second
# to have finished; a host that has its old rules back answers within the third; one attempt to reach it may take the
# fourth. Where a later task settles the change, others wait for that, and nobody is asked longer than the fifth.
_WORK, _MARGIN, _PATIENCE, _ATTEMPT, _HASTE = 120.0, 2.0, 60.0, 30.0, 10.0


@dataclass(frozen=True)
class _Fate:
    """What the host says became of a change: the result of nft_change, or the last reason why the host could not be
    asked.
    """

    answer: dict[str, Any] | None
    reason: str


class ActionModule(ActionBase):
    """Face of the module of the same name."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _result, arguments = self.validate_argument_spec(RULESET_ARGUMENTS, required_if=RULESET_REQUIRED_IF)
        fault = out_of_bounds(arguments)
        if fault:
            raise AnsibleActionFail(fault)
        if self._task.check_mode:
            planned: dict[str, Any] = self._execute_module(
                module_name=MODULE, module_args=arguments, task_vars=task_vars
            )
            return planned
        # A host that can't be reached at all is told here from one that the new rules cut off below.
        self._low_level_execute_command("true", sudoable=False)
        window = float(arguments["warm_up"] + arguments["confirm_timeout"])
        started = time.monotonic()
        result, problem = self._attempt(MODULE, arguments, task_vars, window + _WORK)
        if result is None:
            return self._died(problem, arguments, window, task_vars)
        if result.get("failed") or not result.get("change_id") or result.get("confirmed"):
            return result
        if arguments["confirm"] == "later":
            self._say(task_vars, f"new rules armed until {clock(result['seconds_left'])}")
            return result
        return self._confirm(result, arguments, task_vars, time.monotonic() - started)

    def _confirm(
        self, applied: dict[str, Any], arguments: dict[str, Any], task_vars: dict[str, Any], took: float
    ) -> dict[str, Any]:
        change_id, table = applied["change_id"], arguments["table"]
        deadline = time.monotonic() + applied["seconds_left"]
        self._say(
            task_vars, f"new rules armed until {clock(applied['seconds_left'])}, confirming over a new connection"
        )
        unproven = renew(self._connection)
        # Give up a little before the host does, so that no late confirmation is under way when it is asked what
        # happened. Until then try again: one lost packet must not cost a good change.
        confirmation = {"change_id": change_id, "state": "confirmed"}
        limit = max(1.0, deadline - time.monotonic() - 1.0)
        answer, problem = self._attempt(CHANGE_MODULE, confirmation, task_vars, limit)
        while answer is None and deadline - time.monotonic() > 3.0:
            time.sleep(1.0)
            renew(self._connection)
            # The first problem is the telling one; later ones may only be the time running out.
            answer, _later = self._attempt(CHANGE_MODULE, confirmation, task_vars, deadline - time.monotonic() - 1.0)
        if answer is None:
            self._say(
                task_vars,
                f"no new connection under the new rules ({problem}); waiting for the host to put the old ones back",
            )
            fate = self._ask(change_id, max(0.0, deadline - time.monotonic()) + _MARGIN, _PATIENCE, task_vars)
            if fate.answer is None or not fate.answer.get("confirmed"):
                return _failed(applied, _cut_message(table, change_id, problem, applied["deadline"], fate), fate)
        elif answer.get("failed") and answer.get("rolled_back") and took > arguments["confirm_timeout"]:
            problem = f"the module's answer took {took:.0f} s to arrive, and the host had acted by then"
            fate = _Fate(answer, "")
            return _failed(applied, _cut_message(table, change_id, problem, applied["deadline"], fate), fate)
        elif answer.get("failed"):
            return _failed(applied, f"table {table}: {answer.get('msg')}; run again", _Fate(answer, ""))
        applied["confirmed"] = True
        applied["msg"] = f"table {table} is replaced, and change {change_id} confirmed"
        if unproven:
            applied.setdefault("warnings", []).append(
                f"the new rules of table {table} are confirmed, but nothing was proven about the network: {unproven}"
            )
        else:
            applied["msg"] += " over a new connection"
        self._say(task_vars, "confirmed")
        return applied

    def _died(
        self, problem: str, arguments: dict[str, Any], window: float, task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        """The module ended without an answer. It may have applied the rules, and they may have cut us off."""
        table = arguments["table"]
        self._say(task_vars, f"the module ended without an answer ({problem}); asking the host what it did")
        renew(self._connection)
        patience = _HASTE if arguments["confirm"] == "later" else window + _MARGIN + _PATIENCE
        fate = self._ask(None, 0.0, patience, task_vars)
        message = f"table {table}: the module ended without an answer ({problem})"
        safety = (
            f"If it had applied the new rules, the host restores the previous ones by itself within {window:.0f} s"
            if arguments["confirm_timeout"]
            else "confirm_timeout is 0, so nothing restores the previous rules by itself"
        )
        if fate.answer is None:
            message += (
                f". {safety}; that could not be verified, because the host can't be reached ({fate.reason}). "
                "Look at its console"
            )
        elif not (fate.answer.get("changed") or fate.answer.get("text_sha256") == _text_digest(arguments)):
            message += ". It had not applied anything, and no change is pending; run again"
        elif fate.answer.get("rolled_back"):
            message += f". The previous rules are in force again (change {fate.answer.get('change_id')} is rolled back)"
            message += "; run again"
        else:
            message += f". The rules are in force and confirmed (change {fate.answer.get('change_id')}); run again"
        return _failed({}, message, fate)

    def _ask(self, change_id: str | None, wait: float, patience: float, task_vars: dict[str, Any]) -> _Fate:
        """Wait, then have the host undo the change if it hasn't, over a new connection, and tell. Tries for
        I(patience) seconds.
        """
        time.sleep(wait)
        arguments: dict[str, Any] = {"state": "rolled_back"}
        if change_id is not None:
            arguments["change_id"] = change_id
        end = time.monotonic() + patience
        while True:
            renew(self._connection)
            answer, problem = self._attempt(CHANGE_MODULE, arguments, task_vars, _ATTEMPT)
            if answer is not None and answer.get("failed") and not (answer["rolled_back"] or answer["confirmed"]):
                # The host was reached, and has not settled the change: another process may hold the lock.
                problem, answer = shorten(answer.get("msg")), None
            if answer is not None or time.monotonic() >= end:
                return _Fate(answer, problem)
            time.sleep(min(2.0, max(0.0, end - time.monotonic())))

    def _attempt(
        self, module: str, arguments: dict[str, Any], task_vars: dict[str, Any], seconds: float
    ) -> tuple[dict[str, Any] | None, str]:
        """(the module's own answer, "") or (None, why there is none). Both modules always answer with `confirmed` or
        `rolled_back`.
        """
        return attempt(
            lambda: self._execute_module(module_name=module, module_args=arguments, task_vars=task_vars),
            lambda result: "confirmed" in result or "rolled_back" in result,
            seconds,
        )

    def _say(self, task_vars: dict[str, Any], text: str) -> None:
        display.display(f"{task_vars.get('inventory_hostname', 'host')}: {text}")


def _cut_message(table: str, change_id: str, problem: str, deadline: str, fate: _Fate) -> str:
    message = (
        f"table {table}: the new rules cut the management connection: no new one could be made under them ({problem}). "
    )
    if fate.answer is not None:
        message += (
            f"The host has put the previous rules back (change {change_id}, deadline {deadline}); "
            "this was verified over a new connection. "
        )
    else:
        message += (
            f"The host puts the previous rules back by itself at {deadline} (change {change_id}), but it can't be "
            f"reached since ({fate.reason}): look at its console, "
            f"`systemctl status pacs-firewall-rollback-{change_id}`. "
        )
    return message + (
        "Check that chain input of the new rules accepts SSH from the address that this controller connects from (the "
        "site's management sources), and chain forward too if the way there leads through this host; then run again"
    )


def _failed(base: dict[str, Any], message: str, fate: _Fate) -> dict[str, Any]:
    answer = fate.answer or {}
    rolled_back = bool(answer.get("rolled_back"))
    return {
        **base,
        "failed": True,
        "changed": not rolled_back and bool(base),
        "confirmed": False,
        "rolled_back": rolled_back,
        "msg": message,
    }


def _text_digest(arguments: dict[str, Any]) -> str:
    return digest((arguments.get("ruleset") or "") if arguments["state"] == "present" else "")
