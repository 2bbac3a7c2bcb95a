# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents that a policy can be rendered for: a row each, and a file each in agents/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .agents import clamav, defender_linux, defender_windows
from .model import Platform
from .policy import AntivirusPolicy, Rendered


@dataclass(frozen=True, slots=True)
class Agent:
    """An antivirus product: its name for people, the system it runs on, and how it is configured."""

    title: str
    platform: Platform
    render: Callable[[AntivirusPolicy], Rendered]


AGENTS: Mapping[str, Agent] = {
    "clamav": Agent("ClamAV", "linux", clamav.render),
    "defender_linux": Agent("Microsoft Defender for Endpoint on Linux", "linux", defender_linux.render),
    "defender_windows": Agent("Microsoft Defender Antivirus on Windows", "windows", defender_windows.render),
}


def rendered_document(rendered: Rendered) -> dict[str, Any]:
    """Plain data for playbooks."""
    return {
        "files": [asdict(file) for file in rendered.files],
        "shortcomings": list(rendered.shortcomings),
        "running": list(rendered.running),
        "stopped": list(rendered.stopped),
    }
