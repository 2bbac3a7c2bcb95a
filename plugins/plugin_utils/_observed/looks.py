# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection looks like: the IHE transactions that fit its two ends and its direction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from .._flows.ihe import TRANSACTIONS, Listener, Part, Transaction
from .._site.model import Site
from .services import Known

#: IHE actors that play a part in the workflow.
PART_OF_ACTOR: Mapping[str, Part] = {
    "acquisition_modality": "modality",
    "image_manager_archive": "archive",
    "order_filler": "order_filler",
    "order_placer": "order_placer",
    "image_display": "display",
}

Parts = Mapping[str, Collection[Part]]


def parts_of(site: Site) -> dict[str, set[Part]]:
    """The parts that each device plays, by its actors and by the workflows that name it."""
    parts: dict[str, set[Part]] = defaultdict(set)
    for device in site.devices.values():
        parts[device.name].update(PART_OF_ACTOR[actor] for actor in device.actors if actor in PART_OF_ACTOR)
    for workflow in site.workflows:
        for name in workflow.modalities:
            parts[name].add("modality")
        for name in workflow.displays:
            parts[name].add("display")
        parts[workflow.archive].add("archive")
        if workflow.order_filler:
            parts[workflow.order_filler].add("order_filler")
        if workflow.order_placer:
            parts[workflow.order_placer].add("order_placer")
    return dict(parts)


def fitting(parts: Parts, source: str, destination: str, listener: Listener | None) -> list[Transaction]:
    """The transactions in which ``source`` opens a connection of that kind to ``destination``."""
    return [
        transaction
        for transaction in TRANSACTIONS
        if transaction.listener == listener
        and transaction.initiator in parts.get(source, ())
        and transaction.responder in parts.get(destination, ())
    ]


def in_words(transactions: Iterable[Transaction]) -> str:
    """``images stored (RAD-8), storage commitment request (RAD-10)``."""
    return ", ".join(f"{transaction.text} ({transaction.name})" for transaction in transactions)


def looks_like(parts: Parts, source: str, destination: str, known: Known | None) -> str:
    """What it looks like, in a few words, or that nobody knows."""
    if known is None:
        return "no known service"
    transactions = fitting(parts, source, destination, known.listener)
    return f"looks like {in_words(transactions)}" if transactions else known.title
