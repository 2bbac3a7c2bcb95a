# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates the peers of live tunnels have shown, also when strongSwan has forgotten them. Private, pure.

It keeps what it was shown in a cache only, and a newer list of revocations has an effect only when that is cleared. The
tunnels stay, and nothing of strongSwan's tells any more whose certificate they rest on. So what it knows is written
down before.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping

from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.certificates import shown_by

#: Where a gateway keeps what it must know later.
FOLDER = "/var/lib/pacs-hardening/vpn/ipsec"
#: Certificates only, no secret is in it.
NAME = "shown.json"


def shown_by_peers(
    peers: Iterable[str], cached: Iterable[bytes], written: Mapping[str, tuple[bytes, ...]]
) -> dict[str, tuple[bytes, ...]]:
    """The certificates (DER) that each peer has shown, by its identity: those in strongSwan's cache, else those that
    were written down. Peers of whom none is known are left out.
    """
    certificates = tuple(cached)
    found = {peer: shown_by(peer, certificates) or written.get(peer, ()) for peer in peers}
    return {peer: shown for peer, shown in found.items() if shown}


def shown_text(shown: Mapping[str, Iterable[bytes]]) -> str:
    """The text of the file I(NAME)."""
    plain = {peer: [base64.b64encode(one).decode("ascii") for one in shown[peer]] for peer in sorted(shown)}
    return json.dumps(plain, indent=1) + "\n"


def read_shown(text: str | None) -> dict[str, tuple[bytes, ...]]:
    """What was written down; nothing where there is no such text, or it isn't whole: it is a help, no evidence."""
    try:
        found = json.loads(text or "{}")
        return {str(peer): tuple(base64.b64decode(one, validate=True) for one in found[peer]) for peer in found}
    except (ValueError, TypeError, binascii.Error):
        return {}
