# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for what antivirus leaves out on a device, from the declared site and the vendor profiles alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .._antivirus.facts import HostFacts
from .._antivirus.govern import govern
from .._antivirus.lint import lint, refused
from .._antivirus.load import ProfileError, load_profiles
from .._antivirus.model import Exclusion, Profile
from .._site.model import Device, DeviceAntivirus
from .._site.vocabulary import MDS2_QUESTIONS
from .antivirus_seen import Place

NO_PROFILE = "the site names no vendor profile for it, so that nothing may be excluded there"


@dataclass(frozen=True, slots=True)
class Profiles:
    """The vendor profiles of the site, by name, and sentences on what is wrong with them."""

    known: Mapping[str, Profile]
    faults: tuple[str, ...]
    today: date


def read_profiles(shipped: Mapping[str, object], own: object, today: date) -> Profiles:
    """The shipped templates and those of ``pacs_antivirus_profiles``. Raises nothing: a fault is for the report."""
    try:
        return Profiles(load_profiles(shipped, own, today), (), today)
    except ProfileError as error:
        return Profiles({}, tuple(map(str, error.faults)), today)


def place_of(device: Device, profiles: Profiles) -> Place:
    """Where the images of a device lie, where files come in, and what may be excluded there."""
    declared = device.antivirus
    named = [profiles.known[name] for name in declared.profiles if name in profiles.known]
    stores = [one.path for profile in named for one in profile.paths if "store" in one.contains]
    return Place(
        stores=tuple(dict.fromkeys((*stores, *declared.stores))),
        landing=declared.landing,
        exclusions=allowed(declared, profiles),
    )


def allowed(declared: DeviceAntivirus, profiles: Profiles) -> tuple[Exclusion, ...]:
    """What the device's profiles allow to be excluded; nothing where nobody confirmed one of them."""
    try:
        return govern(profiles.known, declared.profiles, profiles.today).exclusions
    except ProfileError:
        return ()


def governance_facts(device: Device, profiles: Profiles) -> dict[str, Any]:
    """The part ``governance`` of a device."""
    declared = device.antivirus
    faults = list(_faults(declared, profiles))
    return {
        "concerned": bool(declared.profiles or declared.forbidden_by),
        "faults": faults,
        "said": [*faults, *_said(declared, profiles)],
    }


def forbidden(declared: DeviceAntivirus) -> str:
    """By which of the maker's answers antivirus is forbidden, and what it names instead; empty where it isn't."""
    if not declared.forbidden_by:
        return ""
    instead = ", ".join(f"{one} ({MDS2_QUESTIONS[one]})" for one in declared.instead)
    answers = ", ".join(f"{one} ({MDS2_QUESTIONS[one]}): no" for one in declared.forbidden_by)
    return f"its maker forbids antivirus of the owner's own, by MDS2 {answers}; instead: {instead or 'nothing'}"


def _faults(declared: DeviceAntivirus, profiles: Profiles) -> Iterator[str]:
    if declared.forbidden_by and not declared.instead:
        yield "its maker forbids antivirus, and names nothing that replaces it"
    if not declared.profiles:
        return
    if profiles.faults:
        yield from profiles.faults
        return
    try:
        governed = govern(profiles.known, declared.profiles, profiles.today)
    except ProfileError as error:
        yield from map(str, error.faults)
        return
    known = HostFacts(landing=declared.landing)
    yield from (
        f"{one.place}: '{one.subject}' {one.problem}. {one.risk}" for one in refused(lint(governed.exclusions, known))
    )
    for profile in governed.expired:
        if profile.confirmation:
            yield (
                f"{profile.name}: expired on {profile.confirmation.expires_on}; "
                f"{profile.confirmation.owner} answers for it"
            )


def _said(declared: DeviceAntivirus, profiles: Profiles) -> Iterator[str]:
    if declared.forbidden_by:
        yield forbidden(declared)
    for name in declared.profiles:
        profile = profiles.known.get(name)
        if profile is None or profile.confirmation is None:
            continue
        every = [one for path in profile.paths for one in path.compensations]
        every += [one for process in profile.processes for one in process.compensations]
        instead = dict.fromkeys(f"{one.what} ({one.check})" for one in every)
        yield (
            f"{name}: {profile.reference}; confirmed by {profile.confirmation.confirmed_by} on "
            f"{profile.confirmation.confirmed_on}, until {profile.confirmation.expires_on}; owner: "
            f"{profile.confirmation.owner}"
        )
        for one in profile.verified_on_site:
            yield f"{name}: measured on {one.host} on {one.day}: {'accepted' if one.accepted else 'not accepted'}"
        yield f"{name}, instead of scanning: {'; '.join(instead)}"
