# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions share that say something on the controller: show it, write it, and fail in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.plugins.action import ActionBase

from ._faces import missing_library, plain
from ._files import mapped, write_whole
from ._observed.model import ObservedError
from ._site.faults import SiteError

if TYPE_CHECKING:
    from ._observed.files import SeenFile


@dataclass(frozen=True)
class Report:
    """What an action has to say: ``lines`` for the screen, ``texts`` of files by name (``main`` is the one that people
    open), the ``document``, and why the task fails.
    """

    lines: list[str]
    texts: Mapping[str, str]
    main: str
    document: Mapping[str, Any]
    failure: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


class ReportingAction(ActionBase):
    """An action that reads its arguments, reports, and touches no host. Subclasses say what they take and make."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    #: As AnsibleModule takes it; ``directory`` is where the files go.
    ARGUMENTS: ClassVar[Mapping[str, Any]] = {}

    def report(self, arguments: Mapping[str, Any]) -> Report:
        """Make the report from plain arguments. Raises SiteError and ObservedError."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Report; fail where that isn't possible, where the files can't be written, or where the report says so."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=dict(self.ARGUMENTS))
        missing = missing_library()
        if missing:
            return {**result, "failed": True, "msg": missing}
        try:
            report = self.report({name: plain(value) for name, value in arguments.items()})
        except (SiteError, ObservedError) as error:
            return {**result, "failed": True, "msg": str(error)}
        path, lines = None, report.lines
        if not self._task.check_mode:
            try:
                path = write_whole(Path(arguments["directory"]), report.texts)[report.main]
            except OSError as error:
                where = error.filename or arguments["directory"]
                message = f"The report can't be written to {where}: {error.strerror}. Name a directory of your own."
                return {**result, "failed": True, "msg": message}
            lines = [*lines, "", f"The whole of it: {path}"]
        self._display.display("\n".join(["", *lines, ""]))
        if report.failure:
            # Ansible shows all that a failed task returns, and the lines stand on the screen already.
            return {**result, "changed": False, "failed": True, "msg": report.failure, "path": path}
        said = {"summary": lines, "path": path, "result": report.document}
        return {**result, "changed": False, **said, **report.more}


def json_text(document: Mapping[str, Any]) -> str:
    """A document as a file holds it."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def read_recorded(paths: Iterable[str]) -> list[SeenFile]:
    """Read captures and listings; raise ObservedError with the name of the one that can't be read."""
    # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
    from ._observed.files import read_seen_file

    found = []
    for path in paths:
        try:
            with mapped(Path(path).expanduser()) as content:
                found.append(read_seen_file(Path(path).name, content))
        except OSError as error:
            raise ObservedError(f"{path} can't be read: {error.strerror or error}. Correct pacs_seen_files") from error
    return found
