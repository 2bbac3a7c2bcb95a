# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.antivirus_device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.model import DeviceAntivirus
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.vocabulary import MDS2_QUESTIONS


@filter_face
def antivirus_device(site: object, host: str) -> dict[str, Any]:
    """What the site says of antivirus on the device with that inventory host."""
    devices = load_site(plain(site)).site.devices.values() if site else ()
    found = [device for device in devices if device.pacs_host == str(host)]
    declared = found[0].antivirus if found else DeviceAntivirus()
    return {
        "device": found[0].name if found else None,
        "agent": declared.agent,
        "profiles": list(declared.profiles),
        "forbidden_by": [f"{one} ({MDS2_QUESTIONS[one]}): no" for one in declared.forbidden_by],
        "instead": [f"{one} ({MDS2_QUESTIONS[one]}): yes" for one in declared.instead],
    }


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"antivirus_device": antivirus_device}
