# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a medium is judged, for every module that does so. Private, pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import CONFIGURATION, SOCKET
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.kinds import TOLERABLE_KINDS

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "medium": {"type": "path", "required": True},
    "label": {"type": "str", "default": ""},
    "tolerate": {"type": "list", "elements": "str", "choices": list(TOLERABLE_KINDS), "default": []},
    "antivirus_socket": {"type": "str", "default": SOCKET},
    "antivirus_configuration": {"type": "path", "default": CONFIGURATION},
    "antivirus_days": {"type": "int", "default": 7},
    "without_antivirus": {"type": "bool", "default": False},
    "files_limit": {"type": "int", "default": 100_000},
    "size_limit": {"type": "int", "default": 100},
    "time_limit": {"type": "float", "default": 3600},
}

_RANGES = {
    "antivirus_days": (0, 3650, "days"),
    "files_limit": (1, 1_000_000, "files and folders"),
    "size_limit": (1, 100_000, "gigabytes"),
    "time_limit": (1, 86_400, "seconds"),
}


def fault(parameters: Mapping[str, Any]) -> str:
    """What is wrong with the options, in a sentence; empty if nothing."""
    for name, (least, most, unit) in _RANGES.items():
        if not least <= parameters[name] <= most:
            return f"{name} is {parameters[name]:g}; it must be from {least} to {most} {unit}."
    if not parameters["label"].isprintable() or len(parameters["label"]) > 80:
        return "label must be at most 80 characters on one line."
    return ""
