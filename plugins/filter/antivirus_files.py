# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.antivirus_files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agent import AGENTS, rendered_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy
from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import day, filter_face, plain, shipped
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import suggestion


@filter_face
def antivirus_files(
    policy: object,
    agent: str,
    profiles: object = None,
    names: object = None,
    medical_device: bool = True,
    today: object = None,
) -> dict[str, Any]:
    """Render what an antivirus agent reads on one host."""
    if agent not in AGENTS:
        raise AnsibleFilterError(f"no agent is named '{agent}'. {suggestion(str(agent), AGENTS, 'Known agents')}")
    now, own, chosen = day(plain(today)), plain(profiles), plain(names)
    every = list(own) if isinstance(own, Mapping) else []
    wanted = every if chosen is None else chosen if isinstance(chosen, list) else [chosen]
    loaded = load_profiles(shipped("_antivirus/profiles"), own, now)
    governed = govern(loaded, [str(name) for name in wanted], now, medical_device)
    known = AGENTS[agent]
    wanted_there = load_policy(plain(policy), governed.exclusions, known.platform)
    expired = [profile.name for profile in governed.expired]
    document = rendered_document(known.render(wanted_there))
    return {**document, "expired": expired, "on_access_limit": wanted_there.limits.on_access}


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"antivirus_files": antivirus_files}
