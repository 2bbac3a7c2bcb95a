# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts: what is known about one subject, as one plain document, and why the rest of it isn't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .control import SubjectKind


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about ``subject``. ``document`` holds null where something isn't known.

    ``unknown`` gives the reason by path, that of the fact or of anything above it; the empty path is for all. It also
    says why a fact is as it is where a control doesn't apply for it.
    ``evidence_sha256`` is that of the evidence of the host that was read, None where nothing was.
    """

    kind: SubjectKind
    subject: str
    document: Mapping[str, Any]
    unknown: Mapping[str, str] = field(default_factory=dict)
    evidence_sha256: str | None = None

    def why(self, path: str) -> str:
        """Why the fact at ``path`` isn't known."""
        return self.reason(path) or f"nothing is known about {path}"

    def reason(self, path: str) -> str:
        """The reason that is given for the fact at ``path``, empty if there is none."""
        steps = path.split(".")
        reasons = (self.unknown.get(".".join(steps[:length])) for length in range(len(steps), -1, -1))
        return next((reason for reason in reasons if reason), "")
