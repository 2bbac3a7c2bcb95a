# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a daemon has read of the files that lie there, and everybody is held to. Private.

It is written last. So a run that was interrupted, or failed, between putting files in place and having them take effect
is told from one that is done, and the next one finishes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import AnyStr

from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    read_text,
    replace_file,
)


def digest(content: str | bytes) -> str:
    """A few characters that stand for a content."""
    return hashlib.sha256(content.encode("utf-8") if isinstance(content, str) else content).hexdigest()


def read_settled(path: str) -> dict[str, str]:
    """Digests by what they are of; none where no run has come to its end, or the file isn't whole."""
    try:
        found = json.loads(read_text(path) or "{}")
    except ValueError:
        return {}
    return {str(name): str(found[name]) for name in found} if isinstance(found, dict) else {}


def unsettled(settled: Mapping[str, str], what: Mapping[str, str]) -> frozenset[str]:
    """What of it isn't done yet. Of what a run doesn't name, nothing is said."""
    return frozenset(name for name in what if settled.get(name) != what[name])


def held_to(settled: Mapping[str, str], path: str, content: AnyStr | None) -> AnyStr | None:
    """What lies at a path, where everybody is held to just that; None else."""
    return content if content is not None and settled.get(path) == digest(content) else None


def settle(path: str, what: Mapping[str, str]) -> None:
    """Write down that all of it is done, beside what is known of other things. Raises HardeningError."""
    settled = read_settled(path)
    if unsettled(settled, what):
        make_private_directory(os.path.dirname(path))
        replace_file(path, json.dumps({**settled, **what}, indent=1, sort_keys=True) + "\n", 0o600)
