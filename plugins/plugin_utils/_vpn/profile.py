# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A crypto profile: what is offered to a peer, what may be agreed upon, and from where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .._site.faults import SiteError
from .._site.reader import Reader
from .algorithms import ALGORITHMS

SCHEMA = "pacs-hardening-vpn-profile/1"
_KINDS = ("encryption", "integrity", "prf", "group")


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands, and whether somebody has read it there for this."""

    text: str
    read: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """``allowed`` has the words of each kind; ``rsa`` is the fewest bits of a key, ``ecdsa`` are sizes of curves."""

    name: str
    title: str
    ike: tuple[str, ...]
    esp: tuple[str, ...]
    allowed: Mapping[str, tuple[str, ...]]
    rsa: int
    ecdsa: tuple[int, ...]
    sources: tuple[Source, ...]
    unverified: tuple[str, ...]


def load_profile(document: object, path: str) -> Profile:
    """Read one profile's document; raise SiteError with all faults."""
    reader = Reader()
    fields = reader.fields(
        document, path, ("schema", "name", "title", "offered", "allowed", "keys", "sources", "unverified")
    )
    if fields.text("schema") != SCHEMA:
        fields.fault("it is of another schema", f"This collection reads {SCHEMA}.", "schema")
    offered = reader.fields(fields.one("offered", _itself), f"{path}.offered", ("ike", "esp"))
    allowed = reader.fields(fields.one("allowed", _itself), f"{path}.allowed", _KINDS)
    keys = reader.fields(fields.one("keys", _itself), f"{path}.keys", ("rsa", "ecdsa"))
    words = {kind: allowed.names(kind) for kind in _KINDS}
    for kind, many in words.items():
        for word in many:
            if word not in ALGORITHMS or ALGORITHMS[word].kind != kind:
                allowed.fault(f"'{word}' is no {kind}", "Write it as swanctl.conf does.", kind)
    profile = Profile(
        name=fields.text("name"),
        title=fields.text("title"),
        ike=offered.names("ike"),
        esp=offered.names("esp"),
        allowed=words,
        rsa=keys.one("rsa", lambda value, where: _bits(reader, value, where)) or 0,
        ecdsa=keys.each("ecdsa", lambda value, where: _bits(reader, value, where)),
        sources=fields.each("sources", lambda item, where: _source(reader, item, where)),
        unverified=fields.names("unverified"),
    )
    if reader.faults:
        raise SiteError(reader.faults)
    return profile


def load_profiles(documents: Mapping[str, object]) -> dict[str, Profile]:
    """Profiles by their name, from documents by the name of their file; raise SiteError with the faults of one."""
    loaded = [load_profile(document, name) for name, document in sorted(documents.items())]
    return {profile.name: profile for profile in loaded}


def _itself(value: object, _path: str) -> object:
    return value


def _bits(reader: Reader, value: object, path: str) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    reader.fault(path, "not a number of bits", "Write it like 3072.")
    return None


def _source(reader: Reader, value: object, path: str) -> Source:
    fields = reader.fields(value, path, ("text", "read"))
    return Source(fields.text("text"), fields.flag("read"))
