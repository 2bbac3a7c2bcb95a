# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IHE transactions as data: who opens a connection to whom (IHE RAD TF-2, by transaction number).

The direction is that of the TCP connection, not of the data. The connections that people forget have rows of their own:
the archive reports a storage commitment on a new association (DICOM PS3.4 section J.3), and delivers a C-MOVE's images
to the destination on another one (PS3.4 section C.4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["modality", "archive", "order_filler", "order_placer", "display"]
Listener = Literal["application_entities", "hl7_applications"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One connection of a transaction; ``listener`` names the declaration of the responder that says on which port."""

    name: str
    text: str
    initiator: Part
    responder: Part
    listener: Listener


TRANSACTIONS: tuple[Transaction, ...] = (
    Transaction("RAD-2", "placer order", "order_placer", "order_filler", "hl7_applications"),
    Transaction("RAD-3", "filler order", "order_filler", "order_placer", "hl7_applications"),
    Transaction("RAD-5", "worklist query", "modality", "order_filler", "application_entities"),
    Transaction("RAD-8", "images stored", "modality", "archive", "application_entities"),
    Transaction("RAD-10", "storage commitment request", "modality", "archive", "application_entities"),
    Transaction("RAD-10", "storage commitment result", "archive", "modality", "application_entities"),
    Transaction("RAD-14", "image query", "display", "archive", "application_entities"),
    Transaction("RAD-16", "image retrieval", "display", "archive", "application_entities"),
    Transaction("RAD-16", "delivery of retrieved images", "archive", "display", "application_entities"),
)
