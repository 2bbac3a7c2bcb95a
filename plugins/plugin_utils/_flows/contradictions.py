# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An intervention that is open without a window: two statements of a site that can't both hold."""

from __future__ import annotations

from collections.abc import Iterable

from .._site.faults import Fault
from .model import Endpoint, Flow


def contradictions(interventions: Iterable[Flow], flows: Iterable[Flow], path: str) -> tuple[Fault, ...]:
    """A fault for each intervention of which a flow allows something always."""
    standing = tuple(flows)
    return tuple(
        Fault(
            path,
            f"'{intervention}' is an intervention, but '{flow}' allows some of it always",
            "Remove one of the two, or narrow the other.",
        )
        for intervention in interventions
        for flow in standing
        if _overlap(intervention, flow)
    )


def _overlap(one: Flow, other: Flow) -> bool:
    if one.protocol != other.protocol:
        return False
    if one.ports and other.ports and (one.ports.first > other.ports.last or other.ports.first > one.ports.last):
        return False
    return _meet(one.source, other.source) and _meet(one.destination, other.destination)


def _meet(one: Endpoint, other: Endpoint) -> bool:
    """Whether they may be the same machine. All addresses of the outside are undeclared: they are of no other zone."""
    if one.zone != other.zone:
        return False
    return any(
        left.version == right.version and left.overlaps(right) for left in one.networks for right in other.networks
    )
