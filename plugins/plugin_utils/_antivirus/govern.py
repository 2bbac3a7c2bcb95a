# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which profiles may be enforced on a host, and the one list of exclusions that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .._site.faults import Fault, suggestion
from .load import ROOT, ProfileError
from .model import ExcludedPath, ExcludedProcess, Exclusion, Profile
from .verified import verified_document


@dataclass(frozen=True, slots=True)
class Governed:
    """What is excluded on a host, by whom it is answered for, and which of that has expired."""

    exclusions: tuple[Exclusion, ...]
    profiles: tuple[Profile, ...]
    expired: tuple[Profile, ...]


def govern(
    profiles: Mapping[str, Profile], names: Iterable[str], today: date, medical_device: bool = True, root: str = ROOT
) -> Governed:
    """The exclusions of the profiles named, each place once, in the order of the names.

    Raises ProfileError where one isn't there, or where nobody confirmed it and the host is a medical device. One that
    has expired still counts, so that images don't stop overnight; whoever reports says that it has.
    """
    faults: list[Fault] = []
    chosen: list[Profile] = []
    for name in dict.fromkeys(names):
        profile = profiles.get(name)
        if profile is None:
            known = suggestion(name, profiles, "Known profiles")
            faults.append(Fault(f"{root}.{name}", "no profile has this name", known))
        elif profile.confirmation is None and medical_device:
            faults.append(_unconfirmed(profile, root))
        else:
            chosen.append(profile)
    if faults:
        raise ProfileError(faults)
    exclusions: dict[tuple[str, str], Exclusion] = {}
    for profile in chosen:
        for one in exclusions_of(profile, root):
            exclusions.setdefault((one.kind, one.value), one)
    return Governed(
        exclusions=tuple(exclusions.values()),
        profiles=tuple(chosen),
        expired=tuple(one for one in chosen if one.confirmation is not None and one.confirmation.expired(today)),
    )


def exclusions_of(profile: Profile, root: str = ROOT) -> tuple[Exclusion, ...]:
    """The entries of one profile, paths first."""
    place = f"{root}.{profile.name}"
    paths = (
        Exclusion("path", one.path, f"{place}.paths[{number}]", profile.platform, profile.name, one.contains)
        for number, one in enumerate(profile.paths)
    )
    processes = (
        Exclusion("process", one.path, f"{place}.processes[{number}]", profile.platform, profile.name)
        for number, one in enumerate(profile.processes)
    )
    return (*paths, *processes)


def _unconfirmed(profile: Profile, root: str) -> Fault:
    asked = f"Ask {profile.vendor} whether its product may run with these exclusions, then"
    keys = "owner, confirmed_by, confirmed_on and expires_on"
    return Fault(
        f"{root}.{profile.name}",
        "nobody has confirmed it, so it isn't enforced on a medical device",
        f"{asked} add {keys}; a template is confirmed by an entry with 'template: {profile.name}'.",
    )


def governed_documents(governed: Governed) -> list[dict[str, Any]]:
    """Plain data: each exclusion with whoever answers for it, and why."""
    profiles = {profile.name: profile for profile in governed.profiles}
    return [_document(one, profiles[one.profile], governed) for one in governed.exclusions if one.profile]


def _document(one: Exclusion, profile: Profile, governed: Governed) -> dict[str, Any]:
    entries: tuple[ExcludedPath | ExcludedProcess, ...] = (*profile.paths, *profile.processes)
    said = next(item for item in entries if item.path == one.value)
    confirmation = profile.confirmation
    return {
        "kind": one.kind,
        "value": one.value,
        "platform": one.platform,
        "contains": list(one.contains),
        "profile": profile.name,
        "reason": said.reason,
        "reference": str(profile.reference),
        "owner": confirmation.owner if confirmation else None,
        "expires_on": confirmation.expires_on.isoformat() if confirmation else None,
        "expired": profile in governed.expired,
        "verified_on_site": [verified_document(item) for item in profile.verified_on_site],
        "compensating_controls": [{"what": item.what, "check": item.check} for item in said.compensations],
    }
