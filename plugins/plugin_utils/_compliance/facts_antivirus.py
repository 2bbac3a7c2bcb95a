# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What protects a device from malware, whether it leaves images alone, and what it doesn't see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .._antivirus.facts import HostFacts
from .._antivirus.findings import Finding
from .._antivirus.lint import lint
from .._site.model import Device
from .antivirus_clamav import TITLE as CLAMAV
from .antivirus_clamav import clamav_seen
from .antivirus_defender import TITLE as DEFENDER
from .antivirus_defender import defender_seen
from .antivirus_seen import Place, Seen, Unknown, day_of, entries, mapping, texts
from .collected import HostRecord
from .facts_governance import forbidden

#: Days for which a test with test files counts.
CANARY_COUNTS = 31
_UNMANAGED = "it isn't managed: nobody logs in to it"
_UNDECLARED = (
    "nobody logs in to it, and the site says nothing of its antivirus: name its agent, or what its maker's MDS2 answers"
)
_ELSEWHERE = "no antivirus is known of here; AV-01 says why"
_HAND_OVER = "its exclusions, for whoever may set them there, stand beside the report, and have not been applied"
_AGENTS = {"clamav": CLAMAV, "defender_linux": DEFENDER, "defender_windows": "Microsoft Defender Antivirus"}
_PROVE = "set antivirus_prove for the role antivirus, or run the module antivirus_canary"


@dataclass(frozen=True, slots=True)
class _Facts:
    """Facts by name, and why others aren't known."""

    known: dict[str, Any]
    unknown: dict[str, str]

    def put(self, name: str, value: Any) -> None:
        """A fact, or why it isn't known."""
        if isinstance(value, Unknown):
            self.known[name] = None
            self.unknown[name] = value.reason
        else:
            self.known[name] = value
            self.unknown.pop(name, None)


def antivirus_facts(
    device: Device, record: HostRecord, place: Place, today: date
) -> tuple[dict[str, Any], dict[str, str]]:
    """The part ``antivirus`` of a device, and why there is none or the rest isn't known, by path below it."""
    declared = device.antivirus
    if declared.forbidden_by:
        return {"demanded": False, "present": False}, {"": forbidden(declared)}
    if not device.managed:
        if declared.agent is None:
            why = dict.fromkeys(("running", "watching", "enforcing"), _UNDECLARED)
            return {"demanded": True, "present": False}, {"": _ELSEWHERE, **why}
        title = _AGENTS[declared.agent]
        handed = f"; {_HAND_OVER}" if declared.agent == "defender_windows" and place.exclusions else ""
        return {"demanded": True, "present": None}, {"": f"{_UNMANAGED}. The site names {title} for it{handed}"}
    part = record.part("antivirus")
    if part.status == "error":
        return {"demanded": True, "present": None}, {"": part.reason}
    seen = None if part.status == "absent" else _seen(part.value, _directories(record), place, declared.agent, today)
    if seen is None:
        others = texts(part.value.get("others"))
        if others:
            what = f"{', '.join(others)} runs here, which this collection can't judge"
            return {"demanded": True, "present": None}, {"": what}
        return _none(part.reason, declared.agent)
    facts = _Facts({"demanded": True, "present": True}, {})
    said = list(seen.protection)
    if declared.agent and _AGENTS[declared.agent] != seen.title:
        said.append(f"the site names {_AGENTS[declared.agent]} for it, and {seen.title} is what is installed")
    for name in ("running", "watching", "engine"):
        facts.put(name, getattr(seen, name))
    # Of ClamAV it is seen: what was shown some days ago says less.
    if (
        seen.title == DEFENDER
        and isinstance(seen.watching, Unknown)
        and _canary_verdict(_kept(part.value), seen, today) is True
    ):
        facts.put("watching", True)
        said.append("what it watches can't be read from outside; test files showed it")
    blocks = seen.blocks
    facts.put("enforcing", blocks if isinstance(blocks, Unknown) else "blocks" if blocks else "reports")
    facts.put("protection_said", [f"{seen.title}: {sentence}" for sentence in said])
    _signatures(facts, seen, today)
    _canary(facts, seen, _kept(part.value), today)
    _exclusions(facts, seen, place, _kept(part.value))
    for name in ("openings", "harmful", "spots"):
        value = getattr(seen, name)
        facts.put(name, value if isinstance(value, Unknown) else list(value))
    known_spots = [] if isinstance(seen.spots, Unknown) else list(seen.spots)
    facts.put("spots_said", [*known_spots, *seen.spots_said])
    return facts.known, facts.unknown


