# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every face (filter, test, action) does: plain values in, plain values and readable errors out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import yaml
from ansible.errors import AnsibleFilterError

from ._site.faults import DocumentError

_P = ParamSpec("_P")
_R = TypeVar("_R")

_LIBRARIES = ("netaddr",)


def plain(value: object) -> Any:
    """A deep copy in builtins: Ansible hands over tagged strings, lazy containers, and the user's own variables."""
    if isinstance(value, Mapping):
        return {str.__str__(key) if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def shipped(folder: str) -> dict[str, object]:
    """The YAML documents that the collection ships in a folder of plugin_utils, by file name."""
    paths = (Path(__file__).resolve().parent / folder).glob("*.yml")
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def day(value: object) -> date:
    """The day that is meant: today in UTC, unless another is given."""
    if value is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise AnsibleFilterError(f"today: '{value}' is not a date. Write it like 2026-11-23.") from error


def missing_library() -> str | None:
    """One sentence where a Python library of the controller is missing, else None."""
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            return (
                f"The Python library '{name}' is missing on the controller. "
                f"Install it for the Python that runs Ansible: pip install {name}"
            )
    return None


def filter_face(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Turn a pure function into a filter: what is wrong with its input becomes one clear filter error."""

    @wraps(function)
    def face(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        missing = missing_library()
        if missing:
            raise AnsibleFilterError(missing)
        try:
            return function(*args, **kwargs)
        except DocumentError as error:
            raise AnsibleFilterError(str(error)) from error

    return face
