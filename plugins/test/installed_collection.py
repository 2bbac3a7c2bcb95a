# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test pacs.hardening.installed_collection."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any


def installed_collection(name: object) -> bool:
    """Whether the controller has a collection; a play that needs one says so before it ends with an error."""
    try:
        return find_spec(f"ansible_collections.{name}") is not None
    except (ImportError, ValueError):
        return False


class TestModule:
    """Tests of this file."""

    def tests(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"installed_collection": installed_collection}
