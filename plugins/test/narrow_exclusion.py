# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test pacs.hardening.narrow_exclusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.entries import read_exclusions
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint, refused
from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain


@filter_face
def narrow_exclusion(value: object, platform: Literal["linux", "windows"] = "linux") -> bool:
    """Whether no rule of the linter refuses it."""
    return not refused(lint(read_exclusions([plain(value)], platform)))


class TestModule:
    """Tests of this file."""

    def tests(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"narrow_exclusion": narrow_exclusion}
