# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.antivirus_exclusions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern, governed_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import day, filter_face, plain, shipped


@filter_face
def antivirus_exclusions(
    profiles: object, names: object = None, medical_device: bool = True, today: object = None
) -> list[dict[str, Any]]:
    """The one list of exclusions that confirmed profiles allow."""
    now, own = day(plain(today)), plain(profiles)
    every = list(own) if isinstance(own, Mapping) else []
    chosen = plain(names) if names is not None else every
    wanted = chosen if isinstance(chosen, list) else [chosen]
    loaded = load_profiles(shipped("_antivirus/profiles"), own, now)
    return governed_documents(govern(loaded, [str(name) for name in wanted], now, medical_device))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"antivirus_exclusions": antivirus_exclusions}
