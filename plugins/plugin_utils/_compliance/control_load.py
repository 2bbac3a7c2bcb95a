# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From plain documents (one a family of controls) to controls; every fault of all documents at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._site.faults import DocumentError
from .._site.reader import Fields, Reader, shown
from .control import HOWS, JUDGEABLE, SEVERITIES, SOURCES, STATUSES, SUBJECTS, Citation, Condition, Control
from .expressions import expression_problem

SCHEMA = "pacs-hardening-controls/1"

_ID = re.compile(r"[A-Z]{2,6}-[0-9]{2}")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_LONGEST = 1500
_REQUIRED = (
    *("id", "title", "severity", "subject", "how", "demand", "expected", "judgeable"),
    *("needs", "expression", "observed", "mend", "citations"),
)


class ControlError(DocumentError):
    """Controls that can't be used."""

    headline = "The controls can't be used; nothing was judged."


def load_controls(documents: Mapping[str, object]) -> tuple[Control, ...]:
    """Read the documents, by their names, into controls in the order of ids; raise ControlError with all faults."""
    loader = _Loader()
    controls: dict[str, Control] = {}
    for name in sorted(documents):
        for path, control in loader.family(documents[name], name):
            if control.id in controls:
                loader.reader.fault(path, f"the id '{control.id}' is taken", "Give each control an id of its own.")
            controls.setdefault(control.id, control)
    if not controls and not loader.reader.faults:
        loader.reader.fault("controls", "there are none", "Give at least one document with controls.")
    if loader.reader.faults:
        raise ControlError(loader.reader.faults)
    return tuple(controls[name] for name in sorted(controls))


class _Loader:
    def __init__(self) -> None:
        self.reader = Reader()

    def family(self, document: object, name: str) -> list[tuple[str, Control]]:
        fields = self.reader.fields(document, name, ("schema", "controls"))
        if "schema" in fields and fields.text("schema") != SCHEMA:
            fields.fault("this document is of another kind", f"Write schema: {SCHEMA}.", "schema")
        items = fields.each(
            "controls",
            lambda value, path: (path, self.control(value, path)),
            empty="List controls, or remove the file.",
        )
        return [(path, control) for path, control in items if control is not None]

    def control(self, value: object, path: str) -> Control | None:
        fields = self.reader.fields(value, path, _REQUIRED, ("applies", "warns"))
        if not isinstance(value, Mapping):
            return None
        severity = fields.choice("severity", SEVERITIES)
        subject = fields.choice("subject", SUBJECTS)
        how = fields.choice("how", HOWS)
        judgeable = fields.choice("judgeable", JUDGEABLE)
        citations = fields.each("citations", self.citation, empty="Name where the demand comes from.")
        control_id = fields.one("id", self.id)
        applies = fields.one("applies", self.condition)
        warns = fields.one("warns", self.condition)
        demanded = Condition(self.needs(fields), fields.one("expression", self.expression) or "")
        texts = {key: fields.one(key, self.paragraph) or "" for key in ("title", "demand", "expected", "mend")}
        observed = fields.one("observed", self.expression) or ""
        if control_id is None or severity is None or subject is None or how is None or judgeable is None:
            return None
        return Control(
            id=control_id,
            severity=severity,
            subject=subject,
            how=how,
            judgeable=judgeable,
            applies=applies,
            demanded=demanded,
            warns=warns,
            observed=observed,
            citations=citations,
            **texts,
        )

    def id(self, value: object, path: str) -> str | None:
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        self.reader.fault(path, f"{shown(value)} is not the id of a control", "Write it like SEG-01.")
        return None

    def condition(self, value: object, path: str) -> Condition | None:
        fields = self.reader.fields(value, path, ("needs", "expression"))
        return Condition(self.needs(fields), fields.one("expression", self.expression) or "")

    def needs(self, fields: Fields) -> tuple[str, ...]:
        remedy = "Name the facts without which nothing can be said: no control passes on nothing."
        return fields.each("needs", self.path, empty=remedy)

    def path(self, value: object, path: str) -> str | None:
        if isinstance(value, str) and _PATH.fullmatch(value):
            return value
        self.reader.fault(
            path, f"{shown(value)} is not the path of a fact", "Write it like firewall.rules.input_policy."
        )
        return None

    def expression(self, value: object, path: str) -> str | None:
        text = self.paragraph(value, path)
        problem = expression_problem(text) if text else None
        if problem:
            self.reader.fault(path, f"not an expression: {problem}", "Correct it; it is JMESPath.")
            return None
        return text

    def paragraph(self, value: object, path: str) -> str | None:
        text = " ".join(value.split()) if isinstance(value, str) else ""
        if not text or not text.isprintable() or len(text) > _LONGEST:
            self.reader.fault(
                path, f"{shown(value)} is not a usable text", f"Write 1 to {_LONGEST} characters of text."
            )
            return None
        return text

    def citation(self, value: object, path: str) -> Citation | None:
        fields = self.reader.fields(value, path, ("text", "source", "status"))
        text = fields.one("text", self.paragraph)
        source = fields.choice("source", SOURCES)
        status = fields.choice("status", STATUSES)
        return Citation(text, source, status) if text and source and status else None
