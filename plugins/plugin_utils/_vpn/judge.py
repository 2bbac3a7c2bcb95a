# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what a tunnel offers, or has agreed upon, by a profile; each weakness has a word by which it is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .algorithms import ALGORITHMS, Algorithm
from .profile import Profile

#: What an exception may name beyond the words of algorithms.
PSK = "psk"
NO_PFS = "no_pfs"
IKEV1 = "ikev1"


@dataclass(frozen=True, slots=True)
class Weakness:
    """``what`` is the word by which an exception accepts it."""

    what: str
    problem: str

    def __str__(self) -> str:
        return self.problem


def judge(proposal: str, profile: Profile, ike: bool) -> tuple[Weakness, ...]:
    """The weaknesses of a proposal in strongSwan's words, of IKE or of ESP; none where the profile allows it."""
    return tuple(dict.fromkeys(_weaknesses(proposal.split("-"), profile, ike)))


def judge_agreed(words: Iterable[str], profile: Profile, ike: bool) -> tuple[Weakness, ...]:
    """The same of what two gateways have agreed upon.

    The first ESP keys of a tunnel follow from those of IKE by design (RFC 7296 section 1.2); only later ones have a
    group of their own, so its absence says nothing here.
    """
    found = judge("-".join(words), profile, ike)
    return found if ike else tuple(one for one in found if one.what != NO_PFS)


def _weaknesses(words: list[str], profile: Profile, ike: bool) -> Iterator[Weakness]:
    known: list[Algorithm] = []
    for word in words:
        algorithm = ALGORITHMS.get(word)
        if algorithm is None:
            yield Weakness(word, f"'{word}' is no algorithm that is known here")
        else:
            known.append(algorithm)
    kinds = {item.kind for item in known}
    for item in known:
        if item.kind != "numbers" and item.word not in profile.allowed[item.kind]:
            yield Weakness(item.word, f"'{item.word}' is not allowed by the profile {profile.name}")
    if "encryption" not in kinds:
        yield Weakness("null", "nothing is encrypted")
    ciphers = [item for item in known if item.kind == "encryption"]
    if "integrity" not in kinds and not all(item.authenticates for item in ciphers):
        yield Weakness("no_integrity", "nothing is authenticated")
    if "group" not in kinds:
        yield Weakness(NO_PFS, "no key exchange of its own" if ike else "its keys follow from those of IKE: no PFS")
    if ike and "prf" not in kinds:
        yield from _derived_prf(known, profile)


def _derived_prf(known: list[Algorithm], profile: Profile) -> Iterator[Weakness]:
    """Where a proposal names no PRF, strongSwan takes the integrity's hash for it."""
    hashes = [item.word for item in known if item.kind == "integrity"]
    for word in hashes:
        if f"prf{word}" not in profile.allowed["prf"]:
            yield Weakness(word, f"'{word}' as PRF is not allowed by the profile {profile.name}")
    if not hashes:
        yield Weakness("no_prf", "it names no PRF")
