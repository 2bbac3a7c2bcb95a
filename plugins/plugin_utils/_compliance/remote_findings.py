# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of one side of remote access: faults, what deserves a look, what is fine, and what nobody could see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .._site.remote_access import AccessException
from .antivirus_seen import day_of

#: Before the end of a certificate, and of a list of revocations, somebody should know.
CERTIFICATE_SOON, LIST_SOON = timedelta(days=30), timedelta(days=3)


@dataclass(slots=True)
class Aspect:
    """Sentences about one control. A fault fails it, whatever else isn't known; without one, what isn't known leaves it
    open.
    """

    faults: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def facts(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The aspect as facts, and why they aren't known."""
        faults, looks, said, unknown = (
            list(dict.fromkeys(many)) for many in (self.faults, self.looks, self.said, self.unknown)
        )
        known = bool(faults) or not unknown
        text = [*faults, *looks, *(f"not seen: {one}" for one in unknown), *said]
        facts = {"faults": faults if known else None, "looks": looks if known else None, "said": text}
        return facts, {} if known else {"": "; ".join(unknown)}


@dataclass(slots=True)
class Aspects:
    """What a gateway shows: negotiated ``crypto``, the versions of ``ike``, who the ``peers`` are, second ``factors``,
    and ``bounds`` of what a tunnel or session may.
    """

    crypto: Aspect = field(default_factory=Aspect)
    ike: Aspect = field(default_factory=Aspect)
    peers: Aspect = field(default_factory=Aspect)
    factors: Aspect = field(default_factory=Aspect)
    bounds: Aspect = field(default_factory=Aspect)

    def every(self) -> tuple[Aspect, ...]:
        """All of them."""
        return (self.crypto, self.ike, self.peers, self.factors, self.bounds)


def judge_exception(aspect: Aspect, item: AccessException, where: str, today: date) -> bool:
    """Whether an exception stands, which is said with its owner; one that has ended is a fault by itself."""
    accepted = f"{where}: {item.what} is accepted by {item.owner} until {item.expires_on} ({item.reason})"
    if item.expires_on is not None and item.expires_on >= today:
        aspect.said.append(accepted)
        return True
    aspect.faults.append(
        f"{where}: {item.what} was accepted until {item.expires_on} by {item.owner}, and that day is over"
    )
    return False


def judge_end(aspect: Aspect, what: str, ends: object, now: datetime, soon: timedelta) -> None:
    """Whether something with an end is good still, in the words of the evidence."""
    moment = moment_of(ends)
    if moment is None:
        aspect.unknown.append(f"until when {what} is good")
    elif moment <= now:
        aspect.faults.append(f"{what} has ended on {moment.date()}")
    elif moment <= now + soon:
        aspect.looks.append(f"{what} ends on {moment.date()}")
    else:
        aspect.said.append(f"{what} is good until {moment.date()}")


def moment_of(value: object) -> datetime | None:
    """A moment of the evidence, UTC; None for anything else."""
    if day_of(value) is None:
        return None
    moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def entry(value: object, key: str) -> Any:
    """A value of a mapping of the evidence; None where it is none."""
    return value.get(key) if isinstance(value, Mapping) else None


def whole(value: object) -> int | None:
    """A number of the evidence that counts; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
