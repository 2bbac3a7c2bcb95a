# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a change, in one message: why it was taken back, which rules are in force where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._evidence.parts import one_line
from .batch import Member, Verdict

_MOST = 15


@dataclass(frozen=True, slots=True)
class Settled:
    """What a firewall said at the end. I(reason): why it didn't do what it was told, or couldn't be asked."""

    confirmed: bool = False
    rolled_back: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the new rules are in force everywhere, and what to say."""

    confirmed: tuple[str, ...]
    message: str

    @property
    def good(self) -> bool:
        """Whether there is nothing to complain of."""
        return not self.message


def read_settled(value: Mapping[str, Any]) -> dict[str, Settled]:
    """What was said by which host, from the results of nft_change or nft_ruleset."""
    return {
        str(host): Settled(
            item.get("confirmed") is True,
            item.get("rolled_back") is True,
            one_line(str(item.get("msg") or "")),
        )
        for host, item in value.items()
        if isinstance(item, Mapping) and not item.get("skipped")
    }


def conclude(
    names: Sequence[str],
    members: Mapping[str, Member],
    verdict: Verdict,
    settled: Mapping[str, Settled],
    restored: Mapping[str, Settled],
) -> Outcome:
    """Put together what became of the change of the firewalls I(names)."""
    armed = [members[name] for name in names if name in members and members[name].armed]
    confirmed = tuple(one.host for one in armed if settled.get(one.host, Settled()).confirmed)
    refused = [one.host for one in armed if one.host not in confirmed]
    if verdict.passed and not refused:
        return Outcome(confirmed, "")
    failures = list(verdict.failures)
    if verdict.passed:
        failures = [f"{name} didn't confirm: {_reason(settled.get(name))}" for name in refused]
    lines = ["The change was taken back:" if armed else "Nothing was changed:"]
    lines += _listed(failures)
    if armed:
        lines += ["Which rules are in force now:", *(f"  {text}" for text in _in_force(armed, settled, restored))]
    advice = [*verdict.advice, "Then run again."] if verdict.advice else ["Mend that, and run again."]
    return Outcome((), "\n".join([*lines, "What to do:", *(f"  {text}" for text in advice)]))


def _reason(settled: Settled | None) -> str:
    return settled.reason if settled and settled.reason else "it gave no answer"


def _in_force(
    armed: Iterable[Member], settled: Mapping[str, Settled], restored: Mapping[str, Settled]
) -> Iterator[str]:
    for member in armed:
        end, back = settled.get(member.host, Settled()), restored.get(member.host)
        if end.rolled_back:
            yield f"{member.host}: those from before (change {member.change_id} is rolled back)"
        elif end.confirmed and back is not None and back.confirmed:
            yield f"{member.host}: those from before; it had confirmed already, so they were applied anew"
        elif end.confirmed:
            why = _reason(back)
            yield (
                f"{member.host}: THE NEW ONES, because those from before could not be applied anew ({why}). Take them "
                "back now: `pacs-firewall undo` on its console"
            )
        else:
            yield (
                f"{member.host}: it can't be asked ({_reason(end)}). By itself it puts those from before back at "
                f"{member.deadline} (change {member.change_id}), and whenever it starts anew. Look at its console: "
                "`pacs-firewall status`"
            )


def _listed(texts: Sequence[str]) -> list[str]:
    lines = [f"  {number}. {text}" for number, text in enumerate(texts[:_MOST], 1)]
    return [*lines, f"  and {len(texts) - _MOST} more"] if len(texts) > _MOST else lines
