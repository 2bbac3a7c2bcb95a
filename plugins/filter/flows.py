# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.document import flow_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site


@filter_face
def flows(site: object) -> list[dict[str, Any]]:
    """Derive the flows of a declared site."""
    return [flow_document(flow) for flow in derive(load_site(plain(site)).site).flows]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"flows": flows}
