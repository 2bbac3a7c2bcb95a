# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was collected, as typed values. Nothing is taken on trust: what isn't as the modules write it is an error.

Only what is named here ever gets out of a host's evidence; keys that nobody knows are not looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...module_utils._evidence.parts import FORMAT, PARTS, one_line
from .._gate.probe_results import ProbeResult, read_results

Reached = Literal["ok", "unreachable", "failed", "timeout"]
_REACHED: tuple[Reached, ...] = ("ok", "unreachable", "failed", "timeout")
PartStatus = Literal["ok", "absent", "error"]

_WHY = {
    "unreachable": "the host couldn't be reached",
    "failed": "reading the host broke off",
    "timeout": "the host didn't answer in time",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a host's evidence. ``value`` is there only where ``status`` is ok; ``reason`` everywhere else."""

    status: PartStatus
    value: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HostRecord:
    """What became of one host. ``sha256`` is that of the evidence, None where there is none."""

    reached: Reached
    reason: str
    parts: Mapping[str, Part]
    sha256: str | None

    def part(self, name: str) -> Part:
        """A part; one that isn't there says why."""
        if self is NOTHING:
            return Part("error", reason=self.reason)
        if self.reached != "ok":
            return Part("error", reason=f"{_WHY[self.reached]}{f': {self.reason}' if self.reason else ''}")
        return self.parts.get(name) or Part("error", reason=f"the evidence has no part '{name}'")


NOTHING = HostRecord("failed", "nothing was collected: not in the inventory, or beyond --limit", {}, None)


def read_hosts(value: object) -> dict[str, HostRecord]:
    """Every host by its inventory name."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name): read_host(record) for name, record in value.items()}


def read_host(value: object) -> HostRecord:
    """One host: ``reached``, ``reason`` and ``evidence``."""
    if not isinstance(value, Mapping):
        return NOTHING
    reached = next((word for word in _REACHED if value.get("reached") == word), None)
    said = value.get("reason")
    # ansible-core puts that before some reasons, and it says nothing.
    reason = one_line(said).removeprefix("Task failed: ") if isinstance(said, str) else ""
    if reached is None:
        return HostRecord("failed", "what was collected isn't what this collection collects", {}, None)
    evidence = value.get("evidence")
    if reached != "ok" or evidence is None:
        return HostRecord(
            "failed" if reached == "ok" else reached, reason or _WHY.get(reached, "no evidence"), {}, None
        )
    if not isinstance(evidence, Mapping) or evidence.get("format") != FORMAT:
        return HostRecord("failed", "the evidence is of another version of this collection", {}, None)
    listed = evidence.get("parts")
    parts = listed if isinstance(listed, Mapping) else {}
    return HostRecord("ok", "", {name: _part(parts[name]) for name in PARTS if name in parts}, fingerprint(evidence))


def _part(value: object) -> Part:
    if isinstance(value, Mapping):
        status, said = value.get("status"), value.get("reason")
        reason = one_line(said) if isinstance(said, str) and said else "no reason was given"
        content = value.get("value")
        if status == "ok" and isinstance(content, Mapping):
            return Part("ok", content)
        if status == "absent":
            return Part("absent", reason=reason)
        if status == "error":
            return Part("error", reason=reason)
    return Part("error", reason="this part isn't what the evidence module writes")


def read_probes(value: object) -> dict[str, dict[str, ProbeResult]]:
    """The results by vantage point and id of the probe."""
    if not isinstance(value, Mapping):
        return {}
    return {str(vantage): read_results(results) for vantage, results in value.items()}


def fingerprint(value: object) -> str | None:
    """SHA-256 of the canonical JSON of a value; None where it is no JSON."""
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=dict
        )
    except (TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def flag(part: Mapping[str, Any], name: str) -> bool | None:
    """A true or false of the evidence; None for anything else."""
    value = part.get(name)
    return value if isinstance(value, bool) else None


def count(part: Mapping[str, Any], name: str) -> int | None:
    """A number of the evidence that counts something; None for anything else."""
    value = part.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
