# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.clamav_findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_audit import audit
from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face


@filter_face
def clamav_findings(configuration: object, command: object = "") -> list[dict[str, Any]]:
    """Judge a ClamAV that somebody else configured."""
    return [finding.document() for finding in audit(str(configuration), str(command))]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"clamav_findings": clamav_findings}
