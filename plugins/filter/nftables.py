# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.nftables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document


@filter_face
def nftables(value: object) -> str | dict[str, str]:
    """Render one policy, or each of a mapping of policies."""
    if isinstance(value, Mapping) and "format" not in value and value:
        return {str(name): render(from_document(plain(item))) for name, item in value.items()}
    return render(from_document(plain(value)))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"nftables": nftables}
