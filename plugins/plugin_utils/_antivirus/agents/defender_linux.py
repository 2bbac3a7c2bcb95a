# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Defender for Endpoint on Linux, as its managed configuration. Rendered from its documentation (Microsoft,
"Set preferences for Microsoft Defender for Endpoint on Linux"), never tried against a live agent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..load import ProfileError
from ..policy import AntivirusPolicy, Rendered, RenderedFile
from .defender_schema import schema_faults

MANAGED = "/etc/opt/microsoft/mdatp/managed/mdatp_managed.json"
UNIT = "mdatp.service"


def render(policy: AntivirusPolicy) -> Rendered:
    """The managed configuration of one host."""
    document = managed_configuration(policy)
    faults = schema_faults(document)
    if faults:
        raise ProfileError(faults)
    file = RenderedFile(MANAGED, json.dumps(document, indent=2) + "\n", unit=UNIT)
    return Rendered((file,), tuple(_shortcomings(policy)), running=(UNIT,))


def managed_configuration(policy: AntivirusPolicy) -> dict[str, Any]:
    """The document: every default that would surprise is written out."""
    return {
        "antivirusEngine": {
            # Installed it is passive, and protects nothing (since 101.23062.0001).
            "enforcementLevel": "real_time" if policy.prevention else "passive",
            # Muted, it would skip whatever is mounted noexec: removable media first of all.
            "nonExecMountPolicy": "unmute",
            "disallowedThreatActions": ["allow"],
        },
        # A suspicious image holds a patient's data.
        "cloudService": {"automaticSampleSubmissionConsent": "none"},
        "exclusionSettings": {"mergePolicy": "admin_only", "exclusions": list(_exclusions(policy))},
    }


def _exclusions(policy: AntivirusPolicy) -> Iterator[dict[str, Any]]:
    """Each with its scope: left out, it would be global, and endpoint detection blind as well."""
    for path in policy.values("path"):
        yield {"$type": "excludedPath", "isDirectory": True, "path": path, "scopes": ["epp"]}
    for path in policy.values("process"):
        yield {"$type": "excludedFileName", "name": path, "scopes": ["epp"]}


def _shortcomings(policy: AntivirusPolicy) -> Iterator[str]:
    yield "Rendered from Microsoft's documentation, and not verified against a live agent."
    if not policy.prevention:
        yield "Without prevention Defender is passive: it watches nothing on access, and scans on demand only."
    if policy.updates.source != "internet" or policy.updates.custom:
        yield "Defender takes its signatures from Microsoft: mirrors and databases of others aren't used."
    if policy.scan is not None:
        yield "A scheduled scan isn't rendered: Defender has it from its portal, or from cron."
