# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what was collected, on the controller: writes the report, says the result, and fails by threshold."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.action import ActionBase

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import missing_library, plain, shipped
from ansible_collections.pacs.hardening.plugins.plugin_utils._files import write_whole

_COLLECTION = Path(__file__).resolve().parents[2]
_NEVER = "never"
_ARGUMENTS = {
    "site": {"type": "dict", "required": True},
    "hosts": {"type": "dict", "required": True},
    "network": {"type": "dict", "default": {}},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "inventory": {"type": "list", "elements": "str", "default": []},
    "directory": {"type": "path", "required": True},
    "fail_on": {"type": "str", "choices": ["critical", "high", "medium", "low", _NEVER], "default": "high"},
}


class ActionModule(ActionBase):
    """The action pacs.hardening.compliance_report; see the module of the same name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Judge, write, say; fail where the site can't be used, the files can't be written, or the threshold is met."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        missing = _missing()
        if missing:
            return {**result, "failed": True, "msg": missing}
        try:
            report = _report({name: plain(value) for name, value in arguments.items()})
        except ValueError as error:  # the site's faults, or those of the controls
            return {**result, "failed": True, "msg": str(error)}
        from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.summary import summary_lines

        document = report.document()
        summary = summary_lines(document)
        paths = {}
        if not self._task.check_mode:
            try:
                paths = _write(Path(arguments["directory"]), document)
            except OSError as error:
                where = error.filename or arguments["directory"]
                return {
                    **result,
                    "failed": True,
                    "summary": summary,
                    "msg": f"The report can't be written to {where}: {error.strerror}. Name a directory of your own.",
                }
            summary = [*summary, "", *(f"Report: {path}" for path in paths.values())]
        self._display.display("\n".join(["", *summary, ""]))
        reasons = _reasons(report, arguments["fail_on"])
        if reasons:
            # Ansible shows all that a failed task returns, and the summary stands on the screen already.
            return {**result, "changed": False, "failed": True, "msg": " ".join(reasons), "paths": paths}
        return {**result, "changed": False, "summary": summary, "paths": paths, "result": document}


def _missing() -> str | None:
    missing = missing_library()
    if missing:
        return missing
    try:
        importlib.import_module("jmespath")
    except ImportError:
        return (
            "The Python library 'jmespath' is missing on the controller. "
            "Install it for the Python that runs Ansible: pip install jmespath"
        )
    return None


def _report(arguments: Mapping[str, Any]) -> Any:
    # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.assess import assess
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control_load import load_controls
    from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

    return assess(
        compile_site(arguments["site"]),
        load_controls(shipped("_compliance/controls")),
        hosts=arguments["hosts"],
        network=arguments["network"],
        waivers=arguments["waivers"],
        inventory=arguments["inventory"],
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=_version(),
    )


def _version() -> str:
    """Of an installed collection it stands in the manifest, of a checkout in galaxy.yml."""
    try:
        manifest = json.loads((_COLLECTION / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except FileNotFoundError:
        galaxy = yaml.safe_load((_COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
        return str(galaxy["version"])


def _write(directory: Path, document: Mapping[str, Any]) -> dict[str, str]:
    """Both files, by their kind."""
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page

    texts = {
        "report.html": render_page(document),
        "report.json": json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n",
    }
    return {Path(name).suffix[1:]: path for name, path in write_whole(directory, texts).items()}


def _reasons(report: Any, fail_on: str) -> list[str]:
    """Why the task fails: sentences, none if it doesn't."""
    reasons = []
    if fail_on != _NEVER:
        failed = report.failures_from(fail_on)
        if failed:
            checks = "1 check" if len(failed) == 1 else f"{len(failed)} checks"
            reasons.append(f"{checks} of {fail_on} risk or above failed.")
        unusable = [waiver for waiver in report.waivers if waiver.state != "active"]
        if unusable:
            waivers = "1 waiver is" if len(unusable) == 1 else f"{len(unusable)} waivers are"
            reasons.append(f"{waivers} expired or unusable.")
    if reasons:
        reasons.append("The report says what to do; fail_on sets what counts.")
    return reasons
