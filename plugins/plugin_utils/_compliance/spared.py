# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices whose maker forbids antivirus, and what was seen of that which protects them instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .._site.model import Device, Site
from .._site.vocabulary import MDS2_QUESTIONS
from .judge import Judgement

#: What compensates, of the device itself and of each firewall that stands before its zone.
_OF_THE_DEVICE = ("AV-07", "CFG-01", "FILE-01", "FILE-03", "SEG-03")
_OF_ITS_FIREWALLS = ("SEG-02", "SEG-05")


def without_antivirus(site: Site, judged: Iterable[Judgement]) -> tuple[dict[str, Any], ...]:
    """The part ``without_antivirus`` of a result, a device each in the order of the site."""
    known = list(judged)
    return tuple(_device(device, site, known) for device in site.devices.values() if device.antivirus.forbidden_by)


def _device(device: Device, site: Site, judged: list[Judgement]) -> dict[str, Any]:
    return {
        "name": device.name,
        "forbidden_by": [f"{one} ({MDS2_QUESTIONS[one]}): no" for one in device.antivirus.forbidden_by],
        "instead": [f"{one} ({MDS2_QUESTIONS[one]}): yes" for one in device.antivirus.instead],
        "controls": list(_controls(device, site, judged)),
    }


def _controls(device: Device, site: Site, judged: list[Judgement]) -> Iterator[dict[str, str]]:
    firewalls = [one.name for one in site.firewalls.values() if device.zone in {leg.zone for leg in one.legs}]
    for one in judged:
        control, subject = one.control, one.facts.subject
        own = subject == device.name and control.id in _OF_THE_DEVICE
        before = subject in firewalls and control.id in _OF_ITS_FIREWALLS
        if (own or before) and one.state != "not_applicable":
            yield {"control": control.id, "title": control.title, "subject": subject, "state": one.state}
