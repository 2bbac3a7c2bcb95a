# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves, on the controller, what the host's own nft makes of a ruleset, before anything is applied."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verification_document, verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError

_ARGUMENTS = {
    "policy": {"type": "dict", "required": True},
    "ruleset": {"type": "str", "required": True},
    "table": {"type": "str", "default": "inet pacs"},
}

_REFUTED = (
    "With this ruleset, and the tables of others on the host, the firewall would not do what is declared; "
    "nothing was changed."
)


class ActionModule(ActionBase):
    """The action pacs.hardening.nft_proof; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read what would be in force, then verify it; the listing itself stays out of the result."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        try:
            policy = from_document(plain(arguments["policy"]))
        except SiteError as error:
            return {"failed": True, "msg": str(error)}
        read = self._execute_module(
            module_name="pacs.hardening.nft_candidate_info",
            module_args={"table": arguments["table"], "ruleset": arguments["ruleset"]},
            task_vars=task_vars,
        )
        if read.get("failed"):
            return read
        if read["listing"] is None:
            reason = read["unavailable"]
            return {
                "changed": False,
                "verdict": "not proven",
                "not_understood": [],
                "msg": f"not proven: {reason}",
                "warnings": [f"the ruleset is not proven before it is applied: {reason}"],
            }
        return _judged(verification_document(verify(read["listing"], policy)))


def _judged(proof: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"changed": False, **proof}
    if proof["verdict"] == "refuted":
        sentences = [witness["text"] for witness in (*proof["blocked"], *proof["undeclared"])]
        listed = "\n".join(f"  {number}. {sentence}" for number, sentence in enumerate(sentences, 1))
        return {
            **result,
            "failed": True,
            "msg": f"{_REFUTED}\n{listed}",
        }
    if proof["verdict"] == "not proven":
        parts = "; ".join(proof["not_understood"])
        result["msg"] = f"not proven: {parts}"
        result["warnings"] = [f"the ruleset is not proven: the verifier doesn't understand {parts}"]
        return result
    return {**result, "msg": "proven: what is declared passes, and nothing else does"}
