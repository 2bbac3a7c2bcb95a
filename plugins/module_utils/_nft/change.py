# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of one of our tables, as it is written to the host's journal, and the decisions about it. Private, pure.

Times: C(deadline) counts on CLOCK_BOOTTIME in seconds, which no clock step moves; C(deadline_utc) and C(created_utc)
only inform people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import CONFIRMED, PENDING, ROLLED_BACK

_CHANGE_ID = re.compile(r"[0-9]{8}-[0-9a-f]{8}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True)
class Change:
    """One change. I(kind) is C(present) or C(absent); I(deadline) is None when nothing will roll it back by itself.

    I(canonical_sha256): of the canonical JSON that the table has while this change is in force; None until it is known.
    """

    id: str
    table: str
    kind: str
    text_sha256: str
    canonical_sha256: str | None
    created_utc: str
    deadline: float | None
    deadline_utc: str | None
    keep: int

    def to_json(self) -> str:
        """The text of C(change.json)."""
        return json.dumps(asdict(self), sort_keys=True, indent=1) + "\n"


@dataclass(frozen=True)
class Entry:
    """One folder of the journal. I(change) is None when its C(change.json) can't be read; I(restored) is False while
    a rollback is unfinished.
    """

    id: str
    state: str
    change: Change | None
    restored: bool = True


def valid_change_id(text: str) -> bool:
    """Whether I(text) may be used as a change id, and so in a path and a unit name."""
    return _CHANGE_ID.fullmatch(text) is not None


def require_change_id(text: str) -> str:
    """I(text), if it is a change id. Raises HardeningError otherwise."""
    if not valid_change_id(text):
        raise HardeningError(
            f"change_id {text[:60]!r} is not a change id (like 00000012-1a2b3c4d); use the change_id that "
            f"nft_ruleset returned"
        )
    return text


def next_change_id(existing: Iterable[str], random_hex: str) -> str:
    """The id after the highest of I(existing); I(random_hex), 8 digits, tells apart changes of a journal that was
    removed in between.
    """
    highest = max((int(name[:8]) for name in existing if valid_change_id(name)), default=0)
    if highest >= 99999999:
        raise HardeningError("the journal has used up its change numbers; move /var/lib/pacs-hardening/nft away")
    return require_change_id(f"{highest + 1:08d}-{random_hex}")


def parse_change(text: str) -> Change:
    """Read C(change.json). Raises HardeningError on anything that this version did not write."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise HardeningError(f"change.json can't be read: {type(exc).__name__}") from exc
    checks: dict[str, Any] = {
        "id": lambda value: isinstance(value, str) and valid_change_id(value),
        "table": lambda value: value in TABLES,
        "kind": lambda value: value in ("present", "absent"),
        "text_sha256": _matches(_SHA256),
        "canonical_sha256": lambda value: value is None or _matches(_SHA256)(value),
        "created_utc": _matches(_UTC),
        "deadline": lambda value: value is None or (_is_number(value) and 0 <= value < 1e15),
        "deadline_utc": lambda value: value is None or _matches(_UTC)(value),
        "keep": lambda value: isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000,
    }
    if not isinstance(raw, dict) or set(raw) != set(checks):
        raise HardeningError("change.json can't be read: not the fields that this version writes")
    wrong = sorted(name for name, check in checks.items() if not check(raw[name]))
    if wrong:
        raise HardeningError(f"change.json can't be read: wrong value of {', '.join(wrong)}")
    if raw["deadline"] is not None:
        raw["deadline"] = float(raw["deadline"])
    return Change(**raw)


def newest_confirmed(entries: Iterable[Entry], table: str) -> Change | None:
    """The confirmed change of I(table) that the boot unit would try first, if its C(change.json) is readable."""
    found = [
        entry.change for entry in entries if entry.state == CONFIRMED and entry.change and entry.change.table == table
    ]
    return max(found, key=lambda change: change.id, default=None)


def unfinished(entries: Iterable[Entry]) -> Entry | None:
    """The newest change of all, if its rollback was begun and not finished. Older ones were overtaken by a later
    change.
    """
    newest = max(entries, key=lambda entry: entry.id, default=None)
    return newest if newest and newest.state == ROLLED_BACK and not newest.restored else None


def pending(entries: Iterable[Entry]) -> list[Entry]:
    """All pending changes, oldest first. There is at most one unless someone meddled."""
    return sorted((entry for entry in entries if entry.state == PENDING), key=lambda entry: entry.id)


def is_live(entry: Entry, now: float, armed: bool, same_boot: bool) -> bool:
    """Whether a pending change still waits for its confirmation.

    I(now): CLOCK_BOOTTIME, seconds. I(armed): its timer is loaded. I(same_boot): the marker in /run is there. If it
    isn't live, whoever finds it rolls it back: the host restarted, the deadline passed, or the process that began it
    died before arming the timer.
    """
    if not same_boot or not armed or entry.change is None or entry.change.deadline is None:
        return False
    return now < entry.change.deadline


def pending_message(entry: Entry, now: float) -> str:
    """Why a second change is refused."""
    if entry.change is None or entry.change.deadline is None:
        return f"change {entry.id} is pending; roll it back with nft_change or `pacs-firewall rollback {entry.id}`"
    return (
        f"change {entry.id} of table {entry.change.table} is pending until {entry.change.deadline_utc} "
        f"({max(0, round(entry.change.deadline - now))} s from now): confirm it, or roll it back, with "
        f"pacs.hardening.nft_change, or wait; "
        "nothing was changed by this task"
    )


def superseded(entries: Iterable[Entry], table: str, keep: int) -> list[tuple[str, str]]:
    """(state, id) of the changes to delete so that I(keep) confirmed and I(keep) rolled back ones of I(table) stay."""
    surplus: list[tuple[str, str]] = []
    for state in (CONFIRMED, ROLLED_BACK):
        ids = sorted(
            entry.id for entry in entries if entry.state == state and entry.change and entry.change.table == table
        )
        surplus.extend((state, change_id) for change_id in ids[: max(0, len(ids) - keep)])
    return surplus


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _matches(pattern: Any) -> Any:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
