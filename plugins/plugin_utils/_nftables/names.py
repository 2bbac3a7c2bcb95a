# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and comments that nftables takes: identifiers without surprises, comments from an allow-list of characters.

nft lists a comment without escaping it, so a comment with a quote and a line feed would come back as rules: nothing
that isn't on the list below is ever written into a ruleset.
"""

from __future__ import annotations

import hashlib
import re

_COMMENT_LIMIT = 100
_UNSAFE_COMMENT = re.compile(r"[^A-Za-z0-9 _.,:/>+-]")
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9_]")


def chain_name(source: str, destination: str) -> str:
    """The chain of a zone pair. A prefix keeps it from being a keyword or starting with a digit."""
    plain = f"{source}_to_{destination}"
    name = _UNSAFE_NAME.sub("_", plain)
    if name != plain or name.count("_to_") > 1:
        # Two zone pairs may have become alike.
        digest = hashlib.sha256(f"{source}\0{destination}".encode()).hexdigest()[:8]
        return f"from_{name}_{digest}"
    return f"from_{name}"


def comment(text: str) -> str:
    """``text`` as a comment: at most 100 of nft's 128 characters, without any that nft would not list as it read it."""
    return _UNSAFE_COMMENT.sub("?", text)[:_COMMENT_LIMIT].strip()
