# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May a ruleset be enforced that until now only watched: not while it would cut a declared device, unless that is
named. What a firewall refuses already, it may go on refusing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from .._observed.cut import CutFlow, undeclared
from .._observed.model import FirewallView, FlowKey
from .._observed.words import ago, plural, times
from .._policy.model import EnforcementPolicy
from .._site.faults import suggestion
from .._site.model import Site

_SHOWN = 20
_ANOTHER_WAY = "it is declared, but came or went by another interface than the site expects"


@dataclass(frozen=True, slots=True)
class Enforceable:
    """Whether enforcing is allowed; why not, in words that say what to do; and what deserves a loud warning."""

    allowed: bool
    message: str = ""
    warnings: tuple[str, ...] = ()
    would_cut: tuple[str, ...] = ()


def may_enforce(
    host: str,
    site: Site,
    policy: EnforcementPolicy,
    view: FirewallView,
    despite: Collection[str],
    tries: Callable[[], Collection[FlowKey]] = tuple,
) -> Enforceable:
    """Whether the policy may be enforced on a firewall that has seen this. I(despite): devices that may be cut.

    I(tries) gives what a compliance report tries itself (own_tries), and is asked only where something would be cut.
    """
    unknown = [name for name in despite if name not in site.devices]
    if unknown:
        close = suggestion(unknown[0], site.devices, "Known devices")
        return Enforceable(
            False,
            f"firewall_enforce_despite names '{unknown[0]}', and the site declares no such device. {close}",
        )
    if view.mode is None:
        return Enforceable(
            False,
            f"{host}: whether enforcing would cut a device can't be known, because what the firewall has seen can't be "
            f"read ({view.reason}); nothing was changed. Mend that, or go on watching: firewall_mode: watch",
        )
    if view.mode == "none":
        return Enforceable(
            True,
            warnings=(
                f"{host} NEVER WATCHED: nobody knows what enforcing cuts that was forgotten in the site. Better let it "
                "watch for a while first (firewall_mode: watch), and look at what it saw",
            ),
        )
    if view.mode == "enforce":
        return Enforceable(True)
    cut = undeclared(site, policy, view)
    return _judged(host, cut, view, despite, tries() if cut else ())


def _judged(
    host: str, found: Collection[CutFlow], view: FirewallView, despite: Collection[str], tries: Collection[FlowKey]
) -> Enforceable:
    cut = [one for one in found if one.flow.key not in tries]
    ours = [one for one in cut if one.devices]
    refused = [one for one in ours if one.devices[0] not in despite]
    would_cut = tuple(seen_text(one) for one in cut)
    if refused:
        return Enforceable(False, _refusal(host, refused), would_cut=would_cut)
    warnings = []
    named = [seen_text(one) for one in ours]
    if named:
        warnings.append(f"{host}: cut, as firewall_enforce_despite says: {_some(named)}")
    tried = [seen_text(one) for one in found if one.flow.key in tries]
    if tried:
        warnings.append(f"{host}: cut, and taken for what the compliance report tries itself: {_some(tried)}")
    strangers = [seen_text(one) for one in cut if not one.devices]
    if strangers:
        warnings.append(f"{host}: cut, between addresses of no declared device: {_some(strangers)}")
    if not view.memory:
        warnings.append(f"{host}: its rules watched without a memory, so what enforcing cuts is not known")
    if view.not_remembered:
        attempts = plural(view.not_remembered, "attempt")
        warnings.append(f"{host}: its memory was full, and {attempts} found no place in it: they may be cut, too")
    return Enforceable(True, warnings=tuple(warnings), would_cut=would_cut)


def _refusal(host: str, refused: list[CutFlow]) -> str:
    names = list(dict.fromkeys(one.devices[0] for one in refused))
    lines = [f"  {number}. would be cut: {seen_text(one)}" for number, one in enumerate(refused[:_SHOWN], 1)]
    if len(refused) > _SHOWN:
        lines.append(f"  and {len(refused) - _SHOWN} more")
    advice = [
        "  - declare it in pacs_site: a workflow, or a conduit with its reason;",
        f"  - or cut it knowingly: firewall_enforce_despite: [{', '.join(names)}];",
        "  - or go on watching: firewall_mode: watch.",
    ]
    if any(one.another_way for one in refused):
        advice.insert(1, "  - or, where it came another way, correct the device's zone or the firewall's interfaces;")
    what = f"{plural(len(refused), 'connection')} of {plural(len(names), 'declared device')}"
    return "\n".join(
        [
            f"{host}: nothing was changed, because enforcing would cut {what}, seen while the firewall watched:",
            *lines,
            "For each of them:",
            *advice,
        ]
    )


def seen_text(cut: CutFlow) -> str:
    """``ct7 -> pacs1:104 tcp, 12 times, last 3 min ago``."""
    key = cut.flow.key
    last = f", last {ago(cut.flow.idle)}" if cut.flow.idle is not None else ""
    how = f"; {_ANOTHER_WAY}" if cut.another_way else ""
    return f"{cut.source} -> {cut.destination}:{key.port} {key.protocol}, {times(cut.flow.count)}{last}{how}"


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    rest = len(listed) - _SHOWN
    return "; ".join([*listed[:_SHOWN], *([f"and {rest} more"] if rest > 0 else [])])
