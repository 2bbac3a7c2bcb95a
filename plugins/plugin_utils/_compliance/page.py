# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page: ``render_page`` turns a result document into HTML that opens from anywhere, without network.

The page has no script and refers to nothing outside itself. Everything that comes from the document is escaped, and
characters that could reorder or hide text are shown by their number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from .page_view import page_of
from .templates.findings import FINDINGS
from .templates.frame import MACROS, PAGE
from .templates.overview import COVERAGE, HOSTS
from .templates.reachability import REACHABILITY
from .templates.seen import SEEN
from .templates.style import STYLE

#: Controls, formatting (bidirectional overrides among it), surrogates, private use, unassigned, line breaks.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NEEDED = frozenset("\n\t")


def render_page(result: Mapping[str, Any]) -> str:
    """One self-contained HTML5 page from a result document (``pacs-hardening-report/1``).

    Pure: one document always gives one text. Raises KeyError if the document lacks a part that its schema requires.
    Read are: ``schema``, ``site``, ``generated_at`` (ISO 8601, UTC), ``tool``, ``summary.verdict``, ``coverage``,
    ``reachability``, ``seen``, ``findings`` (``citations`` of ``text``, ``source``, ``status``), ``hosts`` (``parts``
    of name to status, ``findings`` of ``control``, ``state``), ``waivers`` and ``limits``. Numbers are counted from the
    findings.
    """
    return _environment().get_template("page").render(page=page_of(result), style=Markup(STYLE))  # noqa: S704 - our own text


_SHARED = '{% from "macros" import mark, state, pill, pairs, flows, trace, legend, waiver %}'
_TEMPLATES = {
    "macros": MACROS,
    "page": _SHARED + PAGE,
    "coverage": _SHARED + COVERAGE,
    "reachability": _SHARED + REACHABILITY,
    "seen": _SHARED + SEEN,
    "findings": _SHARED + FINDINGS,
    "hosts": _SHARED + HOSTS,
}


def _environment() -> Environment:
    return Environment(
        loader=DictLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: object) -> object:
    """Every value on its way into the page: what the eye wouldn't see is written out, such as ``<U+202E>``."""
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    shown = (
        f"<U+{ord(character):04X}>"
        if unicodedata.category(character) in _HIDDEN and character not in _NEEDED
        else character
        for character in str(value)
    )
    # Markup holds text that is escaped already; the same marks are escaped for it by hand.
    if isinstance(value, Markup):
        return Markup("".join(part if len(part) == 1 else str(Markup.escape(part)) for part in shown))  # noqa: S704
    return "".join(shown)
