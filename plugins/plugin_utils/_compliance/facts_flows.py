# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one firewall has seen, held against what is declared: facts for the judge, and the list for the report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...module_utils._evidence.parts import one_line
from .._nftables.names import comment
from .._observed.model import FirewallView, FlowKey
from .._observed.view import read_view
from .._observed.words import moment, plural
from .._policy.model import EnforcementPolicy
from .._policy.site import Compiled
from .collected import HostRecord, count
from .seen_flows import Row, Weight, seen_rows

_PART = "firewall_flows"
#: Rows of a firewall in the report, and lines of them in a finding; the rest is counted.
_MOST, _SAID, _NAMES = 20, 8, 5
_UNREAD = FirewallView(None)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the firewall ``name`` has seen. ``reason`` says why nothing is known; then all else is empty.

    ``doubts``: why more may pass than the rows say. ``remarks``: why more may have been refused than they say.
    ``used``: how many declared flows were; ``unused``: how many weren't, ``unused_names`` those that the site still
    declares.
    """

    name: str
    reason: str = ""
    view: FirewallView = _UNREAD
    rows: tuple[Row, ...] = ()
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    used: int = 0
    unused: int = 0
    unused_names: tuple[str, ...] = ()


def seen_of(compiled: Compiled, name: str, record: HostRecord, probes: Collection[FlowKey]) -> Seen:
    """What the firewall ``name`` of the site has seen, by the evidence of its host."""
    part = record.part(_PART)
    if part.status != "ok":
        return Seen(name, reason=part.reason)
    # What firewall_flows_info may leave out, evidence must say: nothing remembered isn't the same as nothing said.
    if not isinstance(part.value.get("undeclared"), list) or count(part.value, "not_remembered") is None:
        return Seen(name, reason="the evidence doesn't say what the firewall remembers")
    try:
        view = read_view(part.value, name)
        rows = seen_rows(compiled, name, view, probes)
    except Exception as error:  # the evidence may be anything; a judgement must not end with a traceback
        return Seen(name, reason=f"what the firewall has seen can't be understood ({type(error).__name__})")
    if view.mode not in ("watch", "enforce"):
        return Seen(name, reason="whether the firewall watches or enforces isn't said")
    listed = part.value.get("left_out")
    left_out: Mapping[str, Any] = listed if isinstance(listed, Mapping) else {}
    doubts, remarks = _doubts(view, left_out)
    names = _known_names(compiled.policies[name])
    return Seen(
        name,
        view=view,
        rows=rows,
        doubts=tuple(doubts),
        remarks=tuple(remarks),
        used=count(part.value, "used") or 0,
        unused=len(view.unused) + (count(left_out, "unused") or 0),
        unused_names=tuple(one for one in view.unused if one in names),
    )


def _doubts(view: FirewallView, left_out: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What hides more that may pass, and what only hides more that is refused."""
    hidden = []
    if not view.memory:
        hidden.append("its rules keep no memory of undeclared connections; apply the site again to have one")
    if view.not_remembered:
        attempts = plural(view.not_remembered, "attempt")
        hidden.append(f"its memory was full, and {attempts} found no place in it: the list isn't whole")
    more = count(left_out, "undeclared")
    if more is None:
        hidden.append("whether its memory was read whole isn't said")
    elif more:
        hidden.append(f"it remembers {plural(more, 'connection')} more than were read: the list isn't whole")
    opened = []
    if view.connections is None:
        opened.append(f"which connections are open isn't known: {one_line(view.connections_reason) or 'nobody asked'}")
    elif count(left_out, "connections") != 0:
        opened.append("more connections are open than were read")
    # A firewall that enforces has refused what it couldn't remember.
    return ([*hidden, *opened], []) if view.mode == "watch" else (opened, hidden)


def _known_names(policy: EnforcementPolicy) -> frozenset[str]:
    """The names that the site's flows have in the rules: only those are repeated, whatever the host says."""
    permits = (permit.note for passage in policy.passages for permit in passage.permits)
    return frozenset(comment(note) for note in (*permits, *(one.note for one in policy.admissions)))


def flows_facts(seen: Seen) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The part ``flows`` of a firewall's facts, and why it or something in it isn't known, by path below it."""
    if seen.reason:
        return None, {"": f"nothing is known of what passes it: {seen.reason}"}
    failing, warning = _texts(seen.rows, "fails"), _texts(seen.rows, "warns")
    as_declared = False if failing else None if seen.doubts else True
    notes = [*_texts(seen.rows, "notes"), *_unused(seen)]
    nothing = [] if seen.rows else ["no undeclared connection stands in its memory, and none is open"]
    facts = {
        "as_declared": as_declared,
        "worth_a_look": [*warning, *seen.remarks],
        "said": [*failing, *seen.doubts, *warning, *seen.remarks, *nothing, *notes],
    }
    return facts, ({} if as_declared is not None else {"as_declared": "; ".join(seen.doubts)})


def _texts(rows: Iterable[Row], weight: Weight) -> list[str]:
    every = [row.text for row in rows if row.weight == weight]
    rest = len(every) - _SAID
    return [*every[:_SAID], *([f"and {rest} more like these"] if rest > 0 else [])]


def _unused(seen: Seen) -> list[str]:
    if not seen.unused:
        return []
    since = f"since {moment(seen.view.since)}" if seen.view.since else "since its rules are in force"
    shown = seen.unused_names[:_NAMES]
    rest = seen.unused - len(shown)
    named = ", ".join([*shown, *([f"{rest} more"] if rest and shown else [])])
    return [
        f"declared, and not used {since}: {seen.unused} of {seen.used + seen.unused}{f' ({named})' if named else ''}"
    ]


def seen_document(seen: Seen) -> dict[str, Any]:
    """One entry of the part ``seen`` of a result."""
    view = seen.view
    return {
        "firewall": seen.name,
        "mode": view.mode,
        "reason": seen.reason,
        "read_at": view.read_at.strftime("%Y-%m-%dT%H:%M:%SZ") if view.read_at else None,
        "since": view.since.strftime("%Y-%m-%dT%H:%M:%SZ") if view.since else None,
        "rows": [
            {
                "state": row.state,
                "weight": row.weight,
                "source": row.source,
                "destination": row.destination,
                "service": row.service,
                "count": row.count,
                "idle": row.idle,
                "what": row.what,
            }
            for row in seen.rows[:_MOST]
        ],
        "more": max(0, len(seen.rows) - _MOST),
        "doubts": [*seen.doubts, *seen.remarks],
        "declared": {"used": seen.used, "unused": seen.unused, "unused_names": list(seen.unused_names[:_MOST])},
    }
