# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter of exclusions: what each one opens, what it risks, and the narrower form.

It refuses what hides an attacker in any hospital, and warns of what looks like an exclusion and isn't one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from .facts import HostFacts
from .findings import Finding
from .lint_host import watch_findings
from .lint_rules import RULES
from .load import ROOT
from .model import Exclusion, Profile
from .paths import covers


def lint(
    exclusions: Sequence[Exclusion],
    host: HostFacts | None = None,
    profiles: Iterable[Profile] = (),
    today: date = date.min,
) -> tuple[Finding, ...]:
    """Every finding, in the order of the exclusions; then those of the profiles, what the host has beyond both, and
    what keeps the scanner from watching.
    """
    known = host or HostFacts()
    found = [
        Finding(rule.name, rule.level, one.value, one.place, said.problem, rule.risk, said.remedy)
        for one in exclusions
        for rule in RULES
        if (said := rule.find(one, known)) is not None
    ]
    return (
        *found,
        *_overlaps(exclusions),
        *_profiles(profiles, today),
        *_drift(exclusions, known),
        *watch_findings(exclusions, known),
    )


def refused(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that forbid an exclusion."""
    return tuple(one for one in findings if one.level == "refuse")


def _overlaps(exclusions: Sequence[Exclusion]) -> Iterator[Finding]:
    paths = [one for one in exclusions if one.kind == "path"]
    for one in paths:
        for other in paths:
            different = one.profile != other.profile and one.platform == other.platform
            if different and covers(other.value, one.value, one.platform):
                yield Finding(
                    "overlap",
                    "warn",
                    one.value,
                    one.place,
                    f"lies in '{other.value}' of {other.profile or other.place}",
                    "When one profile ends, the other still excludes it.",
                    "Let one profile answer for it.",
                )
                break


def _profiles(profiles: Iterable[Profile], today: date) -> Iterator[Finding]:
    for profile in profiles:
        place = f"{ROOT}.{profile.name}"
        if profile.confirmation is None:
            yield Finding(
                "unconfirmed",
                "refuse",
                profile.name,
                place,
                "has no owner, no confirmation and no expiry",
                "Nobody answers for the gap, and it stays open for ever.",
                f"Ask {profile.vendor}, then add owner, confirmed_by, confirmed_on and expires_on.",
            )
        elif profile.confirmation.expired(today):
            yield Finding(
                "expired",
                "warn",
                profile.name,
                place,
                f"has expired on {profile.confirmation.expires_on}",
                "Nobody knows whether the vendor still asks for it.",
                f"Ask {profile.confirmation.owner} to have {profile.vendor} confirm it again, or remove it.",
            )


def _drift(exclusions: Sequence[Exclusion], host: HostFacts) -> Iterator[Finding]:
    declared = {(one.kind, one.value) for one in exclusions}
    for one in host.in_force or ():
        if (one.kind, one.value) not in declared:
            yield Finding(
                "drift",
                "warn",
                one.value,
                one.place,
                "is excluded on the host, and in no profile",
                "Somebody has opened a gap that nobody answers for.",
                "Find out who, then remove it, or have the vendor confirm it in a profile.",
            )
