# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End the tunnels of peers whose certificate is revoked. Private.

StrongSwan has traps there, each tried. It remembers that a certificate was good: it takes a newer list and says "good"
again, unless what it has cached is cleared with it. A live tunnel stays whatever the list says. And what is cleared is
all that tells whose certificate a live tunnel rests on. So that is written down before; then the list is loaded with
C(--clear), the tunnels of whoever is on it are ended, and it is tried whether they come back: with a certificate that
was renewed they may. Of whom nobody knows what it has shown, must show it again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    read_text,
    replace_file,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.swanctl import UNIT, Swanctl
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec import der
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.live import (
    Sa,
    certificates_in,
    children_in,
    revoked_peers,
    sas_in,
    unknown_peers,
)
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.shown import (
    read_shown,
    shown_by_peers,
    shown_text,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


@dataclass(frozen=True)
class Peers:
    """Whoever shows certificates: identities by connection, and the first child of each connection."""

    identities: Mapping[str, str]
    children: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """The tunnels at a moment, and the certificates that their peers have shown, by identity."""

    sas: tuple[Sa, ...] = ()
    shown: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """What was done to connections. I(out): the peer is revoked, and stays out; I(again): the peer had to authenticate
    again, and did; I(away): it had to, and isn't back.
    """

    out: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    away: tuple[str, ...] = ()


def look(tool: Swanctl, peers: Peers, path: str) -> Known:
    """Ask what is up, and write down at I(path) what is going to be forgotten. Raises HardeningError."""
    if not tool.answers():
        return Known()
    sas = sas_in(tool.ask("--list-sas"))
    up = {sa.connection for sa in sas}
    there = [identity for name, identity in peers.identities.items() if name in up]
    shown = shown_by_peers(there, certificates_in(tool.ask("--list-certs")), read_shown(read_text(path)))
    make_private_directory(os.path.dirname(path))
    replace_file(path, shown_text(shown), 0o600)
    return Known(sas, shown)


def end_revoked(tool: Swanctl, peers: Peers, known: Known, revocations: bytes, before: bytes | None) -> Ended:
    """End whoever is on the list that was loaded, or may be since it has more on it than the one I(before), and see who
    comes back. Raises HardeningError.
    """
    revoked = revoked_peers(known.shown, revocations, peers.identities)
    unknown = unknown_peers(known.shown, known.sas, peers.identities) if _grew(before, revocations) else ()
    for name in (*revoked, *unknown):
        tool.end(name)
    back = tuple(name for name in (*revoked, *unknown) if tool.comes_up(peers.children[name]))
    if back:
        _only_with_another(tool, {name: peers.identities[name] for name in back}, revocations)
        children = children_in(tool.ask("--list-conns"))
        for child in (child for name in back for child in children.get(name, ())[1:]):
            tool.comes_up(child)
    out, away = (tuple(name for name in group if name not in back) for group in (revoked, unknown))
    return Ended(out, back, away)


def _only_with_another(tool: Swanctl, back: Mapping[str, str], revocations: bytes) -> None:
    """See what those have shown who are in again: nothing else is in the cache by now. Raises HardeningError where the
    list is of no effect.
    """
    shown = shown_by_peers(back.values(), certificates_in(tool.ask("--list-certs")), {})
    revoked = der.revoked_in(revocations)
    for name, identity in back.items():
        if identity in shown and all(der.serial_of(one) in revoked for one in shown[identity]):
            tool.end(name)
            raise HardeningError(
                f"the peer of {name} is revoked, and its tunnel came up all the same. Stop {UNIT} on this host, "
                "and see why the list of revocations has no effect"
            )


def _grew(before: bytes | None, revocations: bytes) -> bool:
    """Whether a list of revocations has any that the one before had not."""
    try:
        return bool(der.revoked_in(revocations) - (der.revoked_in(before) if before else frozenset()))
    except HardeningError:
        return True
