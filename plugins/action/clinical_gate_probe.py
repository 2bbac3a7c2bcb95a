# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has one vantage point try its connections, and shows what comes of them.

A vantage point that can't be reached is an answer like any other and never fails the task: with run_once, Ansible ends
the whole play at an unreachable host, C(ignore_unreachable) or not.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.asked import lost_ids, worth_repeating
from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.probe_results import ProbeResult, read_results
from ansible_collections.pacs.hardening.plugins.plugin_utils._reach import attempt, renew

MODULE = "pacs.hardening.network_evidence_info"
display = Display()

# Seconds: between two tries of what is missing, and for the way to the vantage point and back.
_PAUSE, _WAY = 1.0, 30.0

_ARGUMENTS = {
    "vantage": {"type": "dict", "required": True},
    "before": {"type": "list", "elements": "dict"},
    "timeout": {"type": "float", "default": 3},
    "within": {"type": "float", "default": 30},
    "lines": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.clinical_gate_probe; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask; after a change over a new connection, and what is missing once more."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        arguments = {name: plain(value) for name, value in arguments.items()}
        vantage = arguments["vantage"]
        started = time.monotonic()
        # Before and after alike: an old connection passes new rules as established, and would hide that the way to the
        # vantage point was shut already.
        renew(self._connection)
        if arguments["before"] is None:
            wanted = {probe["id"] for probe in vantage["probes"]}
            results, reason = self._ask(arguments, wanted, task_vars)
        else:
            results, reason = self._ask_again(arguments, read_results(arguments["before"]), task_vars)
        answer = {
            **vantage,
            "changed": False,
            "reached": results is not None,
            "reason": reason,
            "results": results or [],
            "seconds": round(time.monotonic() - started, 1),
        }
        self._show(answer, arguments["lines"])
        return answer

    def _ask_again(
        self, arguments: Mapping[str, Any], before: Mapping[str, ProbeResult], task_vars: dict[str, Any] | None
    ) -> tuple[list[dict[str, Any]] | None, str]:
        """One lost packet must not cost a good change, so whatever worked before is tried twice."""
        wanted = worth_repeating(before)
        results, reason = self._ask(arguments, wanted, task_vars)
        missing = wanted if results is None else lost_ids(before, read_results(results)) & wanted
        if missing:
            time.sleep(_PAUSE)
            if results is None:
                renew(self._connection)
            second, reason = self._ask(arguments, missing, task_vars)
            if second is not None:
                kept = [result for result in results or () if result["id"] not in missing]
                results = [*kept, *second]
        return results, reason

    def _ask(
        self, arguments: Mapping[str, Any], wanted: Collection[str], task_vars: dict[str, Any] | None
    ) -> tuple[list[dict[str, Any]] | None, str]:
        """(the module's results, "") or (None, why there are none)."""
        vantage = arguments["vantage"]
        probes = [
            {key: value for key, value in probe.items() if key != "text"}
            for probe in vantage["probes"]
            if probe["id"] in wanted
        ]
        module_arguments = {
            "vantage": vantage["vantage"],
            "probes": probes,
            "timeout": arguments["timeout"],
            "within": arguments["within"],
        }
        answer, reason = attempt(
            lambda: self._execute_module(module_name=MODULE, module_args=module_arguments, task_vars=task_vars),
            lambda result: "probes" in result,
            arguments["within"] + _WAY,
        )
        return (answer["probes"], "") if answer else (None, reason)

    def _show(self, answer: Mapping[str, Any], lines: bool) -> None:
        vantage = answer["vantage"]
        if not answer["reached"]:
            display.display(f"probing from {vantage} ... can't be reached: {answer['reason']}")
            return
        results = read_results(answer["results"])
        asked = [probe for probe in answer["probes"] if probe["id"] in results]
        if lines:
            for probe in asked:
                display.display(f"probing {probe['text']} ... {_word(results[probe['id']])}")
        else:
            working = sum(results[probe["id"]].outcome == "open" for probe in asked)
            display.display(f"probing from {vantage}: {working} of {len(asked)} connections work")


def _word(result: ProbeResult) -> str:
    return "ok" if result.outcome == "open" else f"doesn't work: {result.detail}"
