# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen, in lines that somebody tired can read. Everything here reads plain documents (documents.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .words import ago, moment, plural, span, times

Row = Mapping[str, Any]

#: Lines of one list on the screen; the file has them all.
MOST = 30
_ONE_BY_ONE = 12
_ANOTHER_WAY = "declared, but it came or went by another interface than the site expects"
_STATES = {
    "watch": "watches{since}. Undeclared connections pass, and are remembered.",
    "enforce": "enforces{since}. Undeclared connections are refused, and are remembered.",
}
_UNDECLARED = {"watch": "Enforcing would cut", "enforce": "Refused"}


def flow_line(row: Row) -> str:
    """``ct7 -> pacs1:104 tcp, 12 times, last 3 min ago: DICOM``."""
    ends = f"{_end(row['source'])} -> {_end(row['destination'])}:{row['port']} {row['protocol']}"
    last = f", last {ago(row['idle'])}" if row.get("idle") is not None else ""
    what = f": {row['looks_like']}" if row.get("looks_like") else ""
    way = f"; {_ANOTHER_WAY}" if row.get("another_way") else ""
    return f"{ends}, {times(row['count'])}{last}{what}{way}"


def _flow_lines(rows: Sequence[Row]) -> list[str]:
    """A line a flow, in their order; one for all of a source that has very many, as a scanner has."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[_end(row["source"])].append(row)
    lines = []
    for row in rows:
        many = by_source[_end(row["source"])]
        if len(many) <= _ONE_BY_ONE:
            lines.append(flow_line(row))
        elif row is many[0]:
            lines.append(_summed(_end(row["source"]), many))
    return lines


def _summed(source: str, rows: Sequence[Row]) -> str:
    targets = plural(len({row["destination"]["address"] for row in rows}), "destination")
    ports = plural(len({(row["protocol"], row["port"]) for row in rows}), "port")
    attempts = plural(sum(row["count"] for row in rows), "attempt")
    return f"{source} -> {targets}, {ports}: {attempts} in all"


def _end(end: Row) -> str:
    return str(end["name"]) if end["name"] else f"{end['address']} ({end['zone'] or 'in no zone'})"


def observed_lines(document: Row) -> list[str]:
    """The report of pacs.hardening.observe."""
    lines = [f"What the firewalls of {document['site']} have seen"]
    for firewall in document["firewalls"]:
        lines += ["", *_firewall(firewall)]
    return [*lines, *_advice(document["firewalls"])]


def _firewall(row: Row) -> list[str]:
    name, mode = row["firewall"], row["mode"]
    if mode is None:
        return [f"{name} WASN'T READ, so nothing is claimed about it: {row['reason']}"]
    if mode == "none":
        return [f"{name}: nothing of this collection is in force there ({row['reason']})."]
    lines = [f"{name} {_STATES[mode].format(since=_since(row))}", *_opening(row["opening"]), *_memory(row)]
    found = row["undeclared"]
    if found:
        lines += [f"  {_UNDECLARED[mode]}:", *_listed(_flow_lines(found))]
    elif row["memory"]:
        lines.append("  No undeclared connection stands in its memory.")
    if row["still_open"]:
        lines += ["  Open now, though nothing declares it:", *_listed(_flow_lines(row["still_open"]))]
    elif row["connections_reason"]:
        lines.append(f"  Which connections are open isn't known: {row['connections_reason']}.")
    if row["unused"]:
        lines += ["  Declared, and not used in that time:", *_listed(row["unused"])]
    return lines


def _since(row: Row) -> str:
    if not row["since"]:
        return ""
    since = _time(row["since"])
    passed = f", for {span((_time(row['read_at']) - since).total_seconds())} now" if row["read_at"] else ""
    return f" since {moment(since)}{passed}"


def _opening(row: Row | None) -> list[str]:
    if row is None:
        return []
    ends = f"for {span(row['seconds_left'])} more" if row["seconds_left"] is not None else "WITHOUT AN END"
    who = f" by {row['by']}" if row.get("by") else ""
    why = f": {row['reason']}" if row.get("reason") else ""
    return [f"  OPEN FROM ITS CONSOLE {ends}{who}{why} ({', '.join(row['protocols'])})"]


def _memory(row: Row) -> list[str]:
    if not row["memory"]:
        return ["  Its rules keep no memory of undeclared connections: apply the site again to have one."]
    if row["not_remembered"]:
        lost = plural(row["not_remembered"], "attempt")
        return [f"  ITS MEMORY WAS FULL: {lost} found no place in it, so the list below is not whole."]
    return ["  Its memory is full: what is new finds no place in it."] if row["full"] else []


def _advice(firewalls: Sequence[Row]) -> list[str]:
    if not any(row["undeclared"] or row["still_open"] for row in firewalls):
        return []
    return [
        "",
        "Declare in pacs_site what belongs to the site: pacs.hardening.propose writes a proposal, and",
        "pacs.hardening.simulate says what it would still cut. firewall_mode: enforce refuses the rest.",
    ]


def simulated_lines(document: Row) -> list[str]:
    """The report of pacs.hardening.simulate."""
    lines = [f"What this site of {document['site']} would cut of what was seen"]
    for file in document["files"]:
        lines += [f"  {file['name']}: {file['what']}", *(f"    {note}" for note in file["notes"])]
    for row in document["firewalls"]:
        lines += ["", *_simulated(row)]
    return [*lines, "", *_verdict(document)]


def _simulated(row: Row) -> list[str]:
    name, lines = row["firewall"], []
    if row["asked"] and row["mode"] is None:
        lines.append(f"{name} WASN'T READ, so what it has seen isn't known: {row['reason']}")
    elif row["mode"] == "none":
        lines.append(f"{name} has seen nothing: nothing of this collection is in force there ({row['reason']}).")
    if row["not_remembered"]:
        lines.append(f"{name}: its memory was full, so that what it has seen is not all.")
    cut, seen = len(row["cut"]) + len(row["lost"]), plural(row["seen"], "flow")
    if cut:
        lost = (
            f"{one['flow']}, {times(one['count'])}: declared so far, and not (wholly) any more" for one in row["lost"]
        )
        lines += [f"{name} would cut {cut} of the {seen} seen there:", *_listed([*map(_cut_line, row["cut"]), *lost])]
    elif row["seen"]:
        lines.append(f"{name} would cut none of the {seen} seen there.")
    return lines or [f"{name} has seen no connection yet."]


def _cut_line(row: Row) -> str:
    return f"{flow_line(row)}{'; declared so far' if row['declared_so_far'] else ''}"


def _verdict(document: Row) -> list[str]:
    verdict, affected = document["verdict"], document["affected"]
    if verdict == "cuts":
        names = ", ".join(affected[:MOST]) + (f" and {len(affected) - MOST} more" if len(affected) > MOST else "")
        return [f"NOT SAFE TO ENFORCE. It would hurt: {names}."]
    if verdict == "unknown":
        why = f"{', '.join(document['unread'])} wasn't read" if document["unread"] else "nothing was seen yet"
        return [f"NOT KNOWN whether this site is safe to enforce: {why}."]
    some = any(row["cut"] or row["lost"] for row in document["firewalls"])
    rest = " What would be cut is listed above." if some else ""
    return [f"Nothing that was seen of declared devices would be cut.{rest}"]


def _listed(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    shown = [f"    {line}" for line in every[:MOST]]
    return [*shown, f"    and {len(every) - MOST} more, all in the file"] if len(every) > MOST else shown


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