def _kept(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the last test with test files left on the host."""
    return mapping(value.get("canary"))


def _seen(
    value: Mapping[str, Any],
    directories: Mapping[str, Any] | Unknown,
    place: Place,
    wanted: str | None,
    today: date,
) -> Seen | None:
    """The agent that the site names, else the first that is there."""
    readers = {"clamav": clamav_seen, "defender": defender_seen}
    names = ["defender", "clamav"] if wanted == "defender_linux" else ["clamav", "defender"]
    found = next((name for name in names if isinstance(value.get(name), Mapping)), None)
    return None if found is None else readers[found](value, directories, place, today)


def _directories(record: HostRecord) -> Mapping[str, Any] | Unknown:
    part = record.part("directories")
    if part.status == "absent":
        return {}
    return part.value if part.status == "ok" else Unknown(part.reason)


def _none(reason: str, agent: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    said = [reason, *([f"the site names {_AGENTS[agent]} for it"] if agent else [])]
    facts = {
        "demanded": True,
        "present": False,
        "running": False,
        "watching": False,
        "enforcing": "nothing",
        "protection_said": said,
    }
    return facts, {"": _ELSEWHERE}


def _signatures(facts: _Facts, seen: Seen, today: date) -> None:
    if isinstance(seen.dated, Unknown):
        facts.put("dated", seen.dated)
        facts.put("signatures_said", [])
        return
    day = None if seen.dated is None else day_of(seen.dated)
    facts.put("dated", day is not None)
    facts.known["signature_age"] = None if day is None else (today - day).days
    engine = seen.engine if isinstance(seen.engine, str) else "of an unknown version"
    if day is None:
        facts.put("signatures_said", [f"engine {engine}; its signatures have no date: no daily ones are loaded"])
    else:
        facts.put("signatures_said", [f"engine {engine}; signatures of {day}, {_days((today - day).days)} old"])


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _canary(facts: _Facts, seen: Seen, canary: Mapping[str, Any], today: date) -> None:
    """What test files last showed. It counts no longer than the configuration that it was shown of."""
    facts.put("canary_proven", _canary_verdict(canary, seen, today))
    tried = entries(canary.get("tried"))
    places = [f"{one.get('directory')}: {one.get('seen')}" for one in tried]
    facts.put("canary_said", [f"tried on {canary.get('tried_at')}", *texts(canary.get("findings")), *places])


def _canary_verdict(canary: Mapping[str, Any], seen: Seen, today: date) -> bool | Unknown:
    if not canary:
        return Unknown(f"no test file was ever tried here: {_PROVE}")
    moment = _moment(canary.get("tried_at"))
    if moment is None:
        return Unknown(f"when test files were tried last isn't known: {_PROVE}")
    if seen.changed is not None and seen.changed > moment.timestamp():
        return Unknown(f"the configuration was changed after test files were tried: {_PROVE}")
    age = (today - moment.date()).days
    if not 0 <= age <= CANARY_COUNTS:
        return Unknown(
            f"test files were last tried on {moment.date()}, which counts for {CANARY_COUNTS} days: {_PROVE}"
        )
    if canary.get("proven") is not True:
        return False
    if not any(one.get("place") == "outside" for one in entries(canary.get("tried"))):
        return Unknown(f"test files were tried in no watched directory: {_PROVE}")
    return True


def _exclusions(facts: _Facts, seen: Seen, place: Place, canary: Mapping[str, Any]) -> None:
    if isinstance(seen.in_force, Unknown):
        facts.put("exclusions", seen.in_force)
        return
    proven = {
        str(one.get("directory")): one.get("right") is True
        for one in entries(canary.get("tried"))
        if one.get("place") == "inside"
    }
    host = HostFacts(seen.paths, seen.watched, place.landing, seen.in_force, proven)
    # What keeps it from watching is for AV-01 and AV-08.
    places = {one.place for one in seen.in_force}
    findings = [one for one in lint(seen.in_force, host) if one.rule != "drift" and one.place in places]
    refused = [_sentence(one) for one in findings if one.level == "refuse"]
    warned = [_sentence(one) for one in findings if one.level == "warn"]
    drift = [_sentence(one) for one in lint(place.exclusions, HostFacts(in_force=seen.in_force)) if one.rule == "drift"]
    present = {one.value for one in seen.in_force}
    # ClamAV knows no excluded programs: only a path can be missed.
    missing = [
        f"'{one.value}' of profile {one.profile} isn't excluded: what lies there is scanned at every look"
        for one in place.exclusions
        if one.kind == "path" and one.value not in present
    ]
    facts.put("exclusions", {"refused": refused, "drift": [*drift, *missing], "void": list(seen.void)})
    listed = [f"excluded: {one.value}" for one in seen.in_force]
    facts.put("exclusions_said", [*refused, *seen.void, *drift, *missing, *(f"note: {one}" for one in warned), *listed])


def _sentence(finding: Finding) -> str:
    return f"'{finding.subject}' {finding.problem}. {finding.risk}"


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00")) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
