# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What C(nft_ruleset) is asked for, and what it returns. Private, pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """The module's arguments. Times in seconds; I(ruleset) is None when the table shall be absent, I(fallback) when the
    stored one shall stay.
    """

    table: str
    ruleset: str | None
    confirm_timeout: int
    warm_up: int
    keep: int
    fallback: str | None = None


@dataclass
class Result:
    """What the module returns. I(seconds_left) until the host rolls back, None when it won't. I(differs): C(rules),
    C(files), or both: what wasn't as requested.
    """

    changed: bool = False
    differs: list[str] = field(default_factory=list)
    before: str = ""
    after: str = ""
    change_id: str | None = None
    deadline: str | None = None
    seconds_left: float | None = None
    confirmed: bool = False
    warm_up: bool = False
    nft_missing: bool = False
    msg: str = ""
    warnings: list[str] = field(default_factory=list)

    def returned(self) -> dict[str, Any]:
        """The module's return values."""
        values: dict[str, Any] = {
            "changed": self.changed,
            "differs": self.differs,
            "diff": {"before": self.before, "after": self.after},
            "confirmed": self.confirmed,
            "warm_up": self.warm_up,
            "nft_missing": self.nft_missing,
            "msg": self.msg,
        }
        for name in ("change_id", "deadline", "seconds_left"):
            if getattr(self, name) is not None:
                values[name] = getattr(self, name)
        return values
