# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The undeclared connections that a compliance report tries itself: its own traces in the memories of firewalls.

They follow from the site, as the plan of the report does. Nobody at the hospital needs them: they stand in the way of
no enforcement, and belong into no proposal.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._observed.model import FlowKey
from .._policy.site import Compiled
from .._site.model import Device
from .probe_plan import Plan, plan_probes


def own_tries(compiled: Compiled) -> frozenset[FlowKey]:
    """Those of the report that would be made of this site."""
    return tries_of(plan_probes(compiled), compiled.site.devices)


def tries_of(plans: Mapping[str, Plan], devices: Mapping[str, Device]) -> frozenset[FlowKey]:
    """Those of the plans of a report, by the names of their vantage points."""
    return frozenset(
        FlowKey(str(own), one.address, "tcp", one.port)
        for plan in plans.values()
        for one in plan.probes
        if not one.declared and not one.asks_nothing
        for own in devices[plan.vantage].addresses
        if own.version == one.family
    )
