# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the history of a table from the host's journal. Private; changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._io import files
from ansible_collections.pacs.hardening.plugins.module_utils._io.journal import Journal
from ansible_collections.pacs.hardening.plugins.module_utils._io.live import live_canonical
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.history import Choice, PastChange, choose, history
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import PENDING, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.openings import parse_openings
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import canonical_digest
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import ruleset_of


def read_history(table: str, text: bool, change_id: str | None, steps: int, layout: Layout) -> dict[str, Any]:
    """The return values of C(nft_history_info), without C(changed). Raises HardeningError."""
    if not is_root():
        raise HardeningError("only root can read the firewall's rules; run this task with `become: true`")
    nft, journal = Nft.find(), Journal(layout)
    live = None if nft is None else live_canonical(nft, table)
    changes = history(journal.entries(), table, canonical_digest(live))
    choice = choose(changes, change_id, steps)
    wanted = choice.change
    if wanted is not None and journal.candidate_of(wanted.state, wanted.change.id) is None:
        choice = Choice(
            None, f"the text of change {wanted.change.id} is damaged in this host's journal; choose another"
        )
    return {
        "table": table,
        "in_force": next((past.change.id for past in changes if past.in_force), None),
        "pending": next((past.change.id for past in changes if past.state == PENDING), None),
        "changes": [_document(past, journal, text) for past in changes],
        "target": None if choice.change is None else _document(choice.change, journal, text),
        "target_msg": choice.text,
        "openings": [asdict(record) for record in parse_openings(files.read_text(layout.openings) or "")],
        "notice": (files.read_text(layout.notice) or "").strip(),
    }


def _document(past: PastChange, journal: Journal, text: bool) -> dict[str, Any]:
    change = past.change
    found: dict[str, Any] = {
        "id": change.id,
        "state": past.state,
        "created": change.created_utc,
        "kind": change.kind,
        "digest": change.text_sha256,
        "in_force": past.in_force,
        "steps_back": past.steps_back,
    }
    if text:
        candidate = journal.candidate_of(past.state, change.id)
        fallback = journal.fallback_of(past.state, change.id)
        found["whole"] = candidate is not None
        found["ruleset"] = None if candidate is None else ruleset_of(candidate)
        found["fallback"] = None if fallback is None else ruleset_of(fallback)
    return found
