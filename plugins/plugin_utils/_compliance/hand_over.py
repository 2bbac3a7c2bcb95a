# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made for devices on which nothing of ours runs: exclusions as files for whoever may set them there."""

from __future__ import annotations

from .._antivirus.agent import AGENTS
from .._antivirus.govern import govern
from .._antivirus.load import ProfileError
from .._antivirus.policy_load import load_policy
from .._site.model import Device, Site
from .facts_governance import Profiles


def hand_over(site: Site, profiles: Profiles) -> dict[str, str]:
    """Files by name, of every device whose agent isn't configured by this collection. One whose profiles nobody has
    confirmed gets none: AV-07 says why.
    """
    files: dict[str, str] = {}
    for device in site.devices.values():
        agent = AGENTS.get(device.antivirus.agent or "")
        if agent is not None and agent.platform == "windows":
            files |= _files(device, profiles)
    return files


def _files(device: Device, profiles: Profiles) -> dict[str, str]:
    agent = AGENTS[str(device.antivirus.agent)]
    try:
        governed = govern(profiles.known, device.antivirus.profiles, profiles.today)
        declared = {"host": device.name, "landing": list(device.antivirus.landing)}
        policy = load_policy(declared, governed.exclusions, agent.platform)
    except ProfileError:
        return {}
    rendered = agent.render(policy)
    return {file.path: file.text for file in rendered.files if not file.applied and file.text and governed.exclusions}
