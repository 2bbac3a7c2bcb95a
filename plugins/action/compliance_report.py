# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what was collected, on the controller: writes the report, says the result, and fails by threshold."""

from __future__ import annotations

import contextlib
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
    "profiles": {"type": "dict", "default": {}},
    "dicom_files": {"type": "path"},
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
            report, handed = _report({name: plain(value) for name, value in arguments.items()})
        except ValueError as error:  # the site's faults, or those of the controls
            return {**result, "failed": True, "msg": str(error)}
        from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.summary import summary_lines

        document = report.document()
        summary = summary_lines(document)
        paths = {}
        if not self._task.check_mode:
            try:
                paths = _write(Path(arguments["directory"]), document, handed)
            except OSError as error:
                where = error.filename or arguments["directory"]
                return {
                    **result,
                    "failed": True,
                    "summary": summary,
                    "msg": f"The report can't be written to {where}: {error.strerror}. Name a directory of your own.",
                }
            summary = [*summary, "", *(f"Report: {paths[kind]}" for kind in ("html", "json"))]
            summary += [f"To be handed over, not applied: {path}" for path in paths["handed_over"]]
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


def _report(arguments: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
    """The report, and the files that are made for devices on which nothing of ours runs."""
    # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.assess import assess
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.control_load import load_controls
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_governance import read_profiles
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.hand_over import hand_over
    from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
    from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.profile import load_profiles

    now = datetime.now(UTC)
    compiled = compile_site(arguments["site"])
    profiles = read_profiles(shipped("_antivirus/profiles"), arguments["profiles"], now.date())
    names = [device.pacs_host for device in compiled.site.devices.values()]
    made = assess(
        compiled,
        load_controls(shipped("_compliance/controls")),
        hosts=arguments["hosts"],
        network=arguments["network"],
        waivers=arguments["waivers"],
        profiles=profiles,
        crypto=load_profiles(shipped("_vpn/profiles")),
        files=_scanned(arguments["dicom_files"], names),
        inventory=arguments["inventory"],
        now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=_version(),
    )
    return made, hand_over(compiled.site, profiles)


def _scanned(directory: str | None, names: list[str]) -> dict[str, Any]:
    """What dicom_files_info returned, by inventory name, from ``NAME.json`` in a directory; of others nothing."""
    found: dict[str, Any] = {}
    for name in names if directory else ():
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found[name] = json.loads((Path(str(directory)) / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _version() -> str:
    """Of an installed collection it stands in the manifest, of a checkout in galaxy.yml."""
    try:
        manifest = json.loads((_COLLECTION / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except FileNotFoundError:
        galaxy = yaml.safe_load((_COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
        return str(galaxy["version"])


def _write(directory: Path, document: Mapping[str, Any], handed: Mapping[str, str]) -> dict[str, Any]:
    """Both files, by their kind, and a list of those to hand over."""
    from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.page import render_page

    texts = {
        "report.html": render_page(document),
        "report.json": json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n",
    }
    written = write_whole(directory, {**texts, **handed})
    paths: dict[str, Any] = {Path(name).suffix[1:]: written[name] for name in texts}
    return {**paths, "handed_over": [written[name] for name in handed]}


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
