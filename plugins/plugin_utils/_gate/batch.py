# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement on one change of several firewalls: all of them keep their new rules, or all go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._evidence.parts import one_line
from .asked import Compared


@dataclass(frozen=True, slots=True)
class Member:
    """How far one firewall of the change came. I(change_id): its new rules are in force and wait for a confirmation;
    empty where no rules had to change. I(problem): why it can't be part of the change, empty if it can.
    """

    host: str
    change_id: str = ""
    deadline: str = ""
    problem: str = ""

    @property
    def armed(self) -> bool:
        """Whether new rules wait for their confirmation here."""
        return bool(self.change_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen on one firewall since the change: see since.py. Or why nobody could look."""

    reached: bool
    reason: str
    refused: tuple[str, ...]
    now_refused: tuple[str, ...]
    unconfirmed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """I(failures): why the change is taken back; I(advice): what to do then. I(notes): told, and blamed on nobody."""

    failures: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the change may be confirmed."""
        return not self.failures


def read_members(value: Mapping[str, Any]) -> dict[str, Member]:
    """The members by host, from what the role noted of each: I(change_id) and I(deadline), and what came of applying
    (I(applied)) and of the first new connection under the new rules (I(waiting)).
    """
    return {str(host): _member(str(host), item) for host, item in value.items() if isinstance(item, Mapping)}


def _member(host: str, item: Mapping[str, Any]) -> Member:
    applied, waiting = _said(item.get("applied")), _said(item.get("waiting"))
    deadline = str(item.get("deadline") or "")
    if applied.unreachable:
        return Member(host, problem=f"it can't be reached, and nothing was changed there: {applied.message}")
    if applied.failed:
        return Member(host, problem=applied.message)
    change_id = str(item.get("change_id") or "")
    if change_id and waiting.unreachable:
        problem = f"no new connection could be made under the new rules: {waiting.message}. {_way(host)}"
        return Member(host, change_id, deadline, problem)
    return Member(host, change_id, deadline, waiting.message if waiting.failed else "")


@dataclass(frozen=True, slots=True)
class _Said:
    """The result of a task."""

    failed: bool
    unreachable: bool
    message: str


def _said(result: Any) -> _Said:
    item = result if isinstance(result, Mapping) else {}
    message = " ".join(str(item.get("msg") or "no reason was given").split())
    return _Said(bool(item.get("failed")), bool(item.get("unreachable")), message)


def read_looked(value: Mapping[str, Any]) -> dict[str, Looked]:
    """What was seen, by host, from the results of the action clinical_gate_flows."""
    return {
        str(host): Looked(
            item.get("reached") is True,
            one_line(str(item.get("reason") or item.get("msg") or "nobody looked")),
            _texts(item.get("refused")),
            _texts(item.get("now_refused")),
            _texts([one.get("text") for one in item.get("unconfirmed") or () if isinstance(one, Mapping)]),
        )
        for host, item in value.items()
        if isinstance(item, Mapping)
    }


def judge(
    names: Sequence[str], members: Mapping[str, Member], compared: Compared, looked: Mapping[str, Looked]
) -> Verdict:
    """Judge a change of the firewalls I(names)."""
    failures = list(_not_ready(names, members))
    advice: dict[str, None] = {}
    if not failures:
        # Only where everything is armed was anything tried: before that, silence says nothing.
        for failure, what_to_do in _broken(names, compared, looked):
            failures.append(failure)
            advice[what_to_do] = None
    elif any(name not in members for name in names):
        advice["Look at the firewall that dropped out."] = None
    return Verdict(tuple(failures), tuple(advice), tuple(_notes(names, compared, looked)))


def _not_ready(names: Sequence[str], members: Mapping[str, Member]) -> Iterator[str]:
    for name in names:
        member = members.get(name)
        if member is None:
            yield f"{name} dropped out of the run before its rules could be confirmed"
        elif member.problem:
            yield f"{name}: {member.problem}"


def _broken(names: Sequence[str], compared: Compared, looked: Mapping[str, Looked]) -> Iterator[tuple[str, str]]:
    """Pairs of what is broken and what to do about it."""
    for text in compared.lost:
        yield (
            text,
            "The rules were proven to let through what is declared. So look at what the proof can't see: routes and "
            f"address translation on {', '.join(names)}, tables that somebody else has loaded meanwhile (`nft list "
            "ruleset`), the device itself.",
        )
    for text in compared.cut:
        yield text, _way("it")
    for name in names:
        seen = looked.get(name)
        if seen is None or not seen.reached:
            reason = seen.reason if seen else "nobody looked"
            yield f"{name} can't be reached any more over a new connection: {reason}", _way(name)
            continue
        for text in seen.refused:
            yield (
                f"{name} refuses what is declared: {text}",
                "Where a declared connection comes another way, correct the zone of the device, or the interfaces of "
                f"the firewall in the site (`ip route get ADDRESS` on {name} shows the way that it takes).",
            )


def _way(name: str) -> str:
    return (
        f"If {name} is up, check that the site's management sources hold the address that this controller connects "
        "from, and that the way there leads through the declared zones."
    )


def _notes(names: Sequence[str], compared: Compared, looked: Mapping[str, Looked]) -> Iterator[str]:
    yield from compared.mended
    yield from compared.broken_before
    yield from compared.unasked
    seen = [looked[name] for name in names if name in looked]
    # One flow may meet several firewalls.
    for text in dict.fromkeys(text for one in seen for text in one.now_refused):
        yield f"now refused: {text}"
    for text in dict.fromkeys(text for one in seen for text in one.unconfirmed):
        yield f"not yet confirmed: {text}"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one_line(str(text)) for text in value or () if text)
