# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath over facts, held to what a judgement needs: exactly true or false, and never an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = 400
#: A "not" binds tighter than the dot, so that what is asked of is not what one reads.
_BARE_NOT = re.compile(r"!(?!\s*[=(])")


@dataclass(frozen=True, slots=True)
class Answer:
    """``value`` is true or false; None where the expression gave neither, and ``problem`` says what it gave."""

    value: bool | None
    problem: str


def expression_problem(expression: str) -> str | None:
    """What is wrong with an expression, or None. Also asks for functions that JMESPath doesn't have."""
    # Here and not above, as with netaddr: the faces say in one sentence what is missing.
    import jmespath
    from jmespath.exceptions import ArityError, JMESPathError, UnknownFunctionError

    if _BARE_NOT.search(expression):
        return "in JMESPath !a.b means (!a).b; write !(a.b)"
    try:
        jmespath.compile(expression).search({})
    except (ArityError, UnknownFunctionError) as error:
        return str(error)
    except JMESPathError as error:
        # A function that finds no fact to work on is no fault of the expression.
        return None if type(error).__name__ == "JMESPathTypeError" else str(error).split("\n", maxsplit=1)[0]
    return None


def ask(expression: str, document: Mapping[str, Any]) -> Answer:
    """Evaluate a condition. Anything but true or false is a problem, not an answer."""
    import jmespath

    try:
        value = jmespath.search(expression, document)
    except Exception as error:  # whatever it is, it must not take the other judgements with it
        return Answer(None, f"the expression can't be evaluated ({type(error).__name__})")
    if value is True or value is False:
        return Answer(value, "")
    return Answer(None, f"the expression gave {type(value).__name__} instead of true or false")


def texts(expression: str, document: Mapping[str, Any], most: int = 20) -> tuple[str, ...]:
    """What an expression for people gives: a text or a list of texts, at most ``most`` of them; else nothing."""
    import jmespath

    if not expression:
        return ()
    try:
        value = jmespath.search(expression, document)
    except Exception:  # it is only for showing: the judgement stands without it
        return ()
    found = [value] if isinstance(value, (str, bool, int)) else value if isinstance(value, (list, tuple)) else []
    said = [_short(item) for item in found if isinstance(item, (str, bool, int)) and item != ""]
    rest = len(said) - most
    return (*said[:most], *((f"and {rest} more",) if rest > 0 else ()))


def _short(value: object) -> str:
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def known(path: str, document: Mapping[str, Any]) -> bool:
    """Whether the fact at a dotted path is there and isn't null."""
    value: Any = document
    for step in path.split("."):
        if not isinstance(value, Mapping) or value.get(step) is None:
            return False
        value = value[step]
    return True
