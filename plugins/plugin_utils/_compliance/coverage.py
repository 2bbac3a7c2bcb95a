# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the declared devices were judged, and how: the first thing a report says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._site.model import Device, Site
from .collected import HostRecord
from .facts_network import Tried

HOWS = ("on_host", "from_network", "only_declared", "not_seen")


def coverage(site: Site, hosts: Mapping[str, HostRecord], tried: Iterable[Tried]) -> dict[str, Any]:
    """The part ``coverage`` of a result. ``hosts`` by their names in the site; ``tried`` from all vantage points."""
    asked = {one.planned.target for one in tried if one.kind not in ("not asked", "unclear")}
    devices = [_device(device, hosts.get(device.name), asked) for device in site.devices.values()]
    return {
        "declared": len(devices),
        **{how: [device["name"] for device in devices if device["how"] == how] for how in HOWS},
        "devices": devices,
    }


def _device(device: Device, record: HostRecord | None, asked: set[str]) -> dict[str, Any]:
    how, reason = "only_declared", "not managed: nobody logs in to it"
    if device.managed:
        how, reason = "not_seen", record.reason if record else "nothing was collected from it"
        if record is not None and record.reached == "ok":
            how, reason = "on_host", ""
    elif device.name in asked:
        how, reason = "from_network", "not managed: nobody logs in to it"
    return {"name": device.name, "zone": device.zone, "managed": device.managed, "how": how, "reason": reason}
