# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.antivirus_findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.entries import is_defenders, read_exclusions
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.facts import read_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import exclusions_of
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import day, filter_face, plain, shipped


@filter_face
def antivirus_findings(
    value: object, host: object = None, platform: Literal["linux", "windows"] = "linux", today: object = None
) -> list[dict[str, Any]]:
    """Judge exclusions by what they open."""
    given, facts, now = plain(value), read_facts(plain(host), platform), day(plain(today))
    if isinstance(given, Mapping) and not is_defenders(given):
        loaded = load_profiles(shipped("_antivirus/profiles"), given, now)
        profiles = [loaded[str(name)] for name in given]
        exclusions = [one for profile in profiles for one in exclusions_of(profile)]
        findings = lint(exclusions, facts, profiles, now)
    else:
        findings = lint(read_exclusions(given, platform), facts)
    return [finding.document() for finding in findings]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"antivirus_findings": antivirus_findings}
